// SPDX-License-Identifier: MIT
#include "src/chat/policy.h"

#include <assert.h>

static const char invalid[] = "INVALID_PAYLOAD";

const struct refusal refused_payload = {invalid, "The payload must be an object.", false};
const struct refusal refused_own_name = {
    invalid, "A room's name must not begin with the character U+0001.", false};
const struct refusal refused_own_room = {invalid, "The socket's id is no name of a room.", false};
const struct refusal refused_directions = {
    invalid, "No more than one of before, after and around can be given.", false};
const struct refusal refused_rate = {"RATE_LIMIT_EXCEEDED", "Too many messages. Please slow down.",
                                     true};
const struct refusal refused_left = {"LEFT_ROOM", "The room was left before the join was done.",
                                     false};
const struct refusal refused_together = {
    "LEFT_ROOM", "Another join of this room was refused meanwhile; try again later.", true};
const struct refusal refused_busy = {
    "BUSY", "The server cannot take more messages just now; try again later.", true};
const struct refusal refused_storage = {"NOT_STORED", "The message could not be stored.", true};
const struct refusal refused_size = {"MESSAGE_TOO_LONG",
                                     "The message has more bytes than the server can keep.", false};
const struct refusal refused_history = {
    "HISTORY_UNAVAILABLE", "The room was joined, but its history cannot be read now.", true};

const struct refusal refused_resume = {
    "HISTORY_UNAVAILABLE", "What was missed cannot be read now; try again later.", true};
const struct refusal refused_store_busy = {
    "BUSY", "The server has too much to do just now; try again later.", true};
const struct refusal refused_store = {"UNAVAILABLE",
                                      "The store cannot be reached; try again later.", true};
const struct refusal refused_away = {"UNAVAILABLE",
                                     "Messages cannot be kept just now; try again later.", true};
const struct refusal refused_no_store = {"NOT_KEPT", "This server keeps no messages.", false};
const struct refusal refused_exists = {"EXISTS", "There is a room with that roomId already.",
                                       false};
const struct refusal refused_missing = {"NOT_FOUND", "There is no such message.", false};
const struct refusal refused_author = {"FORBIDDEN", "The message is somebody else's.", false};
const struct refusal refused_user = {"FORBIDDEN", "userId is not that of the token.", false};
const struct refusal refused_not_in_room = {"NOT_IN_ROOM", "roomId is no room that you are in.",
                                            false};
const struct refusal refused_rooms = {"TOO_MANY_ROOMS", "The server takes no more rooms.", true};
const struct refusal refused_room_full = {"ROOM_FULL", "The room takes no more members.", true};
const struct refusal refused_server_full = {"SERVER_FULL", "The server takes no more connections.",
                                            true};
const struct refusal refused_rate_events = {
    "RATE_LIMIT_EXCEEDED", "Too many events of this kind. Please slow down.", true};
const struct refusal refused_rate_connections = {"RATE_LIMIT_EXCEEDED",
                                                 "Too many connections from this address.", true};
const struct refusal refused_no_token = {"UNAUTHORIZED", "A token is needed: auth.token.", false};
const struct refusal refused_token = {"UNAUTHORIZED", "The token is not valid.", false};
const struct refusal refused_expired = {"TOKEN_EXPIRED", "The token has expired.", false};

static bool is_there(struct json v)
{
    return v.text.len != 0;
}

bool policy_text(struct json v, size_t bytes_max, struct bytes *decoded, struct span *out)
{
    enum { ESCAPE_BYTES = 6, QUOTES = 2 };

    if (!is_there(v) || v.type != JSON_STRING || v.text.len > ESCAPE_BYTES * bytes_max + QUOTES) {
        return false;
    }
    if (!json_string_plain(v, out)) {
        bytes_clear(decoded);
        json_string_decode(v, decoded);
        *out = bytes_span(decoded);
    }
    return out->len >= 1 && out->len <= bytes_max;
}

const struct refusal *policy_room_name(struct span room)
{
    return room.len > 0 && room.data[0] == ROOM_OWN_MARK ? &refused_own_name : NULL;
}

size_t policy_utf16_units(struct json v)
{
    const uint8_t *at = v.text.data + 1, *end = v.text.data + v.text.len - 1;
    size_t units = 0;

    assert(v.type == JSON_STRING);
    while (at < end) {
        if (*at == '\\') {
            at += at[1] == 'u' ? 6 : 2;
            units++;
        } else { /* a character outside of the basic plane has four bytes and is two units */
            units += (*at & 0xc0) != 0x80;
            units += *at >= 0xf0;
            at++;
        }
    }
    return units;
}
