/* Sending: a message, an edit or a deletion on its way into a room.
 *
 *   sender's loop ──> home of the room: append ──(durable)──> announce, remember
 *                 ──> sender's loop: answer
 *
 * The home does the appending and the announcing of all that happens in a room, and the journal
 * completes that in the order of its offsets: so every member gets it in that order. Without a
 * journal nothing is kept: the home announces at once, and there are no offsets.
 *
 * Threads: as said. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_SENDING_H
#define CHAT_SENDING_H

#include "src/chat/chat_loop.h"

/* Sends what is in *m, which is copied; m->id, room and action are set. For an edit or a deletion m
 * is the message as it shall be, and now_ms the time of that. Answers reply, and takes it over. */
void sending_begin(struct chat_loop *cl, const struct message *m, int64_t now_ms,
                   struct chat_reply *reply);

/* What the node in a room's `sends` is about. */
const struct message *sending_message(const struct list_node *node);

#endif
