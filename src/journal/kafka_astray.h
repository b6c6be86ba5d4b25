/* Kafka astray: the partitions of a feed whose next record is not in the log, says a broker.
 *
 *   astray ──(asked each second where the log begins and ends)
 *     ├── it begins behind that: what was before it has been deleted ──> said, counted, skipped
 *     ├── it is there: the broker had stood still ─────────────────────> read on
 *     └── it ends before that, and still does after some seconds ──────> short: said, not read
 *
 * A log that is short was made anew, or has lost its end: what comes into it has numbers that the
 * store knows already, so nothing of it may be read until the store has been told, as it is when a
 * node starts. Should the log be there again within a minute it had only seemed so; later nobody
 * can tell whether it has merely grown, and it is asked no more.
 *
 * What is skipped is an entry that is `moved`, so that the store's position gets there, too.
 *
 * Threads: that of the feed. */
// SPDX-License-Identifier: MIT
#ifndef JOURNAL_KAFKA_ASTRAY_H
#define JOURNAL_KAFKA_ASTRAY_H

#include "src/journal/kafka_batch.h"

struct kafka_astray {
    struct kafka_batch *batch; /* borrowed, with its parts */
    uint64_t asked_ms;
    void (*on_problem)(void *arg, bool is_lost, const char *line); /* journal_kafka.h */
    void *arg;
};

/* Takes an error of a partition; false: it says something else. */
bool kafka_astray_note(struct kafka_astray *a, rd_kafka_event_t *event, uint64_t now_ms);

/* Asks, if it is time to; blocks for twice wait_ms at most. Only while nothing of the batch is out.
 */
void kafka_astray_look(struct kafka_astray *a, uint64_t now_ms, int wait_ms);

/* One line that begins with the topic's option. */
__attribute__((format(printf, 3, 4))) void kafka_astray_say(const struct kafka_astray *a,
                                                            bool is_lost, const char *format, ...);

#endif
