/* Kafka parts: the partitions that a feed is the reader of, and how far it is in each.
 *
 *      not ours ──(assigned)──> ours, from `next` on ──(revoked)──> not ours
 *
 *      stored <= next        what the store has; what has been given
 *
 * Where a partition begins that is assigned: the first time at the position that the store had when
 * the feed was opened. Later another node may have brought more into the store meanwhile, and
 * committed that to the group: then there. A committed offset that is as it was at the beginning
 * says nothing of this store, which may be older than the group. To begin lower than the store has
 * it is always safe.
 *
 * Threads: one; kafka_parts_count and _lag may be read by any. */
// SPDX-License-Identifier: MIT
#ifndef JOURNAL_KAFKA_PARTS_H
#define JOURNAL_KAFKA_PARTS_H

#include <stdatomic.h>

#include "src/journal/kafka_client.h"

struct kafka_part {
    bool ours;
    bool unsure; /* a hole before its next record is looked at a second time */
    bool uncommitted;
    uint64_t astray_ms; /* since when its next record is not in the log; 0: it is */
    bool is_short;      /* for it has fewer: kafka_astray.h */
    uint64_t base;
    uint64_t stored;
    uint64_t next;
    int64_t committed_first; /* by whomever, as it was at our first look; -1: nothing */
};

struct kafka_parts {
    rd_kafka_t *handle;
    const char *topic; /* borrowed */
    unsigned count;
    struct kafka_part *parts;
    int ask_ms;         /* how long the group is asked for what is committed */
    bool has_committed; /* committed_first is known */
    bool paused;        /* nothing is fetched */

    atomic_uint_fast64_t lag, missing;
    atomic_uint ours, shorts;
};

void kafka_parts_init(struct kafka_parts *p, rd_kafka_t *handle, const char *topic, unsigned count,
                      const uint64_t *bases, const uint64_t *positions);
void kafka_parts_finish(struct kafka_parts *p);

/* Takes what an event of the kind RD_KAFKA_EVENT_REBALANCE says, and answers it. */
void kafka_parts_rebalance(struct kafka_parts *p, rd_kafka_event_t *event);

/* A record has come: is it the next one to be given? While paused none is. */
bool kafka_parts_take(struct kafka_parts *p, int32_t partition, int64_t offset);

static inline bool kafka_parts_is_ours(const struct kafka_parts *p, unsigned partition)
{
    return p->parts[partition].ours;
}

/* Fetches a partition once more from its next record on. */
void kafka_parts_begin_again(struct kafka_parts *p, unsigned partition);

void kafka_parts_set_short(struct kafka_parts *p, unsigned partition, bool is_short);

/* All that was given is stored. */
void kafka_parts_stored(struct kafka_parts *p);

/* What is stored and not committed, and ours: it counts as committed from here on. NULL: nothing.
 * For the caller to destroy. */
rd_kafka_topic_partition_list_t *kafka_parts_to_commit(struct kafka_parts *p);

/* That failed: it is to be committed again. */
void kafka_parts_not_committed(struct kafka_parts *p, const rd_kafka_topic_partition_list_t *list);

/* Everything of ours. */
void kafka_parts_pause(struct kafka_parts *p, bool paused);

/* Computes the lag from what librdkafka knows of the ends; with `ask` it asks the brokers, for up
 * to wait_ms each. Returns false if nobody answers. */
bool kafka_parts_measure(struct kafka_parts *p, bool ask, int wait_ms);

#endif
