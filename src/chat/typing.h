/* Typing: who is typing where, which ends by itself when nothing more is heard of it.
 *
 * It is told by the typist's own loop to the members of dialects 4 and native; who types has to be
 * in the room, so that what is kept of him is bounded by his memberships.
 *
 * Threads: the socket's loop. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_TYPING_H
#define CHAT_TYPING_H

#include "src/chat/chat_loop.h"

void typing_init(struct chat_loop *cl);
void typing_finish(struct chat_loop *cl);

/* The socket leaves the room, or (empty) all rooms: the others are told if it was typing. */
void typing_forget(struct chat_loop *cl, struct rookery_socket *s, struct span room);

#endif
