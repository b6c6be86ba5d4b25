/* Membership: what the store knows of who belongs to a room, so that it outlasts connections: a
 * join makes a user a member, a leave ends it, the end of a connection does not.
 *
 *     join, leave ──(nobody waits for it)──> store_member_put
 *
 * Only users whom the handshake or a token has named are noted: other ids last no longer than the
 * connection. At most MEMBERSHIP_WRITES_MAX writes of a loop are under way; what comes then, and
 * what the store refuses, is not noted: the next join does it.
 *
 * Threads: the socket's loop. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_MEMBERSHIP_H
#define CHAT_MEMBERSHIP_H

#include "src/chat/chat_loop.h"

enum { MEMBERSHIP_WRITES_MAX = 256 };

void membership_put(struct chat_loop *cl, struct person *person, struct span room, bool present);

#endif
