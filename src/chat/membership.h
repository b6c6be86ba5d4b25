/* Membership: what the store knows of who belongs to a room, so that it outlasts connections: a
 * join makes a user a member, a leave ends it, the end of a connection does not.
 *
 *     join, leave, first message (room's home) ──> waiting ──> store_member_put
 *                                                     └──< again: it failed, or is wanted otherwise
 *
 * Only users whom the handshake or a token has named are noted: other ids last no longer than the
 * connection. A room that was only joined is not in the store, and neither are its members: its
 * first message notes those who are there then (membership_put_all).
 *
 * All of a room goes through its home, in the order in which it happens there; one user has one
 * write for one room, which is under way or waits. At most MEMBERSHIP_WRITES_MAX of a loop are
 * under way. A join that finds MEMBERSHIP_JOINS_MAX waiting, or that fails, is not noted: the next
 * one does it. A leave is tried until it is written; if MEMBERSHIP_WAITING_MAX are waiting
 * already, its client is told so.
 *
 * Threads: the room's home. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_MEMBERSHIP_H
#define CHAT_MEMBERSHIP_H

#include "src/chat/chat_loop.h"

enum {
    MEMBERSHIP_WRITES_MAX = 256,
    MEMBERSHIP_JOINS_MAX = 4096,
    MEMBERSHIP_WAITING_MAX = 16384,
    MEMBERSHIP_RETRY_MS = 1000, /* after a failure */
};

void membership_init(struct chat_loop *home);
/* After the last callback; what still waits is dropped. */
void membership_finish(struct chat_loop *home);

/* False: there is no place for it, which concerns leaves only. */
bool membership_put(struct chat_loop *home, struct person *person, struct span room, bool present);

/* All who are in the room by this node. */
void membership_put_all(struct chat_room *room);

#endif
