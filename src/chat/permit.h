/* Permit: may this socket give this command now, and as whom?
 *
 * Threads: the socket's loop. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_PERMIT_H
#define CHAT_PERMIT_H

#include "src/chat/chat_loop.h"

/* NULL, or why not. Afterwards the command's user_id and username are those that count, empty where
 * the socket's person does; a join has made that the socket's. */
MUST_USE const struct refusal *permit(struct chat_loop *cl, struct rookery_socket *s,
                                      struct command *c);

/* Who says something by this command. */
struct identity permit_speaker(struct rookery_socket *s, const struct command *c);

#endif
