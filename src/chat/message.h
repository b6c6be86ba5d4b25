/* Message: the JSON of everything that the chat sends (see README.md in this folder).
 *
 * All of them append one JSON value and keep nothing. Pure; any thread. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_MESSAGE_H
#define CHAT_MESSAGE_H

#include "protocol/bytes.h"
#include "src/base/message.h"
#include "src/chat/person.h"
#include "src/chat/policy.h"

/* {"id","roomId","userId","username","content","type","timestamp"} */
void message_write(struct bytes *out, const struct message *m);

/* [newest, ...]: the messages of a page as they are there, each as above. */
void message_write_history(struct bytes *out, const struct message *messages, size_t count);

/* {"roomId","userId","username","timestamp"}; without username if that is empty */
void message_write_presence(struct bytes *out, struct span room, struct identity who,
                            int64_t wall_ms);

/* {"ok":true,"id","offset","timestamp"}; without offset if the message has none */
void message_write_sent(struct bytes *out, const struct message *m);

/* {"ok":true,"roomId"} */
void message_write_room_done(struct bytes *out, struct span room);

/* {"ok":false,"code","message","retryable"} */
void message_write_refused(struct bytes *out, const struct refusal *r);

/* {"code","message"} */
void message_write_error(struct bytes *out, const struct refusal *r);

#endif
