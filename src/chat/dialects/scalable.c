/* Messages only: nobody is told who comes and goes, and nobody is told of errors. What was sent is
 * passed on as it is, whatever it lacks. */
// SPDX-License-Identifier: MIT
#include "src/chat/dialect_table.h"

static const struct dialect_field join[] = {
    {"roomId", FIELD_ID, REQUIRED, TO(room)},
};

static const struct dialect_field send[] = {
    {"roomId", FIELD_ID, REQUIRED, TO(room)},      {"userId", FIELD_ID, LENIENT, TO(user_id)},
    {"username", FIELD_ID, LENIENT, TO(username)}, {"text", FIELD_CONTENT, LENIENT, TO(content)},
    {"timestamp", FIELD_TIME, 0, TO(sent_at)},     {"clientId", FIELD_ID, LENIENT, TO(client_id)},
};

static const struct dialect_event events[] = {
    {"joinRoom", COMMAND_JOIN, FIELDS(join), PAYLOAD_IS_TEXT},
    {"sendMessage", COMMAND_SEND, FIELDS(send), CARRIES_RAW},
};

static const struct form_field message[] = {
    {KEY("roomId"), AS_TEXT, OF_MESSAGE(room)},
    {KEY("userId"), AS_TEXT, OF_MESSAGE(user_id)},
    {KEY("username"), AS_NAME, OF_MESSAGE(username)},
    {KEY("text"), AS_JSON, OF_MESSAGE(content)},
    {KEY("timestamp"), AS_SENT_AT, OF_MESSAGE(sent_at)},
};

/* As a document of MongoDB. */
static const struct form_field in_history[] = {
    {KEY("_id"), AS_TEXT, OF_MESSAGE(id)},
    {KEY("roomId"), AS_TEXT, OF_MESSAGE(room)},
    {KEY("userId"), AS_TEXT, OF_MESSAGE(user_id)},
    {KEY("username"), AS_NAME, OF_MESSAGE(username)},
    {KEY("text"), AS_JSON, OF_MESSAGE(content)},
    {KEY("timestamp"), AS_SENT_AT, OF_MESSAGE(sent_at)},
    {KEY("__v"), AS_ZERO, OF_MESSAGE(offset)},
};

const struct dialect_form view_scalable = {.shape = FORM_OBJECT, FORM(in_history)};

const struct dialect dialect_scalable = {
    EVENTS(events),
    .refusal_form = REFUSAL_SILENT,
    .forms =
        {
            [NOTICE_MESSAGE] = {EVENT("receiveMessage"), FORM_RAW_OR_OBJECT, FORM(message)},
        },
};
