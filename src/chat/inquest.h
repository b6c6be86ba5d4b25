/* Inquest: who is in a room that nobody of this node is in. The other nodes are asked; once all
 * that are known to live have answered, or INQUEST_MS have passed, whoever wants to know goes on,
 * and finds them in the room's roster.
 *
 * At most INQUESTS_MAX of a loop are under way; who asks beyond that is told of nobody.
 *
 * Threads: the room's home. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_INQUEST_H
#define CHAT_INQUEST_H

#include "src/chat/room.h"

enum { INQUEST_MS = 250, INQUESTS_MAX = 256 };

struct inquest_wait {
    void (*fn)(struct inquest_wait *wait, struct chat_room *room);
    struct inquest_wait *next;
};

/* Calls wait->fn once, with the room of that name or NULL: at once if there is nobody to be asked,
 * or if somebody of this node is in it. */
void inquest_hold(struct chat_loop *home, struct span room, struct inquest_wait *wait);

/* Is one under way there? Then what others say of it is taken in. */
bool inquest_is_held(const struct chat_room *room);

/* A node has told all that it has to tell of the room. */
void inquest_heard(struct chat_room *room);

/* The loops run no more, but for what they are posted: has all that is under way on that loop end.
 * From any thread. */
void inquest_stop(struct chat_loop *home);

#endif
