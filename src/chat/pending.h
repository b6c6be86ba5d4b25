/* Pending: what is under way for a socket and belongs to it: its ways into rooms, and what waits
 * for the id of a user that it names.
 *
 *     loop ──map──> struct pending of a socket ──> joinings, arrivals (join.c, arrive.c)
 *                                              ──> addressings (direct.c), oldest first
 *
 * A socket has one only while something is under way, so those that are idle cost nothing, and
 * thousands that come back at once do not look through each other's.
 *
 * Ownership: what is under way holds the socket. Threads: the socket's loop. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_PENDING_H
#define CHAT_PENDING_H

#include "src/api/rookery.h"
#include "src/base/list.h"

struct chat_loop;
struct addressing;

struct pending {
    const struct rookery_socket *socket;
    struct list joinings;
    unsigned joining_count;
    unsigned entering; /* of those, how many the socket is in the room for already, see join.c */
    unsigned arrivals; /* that wait for the store */
    struct addressing *first, **last;
};

void pending_init(struct chat_loop *cl);
void pending_finish(struct chat_loop *cl);

/* NULL: nothing is under way. */
struct pending *pending_find(const struct chat_loop *cl, const struct rookery_socket *s);

/* Likewise, made if there is none; once there is nothing in it again, let pending_settle free it.
 */
struct pending *pending_get(struct chat_loop *cl, const struct rookery_socket *s);
void pending_settle(struct chat_loop *cl, struct pending *p);

#endif
