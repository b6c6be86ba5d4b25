/* Stamp: when a message was sent, and its id: ours, or one made from the client's own name for it,
 * so that sending it again is no other message. Threads: the sender's loop. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_STAMP_H
#define CHAT_STAMP_H

#include "src/chat/chat_loop.h"

/* Sets timestamp_ms and id, which is written to `id`; room, user_id and client_id are set. */
void stamp(struct chat_loop *cl, struct message *m, char id[ID_TEXT_LEN]);

#endif
