// SPDX-License-Identifier: MIT
#include "src/persist/history_page.h"

#include <assert.h>

#include "src/base/digest.h"
#include "src/base/memory.h"

enum { ROOM_TEXT = 1, VARINT_BYTES_MAX = 10 };

static const uint8_t magic[] = {'R', 'H', 'P', HISTORY_PAGE_VERSION};

/* ---- writing ---- */

static void add_number(struct bytes *out, uint64_t n)
{
    for (; n >= 0x80; n >>= 7) {
        bytes_add_byte(out, (uint8_t)(n | 0x80));
    }
    bytes_add_byte(out, (uint8_t)n);
}

static void add_text(struct bytes *out, struct span text)
{
    add_number(out, text.len);
    bytes_add_span(out, text);
}

static void add_message(struct bytes *out, const struct message *m)
{
    struct message copy = *m;

    add_number(out, m->offset);
    add_number(out, m->changed);
    add_number(out, (uint64_t)m->timestamp_ms);
    add_number(out, (uint64_t)m->edited_ms);
    bytes_add_byte(out, m->dialect);
    bytes_add_byte(out, m->action);
    bytes_add_byte(out, m->state);
    for (unsigned i = 0; i < MESSAGE_TEXTS; i++) {
        if (i != ROOM_TEXT) {
            add_text(out, *message_text(&copy, i));
        }
    }
}

void history_page_write(struct bytes *out, struct span room, const struct history_page *page)
{
    size_t begin = out->len;
    uint8_t check[DIGEST_BYTES];

    assert(page->page->count <= HISTORY_PAGE_MESSAGES_MAX);
    bytes_add(out, magic, sizeof magic);
    add_number(out, page->upto);
    bytes_add_byte(out, page->more);
    add_text(out, room);
    add_number(out, page->page->count);
    for (size_t i = 0; i < page->page->count; i++) {
        add_message(out, &page->page->messages[i]);
    }
    const struct span written = span_skip(bytes_span(out), begin);
    digest_128(&written, 1, check);
    bytes_add(out, check, sizeof check);
}

/* ---- reading: each moves in forward, or says that it is broken ---- */

struct reader {
    struct span in;
    bool broken;
};

static uint8_t read_byte(struct reader *r)
{
    if (r->in.len == 0) {
        r->broken = true;
        return 0;
    }
    uint8_t byte = r->in.data[0];
    r->in = span_skip(r->in, 1);
    return byte;
}

static uint64_t read_number(struct reader *r)
{
    uint64_t n = 0;

    for (unsigned i = 0; i < VARINT_BYTES_MAX; i++) {
        uint8_t byte = read_byte(r);
        n |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            r->broken |= i == VARINT_BYTES_MAX - 1 && byte > 1; /* over 64 bits */
            return n;
        }
    }
    r->broken = true;
    return 0;
}

static uint8_t read_byte_upto(struct reader *r, uint8_t max)
{
    uint8_t byte = read_byte(r);

    r->broken |= byte > max;
    return byte;
}

static struct span read_text(struct reader *r)
{
    uint64_t len = read_number(r);

    if (r->broken || len > r->in.len) {
        r->broken = true;
        return (struct span){0};
    }
    struct span text = span_of(r->in.data, (size_t)len);
    r->in = span_skip(r->in, (size_t)len);
    return text;
}

static struct message read_message(struct reader *r, struct span room)
{
    struct message m = {.room = room};

    m.offset = read_number(r);
    m.changed = read_number(r);
    m.timestamp_ms = (int64_t)read_number(r);
    m.edited_ms = (int64_t)read_number(r);
    m.dialect = read_byte(r);
    m.action = read_byte_upto(r, MESSAGE_DELETE);
    m.state = read_byte_upto(r, MESSAGE_READ);
    for (unsigned i = 0; i < MESSAGE_TEXTS; i++) {
        if (i != ROOM_TEXT) {
            *message_text(&m, i) = read_text(r);
        }
    }
    return m;
}

/* What is between the magic and the check; or an empty span. */
static struct span open_value(struct span value)
{
    uint8_t check[DIGEST_BYTES];

    if (value.len < sizeof magic + sizeof check ||
        !span_starts(value, span_of(magic, sizeof magic))) {
        return (struct span){0};
    }
    const struct span body = span_of(value.data, value.len - sizeof check);
    digest_128(&body, 1, check);
    if (memcmp(check, body.data + body.len, sizeof check) != 0) {
        return (struct span){0};
    }
    return span_skip(body, sizeof magic);
}

int history_page_read(struct span value, struct span room, struct history_page *page)
{
    struct reader r = {.in = open_value(value)};
    struct message messages[HISTORY_PAGE_MESSAGES_MAX];
    size_t texts = 0;

    uint64_t upto = read_number(&r);
    bool more = read_byte_upto(&r, 1) != 0;
    struct span name = read_text(&r);
    uint64_t count = read_number(&r);
    if (r.broken || !span_eq(name, room) || count > HISTORY_PAGE_MESSAGES_MAX) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        messages[i] = read_message(&r, name);
        texts += message_bytes(&messages[i]);
    }
    if (r.broken || r.in.len != 0) {
        return -1;
    }
    struct message_page *out = xmalloc(sizeof *out + count * sizeof messages[0] + texts);
    uint8_t *at = (uint8_t *)&out->messages[count];
    out->count = (size_t)count;
    for (size_t i = 0; i < count; i++) {
        out->messages[i] = messages[i];
        message_keep(&out->messages[i], at);
        at += message_bytes(&messages[i]);
    }
    *page = (struct history_page){.upto = upto, .more = more, .page = out};
    return 0;
}
