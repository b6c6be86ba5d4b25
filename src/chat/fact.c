// SPDX-License-Identifier: MIT
#include "src/chat/fact.h"

#include "src/chat/policy.h"

enum { SENT_AT_BYTES_MAX = 64 };

static const uint64_t WALL_MS_MAX = 253402300799999; /* the end of 9999 */

static const char *const names[FACT_KINDS] = {
    [FACT_JOINED] = "joined", [FACT_LEFT] = "left", [FACT_GONE] = "gone", [FACT_STATUS] = "status",
    [FACT_ASK] = "ask",       [FACT_HERE] = "here", [FACT_ANEW] = "anew", [FACT_DIRECT] = "direct",
};

/* ---- writing ---- */

static void write_member(const struct fact_member *m, struct bytes *out)
{
    tuple_add_text(out, m->socket_id);
    tuple_add_text(out, m->who.user_id);
    tuple_add_text(out, m->who.username);
    tuple_add_number(out, m->dialect);
    tuple_add_number(out, m->away);
}

static void write_direct(const struct fact *f, struct bytes *out)
{
    tuple_add_text(out, f->message_id);
    tuple_add_text(out, f->recipient);
    tuple_add_number(out, f->state);
    tuple_add_text(out, f->author);
    tuple_add_text(out, f->reader.user_id);
    tuple_add_text(out, f->reader.username);
    tuple_add_number(out, (uint64_t)f->wall_ms);
}

static void begin(const struct fact *f, struct bytes *out)
{
    json_write_comma(out);
    bytes_add_byte(out, '[');
    tuple_add_text(out, span_cstr(names[f->kind]));
    if (f->kind != FACT_ANEW) {
        tuple_add_text(out, f->room);
    }
}

void fact_write(const struct fact *f, struct bytes *out)
{
    begin(f, out);
    if (f->kind == FACT_JOINED) {
        write_member(&f->member, out);
        tuple_add_json(out, f->sent_at);
    } else if (f->kind == FACT_LEFT || f->kind == FACT_GONE || f->kind == FACT_STATUS) {
        tuple_add_text(out, f->member.socket_id);
        if (f->kind == FACT_LEFT) {
            tuple_add_json(out, f->sent_at);
        } else if (f->kind == FACT_STATUS) {
            tuple_add_number(out, f->member.away);
        }
    } else if (f->kind == FACT_ASK) {
        tuple_add_text(out, f->node);
        tuple_add_number(out, f->all);
    } else if (f->kind == FACT_DIRECT) {
        write_direct(f, out);
    }
    bytes_add_byte(out, ']');
}

void fact_begin_here(const struct fact *f, struct bytes *out)
{
    begin(f, out);
    tuple_add_text(out, f->node);
    tuple_add_number(out, f->part);
    bytes_add_cstr(out, ",[");
}

void fact_add_member(const struct fact_member *m, struct bytes *out)
{
    json_write_comma(out);
    bytes_add_byte(out, '[');
    write_member(m, out);
    bytes_add_byte(out, ']');
}

void fact_end_here(struct bytes *out)
{
    bytes_add_cstr(out, "]]");
}

/* ---- reading ---- */

static struct span read_socket_id(struct tuple *t)
{
    return tuple_text(t, FACT_SOCKET_ID_LEN, FACT_SOCKET_ID_LEN);
}

static void read_member(struct tuple *t, struct fact_member *m)
{
    m->socket_id = read_socket_id(t);
    m->who.user_id = tuple_text(t, 1, NAME_BYTES_MAX);
    m->who.username = tuple_text(t, 0, NAME_BYTES_MAX);
    m->dialect = (enum dialect_id)tuple_number(t, DIALECT_COUNT - 1);
    m->away = tuple_number(t, 1) != 0;
    t->ok = t->ok && m->dialect != DIALECT_NONE;
}

static struct span read_sent_at(struct tuple *t)
{
    return tuple_json(t, 1u << JSON_STRING | 1u << JSON_NUMBER, SENT_AT_BYTES_MAX);
}

static void read_direct(struct tuple *t, struct fact *f)
{
    f->message_id = tuple_text(t, 1, NAME_BYTES_MAX);
    f->recipient = tuple_text(t, 1, NAME_BYTES_MAX);
    f->state = (enum message_state)tuple_number(t, MESSAGE_READ);
    f->author = tuple_text(t, 1, NAME_BYTES_MAX);
    f->reader.user_id = tuple_text(t, f->state == MESSAGE_READ, NAME_BYTES_MAX);
    f->reader.username = tuple_text(t, 0, NAME_BYTES_MAX);
    f->wall_ms = (int64_t)tuple_number(t, WALL_MS_MAX);
    t->ok = t->ok && f->state != MESSAGE_SENT;
}

static void read_rest(struct tuple *t, struct fact *f)
{
    switch (f->kind) {
    case FACT_JOINED:
        read_member(t, &f->member);
        f->sent_at = read_sent_at(t);
        break;
    case FACT_LEFT:
        f->member.socket_id = read_socket_id(t);
        f->sent_at = read_sent_at(t);
        break;
    case FACT_GONE:
        f->member.socket_id = read_socket_id(t);
        break;
    case FACT_STATUS:
        f->member.socket_id = read_socket_id(t);
        f->member.away = tuple_number(t, 1) != 0;
        break;
    case FACT_ASK:
        f->node = tuple_text(t, 0, FACT_NODE_BYTES_MAX);
        f->all = tuple_number(t, 1) != 0;
        break;
    case FACT_HERE:
        f->node = tuple_text(t, 1, FACT_NODE_BYTES_MAX);
        f->part = (unsigned)tuple_number(t, FACT_FIRST | FACT_LAST);
        f->members = tuple_array(t);
        break;
    case FACT_DIRECT:
        read_direct(t, f);
        break;
    case FACT_ANEW:
    case FACT_KINDS:
        break;
    }
}

/* Of the chat's own rooms the lobby is the one of which it is told who is there. */
static bool is_room_of(const struct fact *f)
{
    bool own = f->room.len > 0 && f->room.data[0] == ROOM_OWN_MARK;
    bool user = own && f->room.len > 2 && f->room.data[1] == '@';

    if (f->kind == FACT_ANEW) {
        return true;
    }
    if (f->kind == FACT_DIRECT || (f->kind == FACT_ASK && user)) {
        return user;
    }
    return f->room.len > 0 &&
           (own ? span_eq(f->room, SPAN("\x01lobby")) : f->room.len <= NAME_BYTES_MAX);
}

static enum fact_kind kind_named(struct span name)
{
    unsigned kind = 0;

    while (kind < FACT_KINDS && !span_eq(span_cstr(names[kind]), name)) {
        kind++;
    }
    return (enum fact_kind)kind;
}

bool fact_read(struct json v, struct bytes *texts, struct fact *out)
{
    struct tuple t;

    tuple_begin(&t, v, texts);
    *out = (struct fact){.kind = kind_named(tuple_text(&t, 1, NAME_BYTES_MAX))};
    if (out->kind != FACT_ANEW) {
        out->room = tuple_text(&t, 1, ROOM_BYTES_MAX);
    }
    read_rest(&t, out);
    return t.ok && out->kind != FACT_KINDS && is_room_of(out);
}

bool fact_next_member(struct json_iter *it, struct bytes *texts, struct fact_member *out, bool *ok)
{
    struct tuple t;
    struct json item;

    *ok = true;
    if (!json_array_next(it, &item)) {
        return false;
    }
    tuple_begin(&t, item, texts);
    read_member(&t, out);
    *ok = t.ok;
    return t.ok;
}
