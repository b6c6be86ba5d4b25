/* Sound: is a message that another process hands over (a note, a record of the log) one that a
 * client of ours could have said? Peers are believed as little as clients.
 *
 * Pure; any thread. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_SOUND_H
#define CHAT_SOUND_H

#include "src/base/message.h"
#include "src/chat/policy.h"

enum {
    USER_ROOM_PREFIX = 2, /* see direct_room_name */
    ROOM_BYTES_MAX = USER_ROOM_PREFIX + NAME_BYTES_MAX,
};

/* May clients name it; is it one of direct messages? */
bool room_is_of_clients(struct span room);
bool room_is_of_user(struct span room);

/* Are the lengths of its texts, its room, its dialect and what it says as they must be? The JSON
 * values in it are taken to be valid. */
bool message_is_sound(const struct message *m);

#endif
