/* A batch of store_postgres: what the messages of one append find, and what becomes of them.
 *
 *   collect ──> (what the database has is filled in) ──> decide ──> what is to be written
 *
 * The messages name other messages, rooms and readers; each of those is here once, with what the
 * database had of it, changed by what the batch does in its order.
 *
 * Ownership: spans are the messages', or lie in results that outlive the batch. One thread. */
// SPDX-License-Identifier: MIT
#ifndef STORE_POSTGRES_BATCH_H
#define STORE_POSTGRES_BATCH_H

#include "src/base/map.h"
#include "src/base/message.h"

enum {
    POSTGRES_KEY_BYTES_MAX = 2000
}; /* of an id, a room's name, a user's id: an index holds it */

/* A room that is named. */
struct postgres_room {
    struct span name;
    uint64_t number; /* 0: there is none */
    uint64_t newest;
    bool wanted; /* is made, if it is not there */
    bool direct;
};

/* A message that is named. */
struct postgres_named {
    struct span id;
    bool there;
    bool deleted;
    uint64_t place, changed;
    int64_t timestamp_ms;
    struct span room, user_id;

    const struct message *said;       /* by the batch: to be inserted, */
    const struct postgres_room *home; /* there */
    bool touched;                     /* to be changed, to this: */
    struct span content, raw;
    int64_t edited_ms; /* 0: as it is */
};

/* A user's mark in a room that is named. */
struct postgres_reader {
    const struct postgres_room *room;
    struct span user_id;
    uint64_t read;
    bool changed; /* to be put */
};

struct postgres_batch {
    struct message *const *messages;
    size_t count;
    struct postgres_named *named;
    struct postgres_room *rooms;
    struct postgres_reader *readers;
    size_t named_count, room_count, reader_count;
    bool unplaced; /* it takes the next places of its rooms */
    bool newest;   /* what the rooms' latest is matters */
    struct map by_id, by_name;
};

/* Takes the messages in. False: one of them can never be stored; its fate says so. Ends with finish
 * in each case. */
MUST_USE bool postgres_batch_collect(struct postgres_batch *batch, struct message *const *messages,
                                     size_t count);
void postgres_batch_finish(struct postgres_batch *batch);

/* Settles each message, and what is to be written. */
void postgres_batch_decide(struct postgres_batch *batch);

/* Looks for two new messages at one place; the second can never be stored, and its fate says so. */
bool postgres_batch_collides(struct postgres_batch *batch);

#endif
