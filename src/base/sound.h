/* Sound: is a message that somebody else hands over (a note of another node, a record of a log) one
 * that a client of ours could have said? Peers are believed as little as clients. What is not is
 * neither told (chat/following, chat/note) nor stored (persist/persister).
 *
 * The bounds of names, and the numbers of dialects, are here for that reason.
 *
 * Pure; any thread. */
// SPDX-License-Identifier: MIT
#ifndef BASE_SOUND_H
#define BASE_SOUND_H

#include "src/base/message.h"

/* Stored with messages, and the tag of a membership: values never change their meaning. What each
 * of them is: chat/dialect.h. */
enum dialect_id {
    DIALECT_NONE,     /* a plain Socket.IO socket */
    DIALECT_CHATROOM, /* chat:event */
    DIALECT_SCALABLE, /* joinRoom, sendMessage */
    DIALECT_GROUPS,   /* join_room {roomid}, new_msg */
    DIALECT_DIRECT,   /* join {username}, send_message {recipientId} */
    DIALECT_REALTIME, /* join_room {roomId}, send_message {roomId} */
    DIALECT_NATIVE,   /* Rookery's own: REALTIME with offsets, see chat/README.md */
    DIALECT_COUNT
};

enum {
    NAME_BYTES_MAX = 255, /* roomId, userId, username: 1 to that many bytes of UTF-8 */
    TYPE_BYTES_MAX = 64,  /* type */
    ROOM_OWN_MARK = 1, /* first character of the names of rooms that are the chat's own (room.h) */
    USER_ROOM_PREFIX = 2, /* see direct_room_name */
    ROOM_BYTES_MAX = USER_ROOM_PREFIX + NAME_BYTES_MAX,
};

/* May clients name it; is it one of direct messages? */
bool room_is_of_clients(struct span room);
bool room_is_of_user(struct span room);

/* Are the lengths of its texts, its room, its dialect and what it says as they must be? Returns
 * NULL, or what is wrong with it, as a line for people. The JSON values in it are taken to be
 * valid. */
const char *message_fault(const struct message *m);

static inline bool message_is_sound(const struct message *m)
{
    return message_fault(m) == NULL;
}

#endif
