/* What an append of store_mongo finds, and what becomes of each of its messages: decided here from
 * what is stored, in the order of the batch, so that the writes can go in any order.
 *
 *   init ──> load: messages, rooms and marks that the batch speaks of ──> settle ──> finish
 *
 * Of a message only its latest change is left to be written, and of a reader his greatest mark.
 * Placed messages that are said are not looked up: the insert finds out whether they are there
 * (mongo_append.c). One thread. */
// SPDX-License-Identifier: MIT
#ifndef STORE_MONGO_BATCH_H
#define STORE_MONGO_BATCH_H

#include "src/base/map.h"
#include "src/store/mongo_db.h"

/* A message that the batch speaks of. */
struct mongo_known {
    struct span id;
    bson_t *doc; /* as it is stored; NULL: it is not, or was not looked up */
    struct span room, user_id;
    uint64_t offset, changed;
    int64_t timestamp_ms;
    bool there, deleted;          /* by what comes before in the batch, too */
    bool wanted;                  /* is to be looked up */
    const struct message *said;   /* to be inserted, or NULL */
    const struct message *change; /* to be applied at `changed`, or NULL */
    int64_t edited_ms;            /* by the batch; 0: it is not edited */
};

struct mongo_room {
    struct span name;
    bool there, direct;
    uint64_t newest, taken; /* as stored */
    uint64_t last;          /* by what comes before in the batch, too */
    uint64_t top;           /* the greatest place of the batch; 0: it has none there */
};

/* How far a user has read a room. */
struct mongo_reader {
    struct bytes key;
    struct span room, user_id;
    uint64_t read; /* as stored, or by the batch */
    bool moved;    /* to be written */
};

struct mongo_batch {
    struct message *const *messages;
    size_t count;
    bool placed;
    struct mongo_known *known;
    struct mongo_room *rooms;
    struct mongo_reader *readers;
    size_t known_count, room_count, reader_count, wanted;
    struct map by_id, by_room, by_reader;
};

/* The messages are borrowed. */
void mongo_batch_init(struct mongo_batch *batch, struct message *const *messages, size_t count,
                      const uint64_t secret[2]);
void mongo_batch_finish(struct mongo_batch *batch);

MUST_USE int mongo_batch_load(struct mongo_conn *conn, struct mongo_batch *batch);

/* Sets fate, offset and said of each message. */
void mongo_batch_settle(struct mongo_batch *batch);

/* Finds the top of each room anew, after the fates of placed messages have changed. */
void mongo_batch_reach(struct mongo_batch *batch);

/* Takes what is stored of a message into what is known. */
void mongo_known_read(struct mongo_known *known, const bson_t *doc);

/* Begins the filter {_id: {$in: [...]}}; the caller adds the items to `in`, and ends it. */
bson_t *mongo_in_begin(bson_t *inner, bson_t *in);
void mongo_in_end(bson_t *filter, bson_t *inner, bson_t *in);

#endif
