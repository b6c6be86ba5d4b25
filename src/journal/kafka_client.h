/* Kafka client: what the journal and the feed share: one handle of librdkafka with its main queue,
 * opened from struct journal_kafka_options, and the topics that both need.
 *
 *   options ──> kafka_client_open ──> handle, main queue: errors, log lines, delivery reports
 *                      └──> kafka_topic_prepare ──> is there, or made ──> partitions
 *
 * All that librdkafka says comes as events on the main queue (enabled: delivery reports, errors,
 * log lines); nothing is printed by it, and no callback of it runs but those that the owner of a
 * queue enables himself.
 *
 * Source: librdkafka's CONFIGURATION.md; Kafka's DefaultPartitioner (murmur2) for the partition.
 *
 * Threads: opening blocks, on any thread; then whatever librdkafka allows. */
// SPDX-License-Identifier: MIT
#ifndef JOURNAL_KAFKA_CLIENT_H
#define JOURNAL_KAFKA_CLIENT_H

#include <librdkafka/rdkafka.h>

#include "protocol/bytes.h"
#include "src/journal/journal_kafka.h"

enum {
    KAFKA_TIMEOUT_MS = 5000, /* where journal_kafka_options says 0 */
    KAFKA_AWAY_MS = 3000,
    KAFKA_PARTITIONS = 10,
    KAFKA_LINE_MAX = 512, /* bytes of what librdkafka says, with its NUL */
    KAFKA_LINGER_MAX = 12,
};

struct kafka_client {
    rd_kafka_t *handle;
    rd_kafka_queue_t *main;
};

/* A setting of librdkafka's that the owner's correctness rests on: stronger than those of
 * journal_kafka_options.settings; if it yields, weaker. */
struct kafka_setting {
    const char *name, *value;
    bool yields;
};

/* Opens a producer or a consumer; settings end with {NULL, NULL}. Does not connect. Returns 0, or
 * -1 and one line in *why that names the option. */
MUST_USE int kafka_client_open(struct kafka_client *c, rd_kafka_type_t type,
                               const struct journal_kafka_options *options,
                               const struct kafka_setting *settings, struct bytes *why);

/* The linger.ms with which no message waits for longer than linger_ms. librdkafka sleeps for whole
 * milliseconds, counted anew from each time that it is woken, so it is told one less: it waits up
 * to one longer than told. */
void kafka_linger_write(char text[KAFKA_LINGER_MAX], unsigned linger_ms);

/* Destroys the handle; waits for its threads. Harmless on a zeroed one. */
void kafka_client_close(struct kafka_client *c);

/* Sees that the topic is there, makes it where the options allow that, and returns how many
 * partitions it has, or -1 and one line in *why. Of a consumer's handle only: a producer's would
 * make brokers create it by themselves. Reads the main queue meanwhile for what is wrong. Blocks,
 * for the options' timeout_ms and, with a topic to be made, some seconds more. */
MUST_USE int kafka_topic_prepare(struct kafka_client *c,
                                 const struct journal_kafka_options *options, const char *topic,
                                 struct bytes *why);

/* Gives each partition of the list the offset where it begins (RD_KAFKA_OFFSET_BEGINNING) or ends
 * (RD_KAFKA_OFFSET_END); blocks for wait_ms at most. rd_kafka_query_watermark_offsets does not keep
 * such a limit (until librdkafka 2.12, its change 5201). Returns the first error, or none. */
rd_kafka_resp_err_t kafka_offsets_ask(rd_kafka_t *handle, rd_kafka_topic_partition_list_t *list,
                                      int64_t which, int wait_ms);

/* Asks where a partition of the topic of messages begins and ends. Returns 0, or -1 and one line in
 * *why. Blocks. */
MUST_USE int kafka_topic_watermarks(struct kafka_client *c,
                                    const struct journal_kafka_options *options, unsigned partition,
                                    int64_t *low, int64_t *high, struct bytes *why);

/* Both for the topic of messages: returns how many partitions it has, and where each begins (NULL:
 * nobody asks) and ends. */
MUST_USE int kafka_topic_ends(struct kafka_client *c, const struct journal_kafka_options *options,
                              uint64_t *begins, uint64_t ends[JOURNAL_KAFKA_PARTITIONS_MAX],
                              struct bytes *why);

/* The partition of a room, as Java's and kafkajs' clients choose it for that key. */
unsigned kafka_partition_of(struct span room, unsigned partitions);

/* What librdkafka says that somebody should read: false for events of other kinds and for lines
 * below a warning. Writes a NUL-terminated line without line ends. */
bool kafka_event_line(rd_kafka_event_t *event, char line[KAFKA_LINE_MAX]);

static inline unsigned kafka_timeout_ms(const struct journal_kafka_options *options)
{
    return options->timeout_ms != 0 ? options->timeout_ms : KAFKA_TIMEOUT_MS;
}

#endif
