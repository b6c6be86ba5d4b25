// SPDX-License-Identifier: MIT
#include "protocol/ws_reader.h"

#include <assert.h>
#include <limits.h>

void ws_reader_init(struct ws_reader *r, uint32_t message_bytes_max, unsigned options)
{
    *r = (struct ws_reader){.message_bytes_max = message_bytes_max, .options = (uint8_t)options};
}

void ws_reader_finish(struct ws_reader *r)
{
    bytes_finish(&r->partial);
}

/* Drops the last n bytes of partial, and the memory with the last of all. */
static void drop_partial(struct ws_reader *r, size_t n)
{
    assert(n <= r->partial.len);

    r->partial.len -= n;
    if (r->partial.len == 0) {
        bytes_finish(&r->partial);
    }
}

static void drop_tail(struct ws_reader *r)
{
    if (r->tail_len > 0) {
        drop_partial(r, r->tail_len);
        r->tail_len = 0;
    }
}

static void keep_tail(struct ws_reader *r, const uint8_t *p, size_t n)
{
    bytes_add(&r->partial, p, n);
    r->tail_len = (uint8_t)(r->tail_len + n);
}

/* What the caller was lent is not needed any more. */
static void drop_delivered(struct ws_reader *r)
{
    if (r->delivered) {
        r->delivered = false;
        if (r->tail_len > 0) { /* a control frame's; the message around it goes on */
            drop_tail(r);
        } else {
            drop_partial(r, r->partial.len);
        }
    }
}

static int begin_message(struct ws_reader *r, const struct ws_frame_head *h)
{
    bool continues = h->opcode == WS_CONTINUATION;

    if (continues != (r->message_opcode != WS_CONTINUATION)) {
        return WS_EFRAGMENT;
    }
    if (h->payload_len > r->message_bytes_max - r->partial.len) {
        return WS_ETOOBIG;
    }
    if (!continues) {
        r->message_opcode = (uint8_t)h->opcode;
        r->compressed = (h->rsv & WS_RSV1) != 0;
        assert(utf8_complete(r->text)); /* no text has ended otherwise */
    }
    return 0;
}

static int begin_frame(struct ws_reader *r, const struct ws_frame_head *h)
{
    bool starts_message = h->opcode == WS_TEXT || h->opcode == WS_BINARY;
    unsigned rsv_allowed = starts_message && (r->options & WS_READER_DEFLATE) != 0 ? WS_RSV1 : 0;

    if ((h->rsv & ~rsv_allowed) != 0) {
        return WS_ERSV;
    }
    if (h->masked == ((r->options & WS_READER_CLIENT) != 0)) {
        return WS_EMASK;
    }
    if (!ws_opcode_is_control(h->opcode)) {
        int error = begin_message(r, h);
        if (error < 0) {
            return error;
        }
    }
    r->payload_left = (uint32_t)h->payload_len;
    memcpy(r->mask, h->mask, sizeof r->mask);
    r->phase = 0;
    r->opcode = (uint8_t)h->opcode;
    r->fin = h->fin;
    r->in_payload = true;
    return 0;
}

/* As ws_frame_decode_head, of a head whose first tail_len bytes came earlier; counts the bytes that
 * come from p. */
static int decode_cut_head(const struct ws_reader *r, const uint8_t *p, size_t n,
                           struct ws_frame_head *h)
{
    uint8_t head[WS_HEAD_MAX];
    size_t before = r->tail_len;
    size_t fresh = n < sizeof head - before ? n : sizeof head - before;

    memcpy(head, r->partial.data + r->partial.len - before, before);
    memcpy(head + before, p, fresh);
    int len = ws_frame_decode_head(head, before + fresh, h);
    return len > 0 ? len - (int)before : len;
}

/* Takes the head of the next frame; or all input, if it ends within the head. */
static int take_head(struct ws_reader *r, const uint8_t *p, size_t n)
{
    struct ws_frame_head h;
    int len = r->tail_len == 0 ? ws_frame_decode_head(p, n, &h) : decode_cut_head(r, p, n, &h);

    if (len == 0) {
        keep_tail(r, p, n);
        return (int)n;
    }
    if (len < 0) {
        return len;
    }
    drop_tail(r);
    int error = begin_frame(r, &h);
    return error < 0 ? error : len;
}

static int finish_control(const struct ws_reader *r, struct span payload, struct ws_event *event)
{
    *event = (struct ws_event){.payload = payload};
    if (r->opcode == WS_CLOSE) {
        struct ws_close c;
        int error = ws_close_decode(payload, &c);
        if (error < 0) {
            return error;
        }
        event->type = WS_EVENT_CLOSE;
        event->close_code = (uint16_t)c.code;
        event->payload = c.reason;
    } else {
        event->type = r->opcode == WS_PING ? WS_EVENT_PING : WS_EVENT_PONG;
    }
    return 0;
}

/* The next n bytes of a control frame's payload. */
static int take_control(struct ws_reader *r, const uint8_t *p, size_t n, struct ws_event *event)
{
    if (n == r->payload_left && r->tail_len == 0) {
        return finish_control(r, span_of(p, n), event);
    }
    keep_tail(r, p, n);
    if (n < r->payload_left) {
        return 0;
    }
    r->delivered = true;
    size_t before = r->partial.len - r->tail_len;
    return finish_control(r, span_skip(bytes_span(&r->partial), before), event);
}

/* Text must be valid as far as it has come, and whole at the end of the message. */
static int check_text(struct ws_reader *r, const uint8_t *p, size_t n, bool ends)
{
    if (r->message_opcode != WS_TEXT || r->compressed) {
        return 0;
    }
    if (utf8_feed(&r->text, p, n) < 0 || (ends && !utf8_complete(r->text))) {
        return WS_EUTF8;
    }
    return 0;
}

/* The next n bytes of a message. */
static int take_data(struct ws_reader *r, const uint8_t *p, size_t n, struct ws_event *event)
{
    bool ends = r->fin && n == r->payload_left;
    struct span message = span_of(p, n);
    int error = check_text(r, p, n, ends);

    if (error < 0) {
        return error;
    }
    if (!ends || r->partial.len > 0) {
        bytes_add(&r->partial, p, n);
        message = bytes_span(&r->partial);
    }
    if (ends) {
        *event = (struct ws_event){
            .type = r->message_opcode == WS_TEXT ? WS_EVENT_TEXT : WS_EVENT_BINARY,
            .compressed = r->compressed,
            .payload = message,
        };
        r->delivered = r->partial.len > 0;
        r->message_opcode = WS_CONTINUATION;
    }
    return 0;
}

/* Takes the current frame's payload, as far as the input has it. */
static int take_payload(struct ws_reader *r, uint8_t *p, size_t n, struct ws_event *event)
{
    int error;

    if (n > r->payload_left) {
        n = r->payload_left;
    }
    if ((r->options & WS_READER_CLIENT) == 0) {
        ws_mask(p, n, r->mask, r->phase);
        r->phase = (uint8_t)((r->phase + n) % WS_MASK_BYTES);
    }
    if (ws_opcode_is_control((enum ws_opcode)r->opcode)) {
        error = take_control(r, p, n, event);
    } else {
        error = take_data(r, p, n, event);
    }
    r->payload_left -= (uint32_t)n;
    r->in_payload = r->payload_left > 0;
    return error < 0 ? error : (int)n;
}

int ws_reader_next(struct ws_reader *r, uint8_t *p, size_t n, struct ws_event *event)
{
    size_t used = 0;

    assert(n <= INT_MAX);

    *event = (struct ws_event){.type = WS_EVENT_NONE};
    drop_delivered(r);
    while (n > 0 && event->type == WS_EVENT_NONE) {
        if (!r->in_payload) {
            int len = take_head(r, p + used, n - used);
            if (len < 0) {
                return len;
            }
            used += (size_t)len;
            if (!r->in_payload) {
                break;
            }
        }
        int len = take_payload(r, p + used, n - used, event);
        if (len < 0) {
            return len;
        }
        used += (size_t)len;
        if (r->in_payload) {
            break;
        }
    }
    return (int)used;
}
