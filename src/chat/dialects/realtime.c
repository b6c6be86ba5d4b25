/* Rooms with a history, typing, read marks, edits. Its rows take what no other dialect's fit. */
// SPDX-License-Identifier: MIT
#include "src/chat/dialect_table.h"

#define ROOM                                     \
    {                                            \
        "roomId", FIELD_TEXT, REQUIRED, TO(room) \
    }
#define USER                                 \
    {                                        \
        "userId", FIELD_TEXT, 0, TO(user_id) \
    }
#define MESSAGE_ID                                        \
    {                                                     \
        "messageId", FIELD_TEXT, REQUIRED, TO(message_id) \
    }

static const struct dialect_field room_and_user[] = {ROOM, USER};

static const struct dialect_field send[] = {
    ROOM,
    {"content", FIELD_CONTENT, REQUIRED, TO(content)},
    {"type", FIELD_TEXT, 0, TO(type), .max = TYPE_BYTES_MAX},
};

static const struct dialect_field edit[] = {
    MESSAGE_ID,
    {"content", FIELD_CONTENT, REQUIRED | NOT_BLANK, TO(content)},
};

static const struct dialect_field delete_message[] = {MESSAGE_ID};

static const struct dialect_field read[] = {ROOM, MESSAGE_ID};

static const struct dialect_event events[] = {
    {"join_room", COMMAND_JOIN, FIELDS(room_and_user)},
    {"leave_room", COMMAND_LEAVE, FIELDS(room_and_user)},
    {"send_message", COMMAND_SEND, FIELDS(send)},
    {"edit_message", COMMAND_EDIT, FIELDS(edit)},
    {"delete_message", COMMAND_DELETE, FIELDS(delete_message)},
    {"mark_read", COMMAND_READ, FIELDS(read)},
    {"typing_start", COMMAND_TYPING, FIELDS(room_and_user)},
    {"typing_stop", COMMAND_TYPING_STOP, FIELDS(room_and_user)},
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
    {KEY("editedAt"), AS_TIME, OF_MESSAGE(edited_ms)},
};

static const struct form_field deleted[] = {
    {KEY("roomId"), AS_TEXT, OF_MESSAGE(room)},
    {KEY("messageId"), AS_TEXT, OF_MESSAGE(id)},
};

static const struct form_field joined[] = {
    {KEY("roomId"), AS_TEXT, OF_NOTICE(room)},
    {KEY("userId"), AS_TEXT, OF_NOTICE(who.user_id)},
    {KEY("username"), AS_NAME, OF_NOTICE(who.username)},
    {KEY("timestamp"), AS_SENT_AT_ISO, OF_NOTICE(sent_at)},
};

static const struct form_field left[] = {
    {KEY("roomId"), AS_TEXT, OF_NOTICE(room)},
    {KEY("userId"), AS_TEXT, OF_NOTICE(who.user_id)},
    {KEY("timestamp"), AS_SENT_AT_ISO, OF_NOTICE(sent_at)},
};

static const struct form_field presence[] = {
    {KEY("userId"), AS_TEXT, OF_NOTICE(who.user_id)},
    {KEY("status"), AS_TEXT, OF_NOTICE(status)},
};

static const struct form_field typing[] = {
    {KEY("roomId"), AS_TEXT, OF_NOTICE(room)},
    {KEY("userId"), AS_TEXT, OF_NOTICE(who.user_id)},
    {KEY("username"), AS_NAME, OF_NOTICE(who.username)},
};

static const struct form_field typing_stop[] = {
    {KEY("roomId"), AS_TEXT, OF_NOTICE(room)},
    {KEY("userId"), AS_TEXT, OF_NOTICE(who.user_id)},
};

static const struct form_field message_read[] = {
    {KEY("roomId"), AS_TEXT, OF_NOTICE(room)},
    {KEY("messageId"), AS_TEXT, OF_MESSAGE(id)},
    {KEY("userId"), AS_TEXT, OF_NOTICE(who.user_id)},
};

static const struct refusal_sentence sentences[] = {
    {COMMAND_JOIN, "BUSY", "Failed to join room"},
    {COMMAND_JOIN, "NOT_STORED", "Failed to join room"},
    {COMMAND_JOIN, "HISTORY_UNAVAILABLE", "Failed to join room"},
    {COMMAND_SEND, "NOT_STORED", "Failed to send message"},
};

const struct dialect dialect_realtime = {
    EVENTS(events),
    SENTENCES(sentences),
    .refusal_form = REFUSAL_CODE_AND_MESSAGE,
    .forms =
        {
            [NOTICE_MESSAGE] = {EVENT("message"), FORM_OBJECT, FORM_BUT_LAST(edited)},
            [NOTICE_EDITED] = {EVENT("message_edited"), FORM_OBJECT, FORM(edited)},
            [NOTICE_DELETED] = {EVENT("message_deleted"), FORM_OBJECT, FORM(deleted)},
            [NOTICE_HISTORY] = {EVENT("message_history"), FORM_LIST, FORM_BUT_LAST(edited)},
            [NOTICE_JOINED] = {EVENT("user_joined"), FORM_OBJECT, FORM(joined)},
            [NOTICE_LEFT] = {EVENT("user_left"), FORM_OBJECT, FORM(left)},
            /* Of each other they learn it as presence, offline. */
            [NOTICE_GONE] = {EVENT("user_left"), FORM_OBJECT, FORM(left),
                             1 << DIALECT_REALTIME | 1 << DIALECT_NATIVE},
            [NOTICE_PRESENCE] = {EVENT("presence_update"), FORM_OBJECT, FORM(presence)},
            [NOTICE_TYPING] = {EVENT("typing"), FORM_OBJECT, FORM(typing)},
            [NOTICE_TYPING_STOP] = {EVENT("typing_stop"), FORM_OBJECT, FORM(typing_stop)},
            [NOTICE_READ] = {EVENT("message_read"), FORM_OBJECT, FORM(message_read)},
        },
};
