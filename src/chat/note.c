// SPDX-License-Identifier: MIT
#include "src/chat/note.h"

#include <assert.h>

#include "src/base/sound.h"
#include "src/chat/dialect.h"
#include "src/chat/policy.h"
#include "src/chat/tuple.h"

enum {
    SENT_AT_BYTES_MAX = 64,
};

static const uint64_t WALL_MS_MAX = 253402300799999; /* the end of 9999 */

static const struct span actions[] = {
    [MESSAGE_SAY] = {(const uint8_t *)"say", 3},
    [MESSAGE_EDIT] = {(const uint8_t *)"edit", 4},
    [MESSAGE_DELETE] = {(const uint8_t *)"delete", 6},
};

static const struct span kinds[] = {
    [NOTE_TYPING] = {(const uint8_t *)"typing", 6},
    [NOTE_TYPING_STOP] = {(const uint8_t *)"typing_stop", 11},
    [NOTE_DIRECT_TYPING] = {(const uint8_t *)"direct_typing", 13},
    [NOTE_READ] = {(const uint8_t *)"read", 4},
    [NOTE_LOGGED] = {(const uint8_t *)"logged", 6},
};

enum { ACTIONS = sizeof actions / sizeof *actions, KINDS = sizeof kinds / sizeof *kinds };

/* ---- writing ---- */

static void write_message(const struct message *m, struct bytes *out)
{
    const struct span texts[] = {m->id,   m->room,      m->user_id,  m->username,
                                 m->type, m->client_id, m->recipient};
    const uint64_t numbers[] = {m->dialect, (uint64_t)m->timestamp_ms, (uint64_t)m->edited_ms,
                                m->offset, m->changed};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        tuple_add_text(out, texts[i]);
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        tuple_add_number(out, numbers[i]);
    }
    tuple_add_json(out, m->content);
    tuple_add_json(out, m->sent_at);
    tuple_add_json(out, m->raw);
}

static void write_other(const struct note *n, struct bytes *out)
{
    tuple_add_text(out, n->room);
    tuple_add_text(out, n->who.user_id);
    tuple_add_text(out, n->who.username);
    if (n->kind == NOTE_DIRECT_TYPING) {
        tuple_add_number(out, n->is_on);
    } else if (n->kind == NOTE_READ) {
        tuple_add_text(out, n->message.id);
    }
}

void note_write(const struct note *n, struct bytes *out)
{
    bytes_add_byte(out, '[');
    if (n->kind == NOTE_MESSAGE) {
        assert(n->message.action < ACTIONS); /* a mark is a NOTE_READ */
        tuple_add_text(out, actions[n->message.action]);
        write_message(&n->message, out);
    } else {
        tuple_add_text(out, kinds[n->kind]);
        if (n->kind != NOTE_LOGGED) {
            write_other(n, out);
        }
    }
    bytes_add_byte(out, ']');
}

/* ---- reading ---- */

static bool read_message(struct tuple *t, struct message *m)
{
    m->id = tuple_text(t, 1, NAME_BYTES_MAX);
    m->room = tuple_text(t, 1, ROOM_BYTES_MAX);
    m->user_id = tuple_text(t, 1, NAME_BYTES_MAX);
    m->username = tuple_text(t, 0, NAME_BYTES_MAX);
    m->type = tuple_text(t, 0, TYPE_BYTES_MAX);
    m->client_id = tuple_text(t, 0, NAME_BYTES_MAX);
    m->recipient = tuple_text(t, 0, NAME_BYTES_MAX);
    m->dialect = (uint8_t)tuple_number(t, DIALECT_COUNT - 1);
    m->timestamp_ms = (int64_t)tuple_number(t, WALL_MS_MAX);
    m->edited_ms = (int64_t)tuple_number(t, WALL_MS_MAX);
    m->offset = tuple_number(t, INT64_MAX);
    m->changed = tuple_number(t, INT64_MAX);
    m->content = tuple_json(t, 1u << JSON_STRING, NOTE_BYTES_MAX);
    m->sent_at = tuple_json(t, 1u << JSON_STRING | 1u << JSON_NUMBER, SENT_AT_BYTES_MAX);
    m->raw = tuple_json(t, 1u << JSON_OBJECT, NOTE_BYTES_MAX);
    return t->ok && message_is_sound(m);
}

static bool read_other(struct tuple *t, struct note *n)
{
    n->room = tuple_text(t, 1, ROOM_BYTES_MAX);
    n->who.user_id = tuple_text(t, 1, NAME_BYTES_MAX);
    n->who.username = tuple_text(t, 0, NAME_BYTES_MAX);
    if (n->kind == NOTE_DIRECT_TYPING) {
        n->is_on = tuple_number(t, 1) != 0;
    } else if (n->kind == NOTE_READ) {
        n->message.id = tuple_text(t, 1, NAME_BYTES_MAX);
    }
    return t->ok &&
           (n->kind == NOTE_DIRECT_TYPING ? room_is_of_user(n->room) : room_is_of_clients(n->room));
}

static int find(const struct span *names, size_t count, struct span name)
{
    for (size_t i = 0; i < count; i++) {
        if (names[i].len > 0 && span_eq(names[i], name)) {
            return (int)i;
        }
    }
    return -1;
}

int note_read(struct span text, struct bytes *texts, struct note *out)
{
    struct tuple t;
    struct json v;

    if (text.len > NOTE_BYTES_MAX || json_parse(text, JSON_DEPTH_MAX, &v) < 0) {
        return NOTE_EINVALID;
    }
    tuple_reserve(texts, text);
    tuple_begin(&t, v, texts);
    struct span name = tuple_text(&t, 1, NAME_BYTES_MAX);
    int action = find(actions, ACTIONS, name), kind = find(kinds, KINDS, name);
    *out = (struct note){.kind = NOTE_MESSAGE};
    if (action >= 0) {
        out->message.action = (uint8_t)action;
        return read_message(&t, &out->message) ? 0 : NOTE_EINVALID;
    }
    if (kind < 0) {
        return t.ok ? NOTE_EUNKNOWN : NOTE_EINVALID;
    }
    out->kind = (enum note_kind)kind;
    if (out->kind == NOTE_LOGGED) {
        return t.ok ? 0 : NOTE_EINVALID;
    }
    return read_other(&t, out) ? 0 : NOTE_EINVALID;
}
