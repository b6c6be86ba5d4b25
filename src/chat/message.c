// SPDX-License-Identifier: MIT
#include "src/chat/message.h"

#include "protocol/json.h"
#include "src/base/iso_time.h"

/* The hot path writes many small members: a key goes in as one piece with its comma and quotes. */
#define ADD(out, literal) bytes_add((out), (literal), sizeof(literal) - 1)

static void add_time(struct bytes *out, int64_t wall_ms)
{
    char text[ISO_TIME_LEN + 1];

    iso_time_write(wall_ms, text);
    ADD(out, ",\"timestamp\":\"");
    bytes_add(out, text, ISO_TIME_LEN);
    bytes_add_byte(out, '"');
}

void message_write(struct bytes *out, const struct message *m)
{
    ADD(out, "{\"id\":");
    json_write_string(out, m->id);
    ADD(out, ",\"roomId\":");
    json_write_string(out, m->room);
    ADD(out, ",\"userId\":");
    json_write_string(out, m->user_id);
    ADD(out, ",\"username\":");
    json_write_string(out, m->username);
    ADD(out, ",\"content\":");
    bytes_add_span(out, m->content);
    ADD(out, ",\"type\":");
    json_write_string(out, m->type);
    add_time(out, m->timestamp_ms);
    bytes_add_byte(out, '}');
}

void message_write_history(struct bytes *out, const struct message *messages, size_t count)
{
    bytes_add_byte(out, '[');
    for (size_t i = 0; i < count; i++) {
        json_write_comma(out);
        message_write(out, &messages[i]);
    }
    bytes_add_byte(out, ']');
}

void message_write_presence(struct bytes *out, struct span room, struct identity who,
                            int64_t wall_ms)
{
    ADD(out, "{\"roomId\":");
    json_write_string(out, room);
    ADD(out, ",\"userId\":");
    json_write_string(out, who.user_id);
    if (who.username.len > 0) {
        ADD(out, ",\"username\":");
        json_write_string(out, who.username);
    }
    add_time(out, wall_ms);
    bytes_add_byte(out, '}');
}

void message_write_sent(struct bytes *out, const struct message *m)
{
    ADD(out, "{\"ok\":true,\"id\":");
    json_write_string(out, m->id);
    if (m->offset != 0) {
        ADD(out, ",\"offset\":");
        json_write_u64(out, m->offset);
    }
    add_time(out, m->timestamp_ms);
    bytes_add_byte(out, '}');
}

void message_write_room_done(struct bytes *out, struct span room)
{
    ADD(out, "{\"ok\":true,\"roomId\":");
    json_write_string(out, room);
    bytes_add_byte(out, '}');
}

static void add_reason(struct bytes *out, const struct refusal *r)
{
    ADD(out, "\"code\":");
    json_write_string(out, span_cstr(r->code));
    ADD(out, ",\"message\":");
    json_write_string(out, span_cstr(r->message));
}

void message_write_refused(struct bytes *out, const struct refusal *r)
{
    ADD(out, "{\"ok\":false,");
    add_reason(out, r);
    ADD(out, ",\"retryable\":");
    json_write_bool(out, r->retryable);
    bytes_add_byte(out, '}');
}

void message_write_error(struct bytes *out, const struct refusal *r)
{
    bytes_add_byte(out, '{');
    add_reason(out, r);
    bytes_add_byte(out, '}');
}
