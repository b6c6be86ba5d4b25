/* Beside: what the journal's broker is told beside the messages, for consumers of its own (the
 * topics of dialect 3's system):
 *
 *   presence   {"userId", "username", "status": "online" | "offline", "serviceId", "timestamp"}
 *              for each user of dialect 3 who has come or gone, by the node of his socket
 *   push       {"messageId", "recipientId", "senderId", "senderUsername", "content",
 *              "messageType", "timestamp"}
 *              for each direct message to somebody who is not there, by the node that it was
 *              said at
 *
 * Keys are the user's id, so what is told of one comes in its order. Best effort: see journal.h.
 * Who is there is what this node knows (crew.h).
 *
 * Threads: as said with each. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_BESIDE_H
#define CHAT_BESIDE_H

#include "src/chat/room.h"

/* A user has come to the lobby or has gone from it. On its home. */
void beside_presence(struct chat_room *lobby, bool is_here, const struct roster_member *who);

/* A direct message was said here and is durable. On the home of its room. */
void beside_push(struct chat_loop *cl, struct record *r);

#endif
