// SPDX-License-Identifier: MIT
#include "src/chat/message.h"

#include "protocol/json.h"
#include "src/base/iso_time.h"
#include "src/chat/dialect.h"
#include "src/chat/record.h"

/* The hot path writes many small members: a key goes in as one piece with its comma and quotes. */
#define ADD(out, literal) bytes_add((out), (literal), sizeof(literal) - 1)

static void add_time(struct bytes *out, int64_t wall_ms)
{
    char text[ISO_TIME_LEN + 1];

    iso_time_write(wall_ms, text);
    bytes_add_byte(out, '"');
    bytes_add(out, text, ISO_TIME_LEN);
    bytes_add_byte(out, '"');
}

void message_write_done(struct bytes *out)
{
    ADD(out, "{\"ok\":true}");
}

void message_write_sent(struct bytes *out, const struct message *m, int64_t now_ms)
{
    ADD(out, "{\"ok\":true,\"id\":");
    json_write_string(out, m->id);
    if (message_place(m) != 0) {
        ADD(out, ",\"offset\":");
        json_write_u64(out, message_place(m));
    }
    ADD(out, ",\"timestamp\":");
    add_time(out, now_ms);
    bytes_add_byte(out, '}');
}

static void begin_room(struct bytes *out, struct span room)
{
    ADD(out, "{\"ok\":true,\"roomId\":");
    json_write_string(out, room);
}

void message_write_room_done(struct bytes *out, struct span room)
{
    begin_room(out, room);
    bytes_add_byte(out, '}');
}

void message_write_resumed(struct bytes *out, const struct past *past)
{
    begin_room(out, past->room);
    ADD(out, ",\"offset\":");
    json_write_u64(out, past->newest);
    if (past->next != 0) {
        ADD(out, ",\"gap\":{\"after\":");
        json_write_u64(out, past->after);
        ADD(out, ",\"next\":");
        json_write_u64(out, past->next);
        bytes_add_byte(out, '}');
    }
    bytes_add_byte(out, '}');
}

/* ---- pages ---- */

static void add_messages(struct bytes *out, const struct message_page *page, bool reversed)
{
    bytes_add_byte(out, '[');
    for (size_t i = 0; i < page->count; i++) {
        json_write_comma(out);
        dialect_write_view(VIEW_NATIVE, &page->messages[reversed ? page->count - 1 - i : i], out);
    }
    bytes_add_byte(out, ']');
}

static bool is_newest_first(const struct store_history *history)
{
    return history->after == 0 && history->around == 0 && !history->from_start;
}

void message_write_page(struct bytes *out, struct span room, const struct store_history *history)
{
    begin_room(out, room);
    ADD(out, ",\"messages\":");
    add_messages(out, history->page, is_newest_first(history));
    ADD(out, ",\"more\":");
    json_write_bool(out, history->more);
    if (history->around != 0) {
        ADD(out, ",\"moreBefore\":");
        json_write_bool(out, history->more_before);
    }
    bytes_add_byte(out, '}');
}

void message_write_found(struct bytes *out, const struct store_search *search)
{
    ADD(out, "{\"ok\":true,\"messages\":");
    add_messages(out, search->page, false);
    if (search->next != 0) {
        ADD(out, ",\"before\":\"");
        json_write_u64(out, search->next);
        bytes_add_byte(out, '"');
    }
    bytes_add_byte(out, '}');
}

void message_write_read(struct bytes *out, const struct message *m)
{
    begin_room(out, m->room);
    ADD(out, ",\"messageId\":");
    json_write_string(out, m->id);
    bytes_add_byte(out, '}');
}

/* ---- rooms and people ---- */

void message_write_room_made(struct bytes *out, struct span room, struct span title)
{
    begin_room(out, room);
    ADD(out, ",\"name\":");
    json_write_string(out, title);
    bytes_add_byte(out, '}');
}

void message_write_members(struct bytes *out, const struct chat_people_request *people)
{
    begin_room(out, people->room);
    ADD(out, ",\"users\":[");
    for (size_t i = 0; i < people->count; i++) {
        json_write_comma(out);
        ADD(out, "{\"userId\":");
        json_write_string(out, people->people[i].user_id);
        ADD(out, ",\"username\":");
        json_write_string(out, people->people[i].username);
        ADD(out, ",\"status\":");
        json_write_string(out, people->away[i] ? SPAN("away") : SPAN("online"));
        bytes_add_byte(out, '}');
    }
    ADD(out, "]}");
}

static void add_room(struct bytes *out, const struct store_room *room, uint32_t online)
{
    ADD(out, "{\"roomId\":");
    json_write_string(out, room->name);
    ADD(out, ",\"name\":");
    json_write_string(out, room->title.len > 0 ? room->title : room->name);
    if (room->made) {
        ADD(out, ",\"createdBy\":");
        json_write_string(out, room->created_by);
        ADD(out, ",\"createdAt\":");
        add_time(out, room->created_ms);
    }
    ADD(out, ",\"online\":");
    json_write_u64(out, online);
    ADD(out, ",\"unread\":");
    json_write_u64(out, room->unread);
    ADD(out, ",\"offset\":");
    json_write_u64(out, room->newest);
    bytes_add_byte(out, '}');
}

void message_write_rooms(struct bytes *out, const struct store_room_page *page,
                         const uint32_t *online, bool more)
{
    ADD(out, "{\"ok\":true,\"rooms\":[");
    for (size_t i = 0; i < page->count; i++) {
        json_write_comma(out);
        add_room(out, &page->rooms[i], online[i]);
    }
    ADD(out, "],\"more\":");
    json_write_bool(out, more);
    bytes_add_byte(out, '}');
}

/* ---- refusals ---- */

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
