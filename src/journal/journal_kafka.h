/* The journal in Kafka: what it is told at the start. librdkafka's callbacks and queues are served
 * on the executor of journal_options.
 *
 *     open ──> journal_kafka_ends ──(store_adopt)──> journal_kafka_begin ──> append, listen ...
 *
 *   append ──> producer, partition = murmur2(room) as Java's and kafkajs' ──(acks=all)──> on_done
 *   a consumer of all partitions, without a group, from their ends on ──> listener
 *
 * A record's key is its room, its value the superset of journal/journal_value.h. */
// SPDX-License-Identifier: MIT
#ifndef JOURNAL_JOURNAL_KAFKA_H
#define JOURNAL_JOURNAL_KAFKA_H

#include "src/journal/feed.h"
#include "src/journal/journal.h"

enum { JOURNAL_KAFKA_PARTITIONS_MAX = 256 };

/* All texts are copied by open. */
struct journal_kafka_options {
    const char *brokers;        /* "host:port, ..." */
    const char *topic;          /* "chat-messages" */
    const char *presence_topic; /* "user-presence"; NULL or "": nobody is told */
    const char *push_topic;     /* "push-notifications"; likewise */
    const char *reject_topic;   /* "chat-messages-dlq" */
    const char *group;          /* of the feed: "rookery-persister" */
    const char *client_id;      /* of this node */
    bool create;                /* topics that are missing, as the next three say */
    unsigned partitions;        /* 0: 10 */
    unsigned replicas;          /* 0: as many as the broker makes by itself */
    unsigned min_in_sync;       /* 0: likewise */
    unsigned linger_ms;         /* a batch waits that long for more, at most */
    unsigned timeout_ms;        /* a message that is not acknowledged for so long fails; 0: 5000 */
    unsigned away_ms; /* no answer for so long: appends are refused, but for probes; 0: 3000 */
    const char *compression; /* "none", "gzip", "snappy", "lz4", "zstd"; NULL: none */
    const char *settings;    /* librdkafka's own, "name=value, ..."; NULL: none: for SASL and TLS */
    /* Told one line when the log is not what the store has seen of it. is_lost: nothing more is
     * read of a partition, until somebody does something. On the thread that polls. May be NULL. */
    void (*on_problem)(void *arg, bool is_lost, const char *line);
    void *on_problem_arg;
};

/* How many partitions the topic has, and how many records each has had. Any thread. */
unsigned journal_kafka_ends(const struct journal *journal,
                            uint64_t ends[JOURNAL_KAFKA_PARTITIONS_MAX]);

/* The same without a journal, for who only reads the feed; makes the topic, if it may. Returns how
 * many partitions, or -1 and one line in *why. Any thread; blocks. */
MUST_USE int journal_kafka_look(const struct journal_kafka_options *options,
                                uint64_t ends[JOURNAL_KAFKA_PARTITIONS_MAX], struct bytes *why);

/* Where the places of each partition begin: the place of its record n is bases[n's] + n + 1. Before
 * the executor runs; without it appends are refused and nothing is followed. */
void journal_kafka_begin(struct journal *journal, const uint64_t *bases);

/* The feed of that topic. bases and positions: those of struct store_log, one for each partition;
 * copied. Returns NULL and one line in *why. Any thread; blocks. */
struct feed *feed_kafka_open(const struct journal_kafka_options *options, unsigned partitions,
                             const uint64_t *bases, const uint64_t *positions, struct bytes *why);

#endif
