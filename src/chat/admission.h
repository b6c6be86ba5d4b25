/* Admission: who may connect, and who he is then.
 *
 * A token is `auth.token`, or that of an `Authorization: Bearer` field of the handshake. Where
 * tokens are required, one that is valid must be there, and it alone says who the user is. Where
 * the chat is open a token that is not valid is as good as none, since the clients of some dialects
 * send anything. Either way the connection of a token that counts ends when that expires.
 *
 * Who comes back to his session is asked again, unless that is not wanted; comeback.h says what
 * becomes of him.
 *
 * Over sockets_max a client is told `error {code: "SERVER_FULL"}` and disconnected.
 *
 * Threads: the socket's loop; init, add_handlers, finish while none runs. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_ADMISSION_H
#define CHAT_ADMISSION_H

#include "src/chat/chat_loop.h"

void admission_init(struct chat_loop *cl);
void admission_add_handlers(struct chat *chat);
void admission_finish(struct chat_loop *cl);

/* The socket is leaving. */
void admission_end(struct chat_loop *cl, struct rookery_socket *s);

#endif
