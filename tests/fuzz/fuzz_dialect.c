// SPDX-License-Identifier: MIT
#include <assert.h>

#include "protocol/json.h"
#include "protocol/utf8.h"
#include "src/chat/dialect.h"
#include "src/chat/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { DEPTH_MAX = 128 };

static const struct dialect_limits limits = {.content_units_max = 300, .raw_bytes_max = 3000};

static void check_json(const struct bytes *out)
{
    struct json v;
    assert(json_parse(bytes_span(out), DEPTH_MAX, &v) == 0);
}

static void check_texts(const struct command *c)
{
    const struct span texts[] = {c->room,      c->user_id,   c->username, c->type,  c->message_id,
                                 c->recipient, c->client_id, c->status,   c->query, c->name};
    const struct span values[] = {c->content, c->sent_at, c->raw};
    struct json v;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert(texts[i].len <= NAME_BYTES_MAX && utf8_valid(texts[i]));
    }
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        assert(values[i].len == 0 || json_parse(values[i], DEPTH_MAX, &v) == 0);
    }
    assert(c->limit <= HISTORY_MESSAGES_MAX);
}

static void check_told(const struct notice *n, struct bytes *out)
{
    for (unsigned id = 0; id < DIALECT_COUNT; id++) {
        bytes_clear(out);
        if (dialect_write(id, n, out).len > 0) {
            check_json(out);
        } else {
            assert(out->len == 0);
        }
    }
}

/* Whatever was understood can be told of in every way. */
static void check_forms(const struct command *c, struct bytes *out)
{
    struct identity who = {c->user_id, c->username};
    struct message m = {
        .id = c->message_id,
        .room = c->room,
        .offset = c->after,
        .changed = c->before,
        .user_id = c->user_id,
        .username = c->username,
        .content = c->content,
        .type = c->type,
        .sent_at = c->sent_at,
        .raw = c->raw,
        .client_id = c->client_id,
        .recipient = c->recipient,
        .timestamp_ms = (int64_t)c->around,
        .edited_ms = (int64_t)c->before,
        .dialect = (uint8_t)c->dialect,
        .state = (uint8_t)c->limit,
    };
    struct notice n = {
        .who_dialect = c->dialect,
        .room = c->room,
        .who = who,
        .sent_at = c->sent_at,
        .wall_ms = (int64_t)c->after,
        .status = c->status,
        .service_id = c->name,
        .is_on = c->is_on,
        .messages = &m,
        .message_count = 1,
        .people = &who,
        .people_count = 1,
    };

    for (unsigned kind = 0; kind < NOTICE_COUNT; kind++) {
        n.kind = kind;
        check_told(&n, out);
    }
    for (unsigned view = VIEW_CHATROOM; view <= VIEW_NATIVE; view++) {
        bytes_clear(out);
        dialect_write_view(view, &m, out);
        check_json(out);
    }
}

static void check_refusal(const struct command *c, const struct refusal *why, struct bytes *out)
{
    bytes_clear(out);
    if (dialect_write_refusal(c, why, out).len > 0) {
        check_json(out);
    } else {
        assert(out->len == 0);
    }
}

/* The name of an event up to the end of the line, or a byte that stands for one; then the payload,
 * which the library has checked before it comes to the chat. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const uint8_t *line_end = len > 0 ? memchr(data, '\n', len) : NULL;
    struct dialect_scratch scratch = {0};
    struct bytes out = {0};
    struct command c;
    struct json v = {0};

    if (line_end == NULL) {
        return 0;
    }
    struct span name = {data, (size_t)(line_end - data)};
    struct span payload = span_skip(span_of(data, len), name.len + 1);
    if (name.len == 1) {
        name = span_of_str(dialect_event_name(*data % dialect_event_count()));
    }
    if (payload.len > 0 && json_parse(payload, DEPTH_MAX, &v) < 0) {
        return 0;
    }
    const struct refusal *why =
        dialect_read(str_of_span(name), str_of_span(v.text), &limits, &scratch, &c);
    assert(c.kind < COMMAND_COUNT && c.dialect < DIALECT_COUNT);
    if (why != NULL) {
        check_refusal(&c, why, &out);
    } else {
        check_texts(&c);
        check_forms(&c, &out);
    }
    dialect_scratch_finish(&scratch);
    bytes_finish(&out);
    return 0;
}
