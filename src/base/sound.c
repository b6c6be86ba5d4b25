// SPDX-License-Identifier: MIT
#include "src/base/sound.h"

bool room_is_of_clients(struct span room)
{
    return room.len > 0 && room.len <= NAME_BYTES_MAX && room.data[0] != ROOM_OWN_MARK;
}

bool room_is_of_user(struct span room)
{
    return room.len > USER_ROOM_PREFIX && room.len <= ROOM_BYTES_MAX &&
           room.data[0] == ROOM_OWN_MARK && room.data[1] == '@';
}

static bool is_name(struct span text)
{
    return text.len > 0 && text.len <= NAME_BYTES_MAX;
}

static bool are_texts_in_bounds(const struct message *m)
{
    return is_name(m->id) && is_name(m->user_id) && m->username.len <= NAME_BYTES_MAX &&
           m->type.len <= TYPE_BYTES_MAX && m->client_id.len <= NAME_BYTES_MAX &&
           m->recipient.len <= NAME_BYTES_MAX;
}

/* A direct message is in the room of its recipient. */
static bool is_room_of(const struct message *m)
{
    if (m->recipient.len == 0) {
        return room_is_of_clients(m->room);
    }
    return m->dialect == DIALECT_DIRECT && room_is_of_user(m->room) &&
           span_eq(span_skip(m->room, USER_ROOM_PREFIX), m->recipient);
}

/* What is edited or deleted has a place of its own, and a message has something to say; only of
 * those dialects whose payloads go along as they came is that all there is. */
static bool is_whole(const struct message *m)
{
    bool carries_raw = m->dialect == DIALECT_SCALABLE || m->dialect == DIALECT_GROUPS;
    bool says = m->action == MESSAGE_SAY || m->action == MESSAGE_EDIT;

    return (m->raw.len == 0 || carries_raw) && (m->content.len > 0 || carries_raw || !says);
}

const char *message_fault(const struct message *m)
{
    if (m->dialect <= DIALECT_NONE || m->dialect >= DIALECT_COUNT || m->action > MESSAGE_MARK) {
        return "its dialect or action is none that is known here";
    }
    if (!are_texts_in_bounds(m)) {
        return "its id, user, username, type, client id or recipient is missing or too long";
    }
    if (!is_room_of(m)) {
        return "its room is none that clients can be in";
    }
    return is_whole(m) ? NULL : "what it says is not what its dialect and action have";
}
