/* Message: the JSON of the answers that the chat gives (see README.md in this folder). What members
 * of a room are told is in the forms of dialects: dialect.h.
 *
 * All of them append one JSON value and keep nothing. Pure; any thread. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_MESSAGE_H
#define CHAT_MESSAGE_H

#include "protocol/bytes.h"
#include "src/base/message.h"
#include "src/chat/past.h"
#include "src/chat/people.h"
#include "src/chat/policy.h"

/* {"ok":true} */
void message_write_done(struct bytes *out);

/* {"ok":true,"id","offset","timestamp"}; without offset if it has no place */
void message_write_sent(struct bytes *out, const struct message *m, int64_t now_ms);

/* {"ok":true,"roomId"} */
void message_write_room_done(struct bytes *out, struct span room);

/* {"ok":true,"roomId","offset"}, and "gap":{"after","next"} if there is one */
void message_write_resumed(struct bytes *out, const struct past *past);

/* {"ok":true,"roomId","messages":[oldest ... newest],"more"}, with `around` "moreBefore" too */
void message_write_page(struct bytes *out, struct span room, const struct store_history *history);

/* {"ok":true,"messages":[newest ... oldest]}, and "before" if there are more */
void message_write_found(struct bytes *out, const struct store_search *search);

/* {"ok":true,"roomId","messageId"} */
void message_write_read(struct bytes *out, const struct message *m);

/* {"ok":true,"roomId","name"} */
void message_write_room_made(struct bytes *out, struct span room, struct span title);

/* {"ok":true,"roomId","users":[{"userId","username","status"}]} */
void message_write_members(struct bytes *out, const struct chat_people_request *people);

/* {"ok":true,"rooms":[{"roomId","name","createdBy","createdAt","online","unread","offset"}],
 * "more"}; online[i]: sockets in the i-th */
void message_write_rooms(struct bytes *out, const struct store_room_page *page,
                         const uint32_t *online, bool more);

/* {"ok":false,"code","message","retryable"} */
void message_write_refused(struct bytes *out, const struct refusal *r);

/* {"code","message"} */
void message_write_error(struct bytes *out, const struct refusal *r);

#endif
