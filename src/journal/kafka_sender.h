/* Kafka sender: records that a feed sends, and waits for: what it moves to another partition, and
 * what it rejects. Seldom, so without a thread or a queue of its own.
 *
 *     kafka_sender_add(&s, &parcel) ... kafka_sender_wait(&s) ──> parcel.error, of each
 *
 * Acknowledged by all in-sync replicas. One thread. */
// SPDX-License-Identifier: MIT
#ifndef JOURNAL_KAFKA_SENDER_H
#define JOURNAL_KAFKA_SENDER_H

#include "src/journal/kafka_client.h"

struct kafka_sender {
    struct kafka_client client;
    size_t under_way;
};

/* One record. Must live until kafka_sender_wait; what it points to is copied. */
struct kafka_parcel {
    const char *topic;
    int32_t partition; /* RD_KAFKA_PARTITION_UA: by the key */
    struct span key;   /* data NULL: none */
    struct span value;
    rd_kafka_headers_t *headers; /* taken over; or NULL */

    rd_kafka_resp_err_t error; /* of its delivery */
};

/* Returns 0, or -1 and one line in *why. Does not connect. */
MUST_USE int kafka_sender_open(struct kafka_sender *s, const struct journal_kafka_options *options,
                               struct bytes *why);

void kafka_sender_add(struct kafka_sender *s, struct kafka_parcel *parcel);

/* Until each is delivered or has failed, which takes no longer than the options' timeout_ms. */
void kafka_sender_wait(struct kafka_sender *s);

/* Harmless on a zeroed one. */
void kafka_sender_close(struct kafka_sender *s);

#endif
