/* One event for everything, told apart by its eventType. User names are user ids, and times are
 * those of the sender. */
// SPDX-License-Identifier: MIT
#include "src/chat/dialect_table.h"

static const struct dialect_field join[] = {
    {"eventType", FIELD_SIGN, FITS, .one_of = "join"},
    {"userId", FIELD_ID, REQUIRED, TO(user_id)},
    {"userId", FIELD_ID, 0, TO(username)},
    {"chatRoomId", FIELD_ID, REQUIRED, TO(room)},
    {"timestamp", FIELD_TIME, 0, TO(sent_at)},
};

static const struct dialect_field leave[] = {
    {"eventType", FIELD_SIGN, FITS, .one_of = "leave"},
    {"userId", FIELD_ID, REQUIRED, TO(user_id)},
    {"chatRoomId", FIELD_ID, REQUIRED, TO(room)},
    {"timestamp", FIELD_TIME, 0, TO(sent_at)},
};

static const struct dialect_field send[] = {
    {"eventType", FIELD_SIGN, FITS, .one_of = "message"},
    {"userId", FIELD_ID, REQUIRED, TO(user_id)},
    {"userId", FIELD_ID, 0, TO(username)},
    {"chatRoomId", FIELD_ID, REQUIRED, TO(room)},
    {"message", FIELD_CONTENT, REQUIRED | NOT_BLANK, TO(content)},
    {"timestamp", FIELD_TIME, 0, TO(sent_at)},
    {"clientId", FIELD_ID, LENIENT, TO(client_id)},
};

static const struct dialect_event events[] = {
    {"chat:event", COMMAND_JOIN, FIELDS(join)},
    {"chat:event", COMMAND_LEAVE, FIELDS(leave)},
    {"chat:event", COMMAND_SEND, FIELDS(send)},
    {"chat:event", COMMAND_IGNORE},
};

static const struct form_field message[] = {
    {KEY("userId"), AS_TEXT, OF_MESSAGE(user_id)},
    {KEY("chatRoomId"), AS_TEXT, OF_MESSAGE(room)},
    {KEY("message"), AS_JSON, OF_MESSAGE(content)},
    {KEY("timestamp"), AS_SENT_AT, OF_MESSAGE(sent_at)},
};

static const struct form_field came_or_left[] = {
    {KEY("userId"), AS_TEXT, OF_NOTICE(who.user_id)},
    {KEY("chatRoomId"), AS_TEXT, OF_NOTICE(room)},
    {KEY("timestamp"), AS_SENT_AT, OF_NOTICE(sent_at)},
};

static const struct form_field gone[] = {
    {KEY("userId"), AS_TEXT, OF_NOTICE(who.user_id)},
    {KEY("chatRoomId"), AS_TEXT, OF_NOTICE(room)},
};

static const struct form_field people[] = {
    {KEY("chatRoomId"), AS_TEXT, OF_NOTICE(room)},
    {KEY("users"), AS_IDS, OF_NOTICE(people)},
};

static const struct form_field in_history[] = {
    {KEY("userId"), AS_TEXT, OF_MESSAGE(user_id)},
    {KEY("message"), AS_JSON, OF_MESSAGE(content)},
    {KEY("timestamp"), AS_SENT_AT, OF_MESSAGE(sent_at)},
};

const struct dialect_form view_chatroom = {.shape = FORM_OBJECT, FORM(in_history)};

static const struct refusal_sentence sentences[] = {
    {COMMAND_JOIN, "INVALID_PAYLOAD", "Missing userId or chatRoomId"},
    {COMMAND_LEAVE, "INVALID_PAYLOAD", "Missing userId or chatRoomId"},
    {COMMAND_SEND, "INVALID_PAYLOAD", "Invalid message payload"},
    {COMMAND_SEND, "MESSAGE_TOO_LONG", "Invalid message payload"},
    {COMMAND_SEND, NULL, "Failed to send message"},
};

const struct dialect dialect_chatroom = {
    EVENTS(events),
    SENTENCES(sentences),
    .refusal_form = REFUSAL_MESSAGE,
    .forms =
        {
            [NOTICE_MESSAGE] = {EVENT("chat:message"), FORM_OBJECT, FORM(message)},
            [NOTICE_JOINED] = {EVENT("user:joined"), FORM_OBJECT, FORM(came_or_left)},
            [NOTICE_LEFT] = {EVENT("user:left"), FORM_OBJECT, FORM(came_or_left)},
            [NOTICE_GONE] = {EVENT("user:left"), FORM_OBJECT, FORM(gone)},
            [NOTICE_PEOPLE] = {EVENT("room:active-users"), FORM_OBJECT, FORM(people)},
        },
};
