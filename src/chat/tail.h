/* Tail: the newest part of a room's log, in memory, so that who joins a room in which people talk
 * needs no read from the store.
 *
 *     ... 90  91 | 92  93  94  95 |        records by their places: all that there are
 *          store | tail           | next
 *
 * Where the store gives the places they are without a gap, and what does not follow the newest
 * record shows that the room was changed behind our back. Those of a journal's log have holes
 * (`sparse`); there whoever follows the log sees to it that nothing is left out.
 *
 * An edit is a record of the whole message as it is from then on; a deletion one without content.
 *
 * Ownership: a tail holds its records. Threads: the room's home loop only. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_TAIL_H
#define CHAT_TAIL_H

#include <stdbool.h>

#include "src/chat/record.h"

enum { TAIL_RECORDS_MAX = 128 };

struct tail {
    struct record **records; /* a ring of cap, a power of two; oldest at `first` */
    uint32_t first, count, cap;
    uint32_t changes; /* of the records, those that are edits or deletions */
    size_t bytes;     /* of the records */
    uint64_t pushed;  /* records ever, also those that are gone */
    uint64_t newest;  /* place of the last of them; 0: none */
    uint64_t floor;   /* all that happened after that place is in it, while it is not empty */
};

/* Adds what has happened last in the room, and holds it. What does not follow the newest record of
 * a room whose places are not sparse makes the tail begin anew. The oldest goes when it is full. */
void tail_push(struct tail *t, struct record *r, bool sparse);

/* Has it everything that happened after that place? */
bool tail_covers(const struct tail *t, uint64_t after);

/* All records after that place, oldest first: an array to be freed whose records are held. */
struct record **tail_after(const struct tail *t, uint64_t after, size_t *count);

/* The last `count` records, of which it must have as many; likewise. */
struct record **tail_last(const struct tail *t, size_t count);

/* The newest messages as they are now, newest first, without those deleted: at most max, and no
 * further ones once they hold bytes_max. False if that takes older records than it has. */
bool tail_history(const struct tail *t, size_t max, size_t bytes_max, struct record ***records,
                  size_t *count);

/* Takes NULL. */
void records_release(struct record **records, size_t count);

/* Forgets the records, but not how many there were. */
void tail_clear(struct tail *t);

#endif
