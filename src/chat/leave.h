/* Leave: the way of a socket out of a room, by an event or with its connection.
 *
 *   socket's loop: out of the Socket.IO room ──> home: out of the roster, announced
 *                  ──> socket's loop: answer
 *
 * Threads: as said with each. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_LEAVE_H
#define CHAT_LEAVE_H

#include "src/chat/chat_loop.h"

/* On the socket's loop. kind: NOTICE_LEFT, NOTICE_GONE, or NOTICE_COUNT: nobody is told. reply is
 * taken over, and answered when the room's home has done it; with one, the user's membership ends,
 * too. It may be NULL. */
void leave_begin(struct chat_loop *cl, struct rookery_socket *s, struct span room,
                 enum notice_kind kind, struct span sent_at, struct chat_reply *reply);

/* On the room's home: takes the socket, of whichever node, out of the roster and tells the others.
 */
void leave_room(struct chat_room *room, const char *socket_id, enum notice_kind kind,
                struct span sent_at);

/* On the socket's loop: it is gone from all rooms, those too that it was about to join. */
void leave_all(struct chat_loop *cl, struct rookery_socket *s, bool tell);

#endif
