/* Kafka batch: the records that a feed has given, or is about to give, as entries.
 *
 *   FETCH event ──(the next one of a partition of ours)──> held: event, record, entry
 *
 * Ownership: events are the batch's from kafka_batch_hold on; entries point into their records and
 * into the batch until it is dropped. One thread. */
// SPDX-License-Identifier: MIT
#ifndef JOURNAL_KAFKA_BATCH_H
#define JOURNAL_KAFKA_BATCH_H

#include "src/journal/journal_value.h"
#include "src/journal/kafka_parts.h"
#include "src/journal/kafka_sender.h"

enum { KAFKA_BATCH_BYTES_MAX = 16 << 20 }; /* of values; one record may exceed it */

struct kafka_held {
    struct feed_entry entry;
    rd_kafka_event_t *event; /* which has the record; NULL: there is none */
    const rd_kafka_message_t *record;
    struct bytes texts; /* those that had to be decoded; mostly empty */
    char id[JOURNAL_VALUE_ID_BYTES];
    bool lost;                  /* its partition is another's by now */
    struct kafka_parcel parcel; /* for who moves it; it is moved once the entry has no id */
};

struct kafka_batch {
    struct kafka_parts *parts; /* borrowed */
    struct kafka_held *held;   /* of max */
    size_t max, count;
    size_t bytes;
    struct bytes scratch;
};

void kafka_batch_init(struct kafka_batch *b, struct kafka_parts *parts);
void kafka_batch_finish(struct kafka_batch *b);

/* For up to max records; an empty batch only, unless it is as large already. */
void kafka_batch_reserve(struct kafka_batch *b, size_t max);

static inline bool kafka_batch_has_room(const struct kafka_batch *b, size_t max)
{
    return b->count < max && b->count < b->max && b->bytes < KAFKA_BATCH_BYTES_MAX;
}

/* Takes the event over if its record is one to be given; there must be room, or the parts paused.
 */
bool kafka_batch_hold(struct kafka_batch *b, rd_kafka_event_t *event);

/* Adds an entry of which there is nothing to store: the partition's next record is that one, since
 * those before it are gone. False: there is no room. */
bool kafka_batch_skip(struct kafka_batch *b, unsigned partition, uint64_t next);

/* What is of partitions that are not ours any more is for their next reader. */
void kafka_batch_drop_lost(struct kafka_batch *b);

/* Makes the entries what they were the first time: the store may have written into them. */
void kafka_batch_read_again(struct kafka_batch *b);

/* Returns how many entries there are. */
size_t kafka_batch_give(struct kafka_batch *b, struct feed_entry **entries);

void kafka_batch_drop(struct kafka_batch *b);

static inline bool kafka_held_is_to_move(const struct kafka_held *h)
{
    return h->entry.moved && !h->lost && h->entry.message.id.len > 0;
}

static inline struct span kafka_held_value(const struct kafka_held *h)
{
    return span_of(h->record->len > 0 ? h->record->payload : "", h->record->len);
}

#endif
