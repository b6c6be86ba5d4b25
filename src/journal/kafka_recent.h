/* Kafka recent: where in a partition ids were seen first, of its latest records.
 *
 * What is remembered counts for a number of positions, not of entries, so that all nodes that
 * follow a partition agree on what has come again.
 *
 * One thread at a time. */
// SPDX-License-Identifier: MIT
#ifndef JOURNAL_KAFKA_RECENT_H
#define JOURNAL_KAFKA_RECENT_H

#include "src/base/map.h"
#include "src/base/message.h"

/* A record: where it is, and the time that it gives itself. */
struct kafka_spot {
    uint64_t offset;
    int64_t timestamp_ms;
};

struct kafka_recent_entry {
    uint64_t hash; /* 0: a free one */
    struct kafka_spot spot;
};

struct kafka_recent {
    struct map map; /* of entries, by hash */
    struct kafka_recent_entry *ring;
    uint32_t size, next; /* of the ring, in entries; the oldest */
    uint32_t window;     /* positions */
};

void kafka_recent_init(struct kafka_recent *r, uint32_t window, const uint64_t secret[2]);
void kafka_recent_finish(struct kafka_recent *r);

/* Has it been seen at a place before this one, and not too long before? Then *first is where. */
bool kafka_recent_before(const struct kafka_recent *r, uint64_t hash, uint64_t offset,
                         struct kafka_spot *first);

/* Where it was seen, before which position ever. */
bool kafka_recent_find(const struct kafka_recent *r, uint64_t hash, struct kafka_spot *first);

/* Notes where it is; of two places that are near each other the first counts. */
void kafka_recent_note(struct kafka_recent *r, uint64_t hash, const struct kafka_spot *spot);

/* What makes a message the same as another one: id and action, of edits the time, of these and of
 * deletions whose they are too. 0: nothing does, as with marks. */
uint64_t kafka_recent_hash(const uint64_t secret[2], const struct message *m);

#endif
