/* Direct: the one-to-one messages of dialect 3.
 *
 * Its sockets are in rooms of the chat's own, whose names clients cannot give: all of them in the
 * lobby, where comings and goings are announced, and each in the room of its user, to which what
 * is sent to him goes. So a direct message has a home, an order and a place in the journal like any
 * other; and who comes back gets what he missed as who joins a room does (join.c).
 *
 *     sent ──(a socket of the recipient is here, or joins)──> delivered ──(mark_read)──> read
 *
 * Users are known by their id, and in an open chat by their name as well: then they are in a room
 * of each. Where tokens are required a name is looked up among the registered users.
 *
 * Threads: as said with each. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_DIRECT_H
#define CHAT_DIRECT_H

#include "src/chat/chat_loop.h"

#define DIRECT_LOBBY SPAN("\x01lobby")

/* A socket has entered a room: if that is the lobby, it goes on into its user's. On its loop. */
void direct_entered(struct chat_loop *cl, struct rookery_socket *s, struct span room);

/* The message is durable: gives it to the sockets of its recipient and its sender. On the home of
 * the recipient's room; sets m->state. */
void direct_deliver(struct chat_room *room, struct message *m);

/* The message is told to its recipient just now; m->state is set and kept. On any loop. */
void direct_delivered(struct chat_loop *cl, struct message *m);

#endif
