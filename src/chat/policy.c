// SPDX-License-Identifier: MIT
#include "src/chat/policy.h"

#include <assert.h>

static const char invalid[] = "INVALID_PAYLOAD";

const struct refusal refused_payload = {invalid, "The payload must be an object.", false};
const struct refusal refused_room_id = {
    invalid, "roomId must be a string of 1 to 255 bytes of UTF-8.", false};
const struct refusal refused_user_id = {
    invalid, "userId must be a string of 1 to 255 bytes of UTF-8.", false};
const struct refusal refused_username = {
    invalid, "username must be a string of 1 to 255 bytes of UTF-8.", false};
const struct refusal refused_content = {invalid, "content must be a string.", false};
const struct refusal refused_content_length = {
    "MESSAGE_TOO_LONG", "content must have no more than 5000 characters.", false};
const struct refusal refused_type = {invalid, "type must be a string of 1 to 64 bytes of UTF-8.",
                                     false};
const struct refusal refused_room_count = {
    "TOO_MANY_ROOMS", "A connection can be in no more than 1000 rooms.", false};
const struct refusal refused_rate = {"RATE_LIMIT_EXCEEDED", "Too many messages. Please slow down.",
                                     true};
const struct refusal refused_left = {"LEFT_ROOM", "The room was left before the join was done.",
                                     false};
const struct refusal refused_busy = {
    "BUSY", "The server cannot take more messages just now; try again later.", true};
const struct refusal refused_storage = {"NOT_STORED", "The message could not be stored.", true};
const struct refusal refused_history = {
    "HISTORY_UNAVAILABLE", "The room was joined, but its history cannot be read now.", true};

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

const struct refusal *policy_content(struct json v)
{
    enum { QUOTES = 2 };

    if (!is_there(v) || v.type != JSON_STRING) {
        return &refused_content;
    }
    /* No unit takes less than a byte, so what is short in bytes need not be counted. */
    bool fits =
        v.text.len <= CONTENT_UNITS_MAX + QUOTES || policy_utf16_units(v) <= CONTENT_UNITS_MAX;
    return fits ? NULL : &refused_content_length;
}
