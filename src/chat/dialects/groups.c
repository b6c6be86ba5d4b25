/* Users are their names. What was sent is passed on as it is, and nobody is told of errors. */
// SPDX-License-Identifier: MIT
#include "src/chat/dialect_table.h"

static const struct dialect_field join[] = {
    {"roomid", FIELD_ID, REQUIRED | FITS, TO(room)},
    {"username", FIELD_ID, REQUIRED | NOT_BLANK, TO(user_id)},
    {"username", FIELD_ID, REQUIRED | NOT_BLANK, TO(username)},
};

static const struct dialect_field send[] = {
    {"roomid", FIELD_ID, REQUIRED, TO(room)},
    {"sender", FIELD_ID, LENIENT, TO(user_id)},
    {"sender", FIELD_ID, LENIENT, TO(username)},
    {"message", FIELD_CONTENT, LENIENT, TO(content)},
    {"clientId", FIELD_ID, LENIENT, TO(client_id)},
};

static const struct dialect_event events[] = {
    {"join_room", COMMAND_JOIN, FIELDS(join)},
    {"new_msg", COMMAND_SEND, FIELDS(send), CARRIES_RAW},
};

static const struct form_field message[] = {
    {KEY("message"), AS_JSON, OF_MESSAGE(content)},
    {KEY("roomid"), AS_TEXT, OF_MESSAGE(room)},
    {KEY("sender"), AS_NAME, OF_MESSAGE(username)},
};

const struct dialect dialect_groups = {
    EVENTS(events),
    .refusal_form = REFUSAL_SILENT,
    .forms =
        {
            [NOTICE_MESSAGE] = {EVENT("msg_rcvd"), FORM_RAW_OR_OBJECT, FORM(message)},
            [NOTICE_LEFT] = {EVENT("user_left"), FORM_NAME},
            [NOTICE_GONE] = {EVENT("user_left"), FORM_NAME},
            [NOTICE_PEOPLE] = {EVENT("update_online_users"), FORM_NAMES},
        },
};
