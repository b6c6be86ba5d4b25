// SPDX-License-Identifier: MIT
#include "src/chat/sound.h"

#include "src/chat/dialect.h"

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

bool message_is_sound(const struct message *m)
{
    return m->dialect > DIALECT_NONE && m->dialect < DIALECT_COUNT && m->action <= MESSAGE_MARK &&
           are_texts_in_bounds(m) && is_room_of(m) && is_whole(m);
}
