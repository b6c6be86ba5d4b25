/* What Rookery's own page speaks: the events of realtime.c, with offsets, and more. */
// SPDX-License-Identifier: MIT
#include "src/chat/dialect_table.h"

enum { PAGE_MESSAGES = 50, FOUND_MESSAGES = 20 };

static const struct dialect_field join[] = {
    {"roomId", FIELD_TEXT, REQUIRED | FITS, TO(room)},
    {"after", FIELD_OFFSET, FITS, TO_OFFSET(after)},
    {"userId", FIELD_TEXT, 0, TO(user_id)},
};

static const struct dialect_field send[] = {
    {"roomId", FIELD_TEXT, REQUIRED | FITS, TO(room)},
    {"content", FIELD_CONTENT, REQUIRED | NOT_BLANK, TO(content)},
    {"type", FIELD_TEXT, 0, TO(type), .max = TYPE_BYTES_MAX},
    {"clientId", FIELD_TEXT, FITS, TO(client_id)},
};

static const struct dialect_field set_presence[] = {
    {"status", FIELD_TEXT, REQUIRED, TO(status), .one_of = "online|away"},
};

static const struct dialect_field history[] = {
    {"roomId", FIELD_TEXT, REQUIRED, TO(room)},
    {"before", FIELD_OFFSET, 0, TO_OFFSET(before)},
    {"after", FIELD_OFFSET, 0, TO_OFFSET(after)},
    {"around", FIELD_OFFSET, 0, TO_OFFSET(around)},
    {"limit", FIELD_COUNT, 0, TO(limit), .max = HISTORY_MESSAGES_MAX, .otherwise = PAGE_MESSAGES},
};

static const struct dialect_field search[] = {
    {"query", FIELD_TEXT, REQUIRED, TO(query)},
    {"roomId", FIELD_TEXT, 0, TO(room)},
    {"before", FIELD_OFFSET_IN_TEXT, 0, TO_OFFSET(before)},
    {"limit", FIELD_COUNT, 0, TO(limit), .max = HISTORY_MESSAGES_MAX, .otherwise = FOUND_MESSAGES},
};

static const struct dialect_field list_rooms[] = {
    {"after", FIELD_TEXT, FITS, TO(name)},
};

static const struct dialect_field create_room[] = {
    {"roomId", FIELD_TEXT, 0, TO(room)},
    {"name", FIELD_TEXT, REQUIRED | NOT_BLANK, TO(name)},
};

static const struct dialect_field room[] = {
    {"roomId", FIELD_TEXT, REQUIRED, TO(room)},
};

static const struct dialect_event events[] = {
    {"join_room", COMMAND_JOIN, FIELDS(join)},
    {"send_message", COMMAND_SEND, FIELDS(send)},
    {"set_presence", COMMAND_PRESENCE, FIELDS(set_presence)},
    {"history", COMMAND_HISTORY, FIELDS(history)},
    {"search", COMMAND_SEARCH, FIELDS(search)},
    {"list_rooms", COMMAND_LIST_ROOMS, FIELDS(list_rooms)},
    {"list_rooms", COMMAND_LIST_ROOMS},
    {"create_room", COMMAND_CREATE_ROOM, FIELDS(create_room)},
    {"room_members", COMMAND_MEMBERS, FIELDS(room)},
};

/* A message, and last what message_edited has besides. */
static const struct form_field edited[] = {
    {KEY("id"), AS_TEXT, OF_MESSAGE(id)},
    {KEY("roomId"), AS_TEXT, OF_MESSAGE(room)},
    {KEY("userId"), AS_TEXT, OF_MESSAGE(user_id)},
    {KEY("username"), AS_NAME, OF_MESSAGE(username)},
    {KEY("content"), AS_JSON, OF_MESSAGE(content)},
    {KEY("type"), AS_TEXT, OF_MESSAGE(type)},
    {KEY("timestamp"), AS_SENT_AT_ISO, OF_MESSAGE(sent_at)},
    {KEY("offset"), AS_NUMBER_IF_ANY, OF_MESSAGE(offset)},
    {KEY("editedAt"), AS_TIME_IF_ANY, OF_MESSAGE(edited_ms)},
    {KEY("clientId"), AS_TEXT_IF_ANY, OF_MESSAGE(client_id)},
    {KEY("changed"), AS_NUMBER_IF_ANY, OF_MESSAGE(changed)},
};

static const struct form_field deleted[] = {
    {KEY("roomId"), AS_TEXT, OF_MESSAGE(room)},
    {KEY("messageId"), AS_TEXT, OF_MESSAGE(id)},
    {KEY("changed"), AS_NUMBER_IF_ANY, OF_MESSAGE(changed)},
};

static const struct form_field presence[] = {
    {KEY("roomId"), AS_TEXT, OF_NOTICE(room)},
    {KEY("userId"), AS_TEXT, OF_NOTICE(who.user_id)},
    {KEY("status"), AS_TEXT, OF_NOTICE(status)},
};

static const struct form_field message_read[] = {
    {KEY("roomId"), AS_TEXT, OF_NOTICE(room)},
    {KEY("messageId"), AS_TEXT, OF_MESSAGE(id)},
    {KEY("userId"), AS_TEXT, OF_NOTICE(who.user_id)},
    {KEY("offset"), AS_NUMBER, OF_MESSAGE(offset)},
};

const struct dialect_form view_native = {.shape = FORM_OBJECT, FORM_BUT_LAST(edited)};

const struct dialect dialect_native = {
    EVENTS(events),
    .like = &dialect_realtime,
    .refusal_form = REFUSAL_CODE_AND_MESSAGE,
    .forms =
        {
            [NOTICE_MESSAGE] = {EVENT("message"), FORM_OBJECT, FORM_BUT_LAST(edited)},
            [NOTICE_EDITED] = {EVENT("message_edited"), FORM_OBJECT, FORM(edited)},
            [NOTICE_DELETED] = {EVENT("message_deleted"), FORM_OBJECT, FORM(deleted)},
            [NOTICE_HISTORY] = {.shape = FORM_UNTOLD}, /* he gets what he missed, as messages */
            [NOTICE_PRESENCE] = {EVENT("presence_update"), FORM_OBJECT, FORM(presence)},
            [NOTICE_READ] = {EVENT("message_read"), FORM_OBJECT, FORM(message_read)},
        },
};
