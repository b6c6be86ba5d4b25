/* Sending: a message, an edit or a deletion on its way into a room.
 *
 *   sender's loop ──> home of the room: append ──(durable)──> announce, remember
 *                 ──> sender's loop: answer
 *
 * The home does the appending and the announcing of all that happens in a room, and the journal
 * completes that in the order of its offsets: so every member gets it in that order. Without a
 * journal nothing is kept: the home announces at once, and there are no offsets.
 *
 * What another node of the cluster says (remote.h) goes the same way, but for the sender: unless
 * all nodes have one store it is appended here too, so that this node's history has it, and told to
 * the members on this node. What comes twice is told once, by its id.
 *
 * With a journal that follows its log (journal.h) an append is answered as soon as it is durable,
 * and told then only if it is the next of the log; else following.h tells it.
 *
 * A message to which its client has given an id is looked up in what all nodes know (dedup.h)
 * before it goes into a journal that does not know what is stored. What is sent to the room
 * meanwhile waits behind it, so that the order stays that of the home.
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

/* Takes in what another node says, which is copied; likewise. */
void sending_receive(struct chat_loop *cl, const struct message *m, int64_t now_ms);

/* Runs fn(wait) once all that is on its way into the room by now has been stored or refused: at
 * once if nothing is (room may be NULL then). On the room's home. */
struct sending_wait {
    void (*fn)(struct sending_wait *wait);
    struct sending_wait *next;
};
void sending_after(struct chat_room *room, struct sending_wait *wait);

/* What the node in a room's `sends` is about. */
const struct message *sending_message(const struct list_node *node);

#endif
