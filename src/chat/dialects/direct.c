/* From one user to another, without rooms. Its code is not to be had, so it takes the obvious
 * synonyms; ids may be numbers. */
// SPDX-License-Identifier: MIT
#include "src/chat/dialect_table.h"

static const struct dialect_field arrive[] = {
    {"username", FIELD_ID, REQUIRED | NOT_BLANK, TO(username)},
    {"userName", FIELD_ID, SYNONYM},
    {"name", FIELD_ID, SYNONYM},
    {"user", FIELD_ID, SYNONYM},
    {"userId", FIELD_ID, 0, TO(user_id)},
    {"id", FIELD_ID, SYNONYM},
};

static const struct dialect_field arrive_by_name[] = {
    {"username", FIELD_ID, REQUIRED | NOT_BLANK, TO(username)},
};

#define OR(key)                \
    {                          \
        key, FIELD_ID, SYNONYM \
    }
#define RECIPIENT                                                                                 \
    {"recipientId", FIELD_ID, REQUIRED | FITS, TO(recipient)}, OR("recipient"), OR("receiverId"), \
        OR("receiver"), OR("toUserId"), OR("to")

static const struct dialect_field send[] = {
    RECIPIENT,
    {"roomId", FIELD_SIGN, FITS_NOT},
    {"content", FIELD_CONTENT, REQUIRED | NOT_BLANK, TO(content)},
    {"message", FIELD_CONTENT, SYNONYM},
    {"text", FIELD_CONTENT, SYNONYM},
    {"messageType", FIELD_TEXT, 0, TO(type), .max = TYPE_BYTES_MAX},
    {"type", FIELD_TEXT, SYNONYM},
    {"clientId", FIELD_ID, 0, TO(client_id)},
};

static const struct dialect_field read[] = {
    {"messageId", FIELD_ID, REQUIRED | FITS, TO(message_id)},
    {"id", FIELD_ID, SYNONYM},
    {"roomId", FIELD_SIGN, FITS_NOT},
};

static const struct dialect_field typing[] = {
    RECIPIENT,
    {"isTyping", FIELD_BOOL, 0, TO(is_on)},
    {"typing", FIELD_BOOL, SYNONYM},
};

static const struct dialect_event events[] = {
    {"join", COMMAND_ARRIVE, FIELDS(arrive_by_name), PAYLOAD_IS_TEXT},
    {"join", COMMAND_ARRIVE, FIELDS(arrive)},
    {"send_message", COMMAND_SEND_DIRECT, FIELDS(send)},
    {"mark_read", COMMAND_READ_DIRECT, FIELDS(read)},
    {"typing", COMMAND_TYPING_DIRECT, FIELDS(typing)},
};

static const struct form_field connected[] = {
    {KEY("userId"), AS_TEXT, OF_NOTICE(who.user_id)},
    {KEY("username"), AS_NAME, OF_NOTICE(who.username)},
    {KEY("serviceId"), AS_TEXT, OF_NOTICE(service_id)},
    {KEY("onlineUsers"), AS_PEOPLE, OF_NOTICE(people)},
};

static const struct form_field came_or_left[] = {
    {KEY("userId"), AS_TEXT, OF_NOTICE(who.user_id)},
    {KEY("username"), AS_NAME, OF_NOTICE(who.username)},
    {KEY("timestamp"), AS_TIME, OF_NOTICE(wall_ms)},
};

static const struct form_field message[] = {
    {KEY("messageId"), AS_TEXT, OF_MESSAGE(id)},
    {KEY("senderId"), AS_TEXT, OF_MESSAGE(user_id)},
    {KEY("senderUsername"), AS_NAME, OF_MESSAGE(username)},
    {KEY("recipientId"), AS_TEXT, OF_MESSAGE(recipient)},
    {KEY("content"), AS_JSON, OF_MESSAGE(content)},
    {KEY("messageType"), AS_TEXT, OF_MESSAGE(type)},
    {KEY("status"), AS_STATE, OF_MESSAGE(state)},
    {KEY("timestamp"), AS_TIME, OF_MESSAGE(timestamp_ms)},
};

/* Both userId and readBy are who has read it. */
static const struct form_field message_read[] = {
    {KEY("messageId"), AS_TEXT, OF_MESSAGE(id)},
    {KEY("userId"), AS_TEXT, OF_NOTICE(who.user_id)},
    {KEY("readBy"), AS_TEXT, OF_NOTICE(who.user_id)},
    {KEY("timestamp"), AS_TIME, OF_NOTICE(wall_ms)},
};

static const struct form_field is_typing[] = {
    {KEY("userId"), AS_TEXT, OF_NOTICE(who.user_id)},
    {KEY("username"), AS_NAME, OF_NOTICE(who.username)},
    {KEY("isTyping"), AS_BOOL, OF_NOTICE(is_on)},
};

const struct dialect dialect_direct = {
    EVENTS(events),
    .refusal_form = REFUSAL_CODE_AND_MESSAGE,
    .forms =
        {
            [NOTICE_CONNECTED] = {EVENT("connected"), FORM_OBJECT, FORM(connected)},
            [NOTICE_ARRIVED] = {EVENT("user_joined"), FORM_OBJECT, FORM(came_or_left)},
            [NOTICE_DEPARTED] = {EVENT("user_left"), FORM_OBJECT, FORM(came_or_left)},
            [NOTICE_DIRECT] = {EVENT("new_message"), FORM_OBJECT, FORM(message)},
            [NOTICE_DIRECT_READ] = {EVENT("message_read"), FORM_OBJECT, FORM(message_read)},
            [NOTICE_DIRECT_TYPING] = {EVENT("typing"), FORM_OBJECT, FORM(is_typing)},
        },
};
