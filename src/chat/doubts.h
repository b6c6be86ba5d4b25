/* Doubts: messages of a room whose append has failed, and which may be stored nevertheless. Nobody
 * was told of them; who repeats one and hears that it was there already makes up for that.
 *
 * The latest DOUBTS_MAX of a room are known. Ownership: it holds the records; a zeroed pointer is
 * an empty one. Threads: the room's home loop. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_DOUBTS_H
#define CHAT_DOUBTS_H

#include "src/chat/record.h"

enum { DOUBTS_MAX = 16 };

struct doubts {
    struct record *records[DOUBTS_MAX]; /* NULL: free */
    unsigned next;                      /* where the next goes */
};

void doubts_add(struct doubts **doubts, struct record *r);

/* Takes out what has that message's id and action: a record to be released, or NULL. */
struct record *doubts_take(struct doubts *doubts, const struct message *m);

/* Frees them. */
void doubts_finish(struct doubts **doubts);

#endif
