/* Templates: what an application's clients say to join a room and to send a message, and which
 * event brings a message back; so that one generator fits any Socket.IO application.
 *
 *   key         meaning                                                        chat's value
 *   nsp         namespace ("" is /)
 *   auth        payload of the CONNECT packet, JSON ("" none)
 *   join        event that joins ("" the application has no joining)           join_room
 *   join_args   its arguments, JSON, comma separated {"roomId":"{room}","userId":"{user}"}
 *   join_reply  what confirms it: "ack", an event's name, or "" nothing        ack
 *   send        event that sends                                               send_message
 *   send_args   its arguments               {"roomId":"{room}","content":"{text}","type":"text"}
 *   deliver     event that brings the message to its receivers                 message
 *   to          who receives one: room (sender included), others, nobody       room
 *
 * Arguments may hold {room} {room_hex} (24 digits) {user} {peer} (the next member of the room)
 * {text} {seq} {random} (1 to 1,000,000) {now} (ISO 8601). Every other brace stands for itself.
 * Where clients of several templates meet, {room} is {room_hex} if one of them needs that.
 *
 * A template borrows its strings: from the table of known ones, or from the command line. */
// SPDX-License-Identifier: MIT
#ifndef TOOLS_LOAD_TEMPLATE_H
#define TOOLS_LOAD_TEMPLATE_H

#include "protocol/bytes.h"

struct template
{
    const char *name;
    const char *nsp;
    const char *auth;
    const char *join;
    const char *join_args;
    const char *join_reply;
    const char *send;
    const char *send_args;
    const char *deliver;
    const char *to;
};

/* What the placeholders of one packet stand for. */
struct template_fill {
    uint32_t room;
    uint32_t user;
    uint32_t peer;
    uint32_t seq;
    struct span text;
    bool rooms_are_hex;
};

#define TEMPLATE_NO_ACK UINT64_MAX

/* Fills *out with the known template of that name; -1 when there is none. */
MUST_USE int template_find(const char *name, struct template *out);

/* Names of the known templates, in order; NULL after the last. */
const char *template_name(unsigned i);

/* Applies "key=value"; the string must outlive the template. -1: no such key. */
MUST_USE int template_set(struct template *t, const char *assignment);

/* Does it name rooms by {room_hex}? */
bool template_has_hex_rooms(const struct template *t);

/* The members of a room of `members` that receive a message of one of them. */
uint32_t template_receivers(const struct template *t, uint32_t members);

/* Packets as Engine.IO text: CONNECT, and an EVENT with the ack id (or TEMPLATE_NO_ACK). */
void template_write_connect(const struct template *t, struct bytes *out);
void template_write_event(const struct template *t, const char *event, const char *args,
                          const struct template_fill *fill, uint64_t ack_id, struct bytes *out);

/* How packets of this namespace begin: template_write_prefix(t, "42", "message", out) writes
 * 42/nsp,["message" and, with event NULL, 42/nsp, alone. */
void template_write_prefix(const struct template *t, const char *type, const char *event,
                           struct bytes *out);

#endif
