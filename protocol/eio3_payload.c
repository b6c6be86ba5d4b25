// SPDX-License-Identifier: MIT
#include "protocol/eio3_payload.h"

#include <assert.h>

#include "protocol/base64.h"
#include "protocol/utf8.h"
#include "protocol/ws_frame.h"

enum {
    LENGTH_DIGITS_MAX = 10,
    LENGTH_MAX = INT32_MAX,
    KIND_TEXT = 0,
    KIND_BINARY = 1,
    LENGTH_END = 0xff,
};

/* ---- packets ---- */

int eio3_packet_decode(struct span text, struct eio_packet *out)
{
    struct eio_packet packet;
    int rc = eio_packet_decode(text, &packet);

    if (rc < 0) {
        return rc == EIO_EEMPTY ? EIO3_EEMPTY : EIO3_ETYPE;
    }
    if (packet.base64) {
        if (packet.payload.len == 0 || packet.payload.data[0] != eio_type_digit(EIO_MESSAGE)) {
            return EIO3_ETYPE;
        }
        packet.payload = span_skip(packet.payload, 1);
    }
    *out = packet;
    return 0;
}

int eio3_message_decode(struct span message, struct span *out)
{
    if (message.len == 0) {
        return EIO3_EEMPTY;
    }
    if (message.data[0] != EIO_MESSAGE) {
        return EIO3_ETYPE;
    }
    *out = span_skip(message, 1);
    return 0;
}

/* ---- lengths ---- */

/* UTF-16 units of the character that begins with c. */
static unsigned units_of(uint8_t c)
{
    return c >= 0xF0 ? 2 : 1;
}

static bool is_continuation(uint8_t c)
{
    return (c & 0xC0) == 0x80;
}

static size_t count_units(struct span text)
{
    size_t units = 0;

    for (size_t i = 0; i < text.len; i++) {
        units += is_continuation(text.data[i]) ? 0 : units_of(text.data[i]);
    }
    return units;
}

/* Takes so many units off *rest, which is UTF-8. */
static int take_units(struct span *rest, uint64_t units, struct span *out)
{
    size_t len = 0;

    while (len < rest->len && (units > 0 || is_continuation(rest->data[len]))) {
        unsigned next = is_continuation(rest->data[len]) ? 0 : units_of(rest->data[len]);
        if (next > units) {
            return EIO3_ELENGTH;
        }
        units -= next;
        len++;
    }
    if (units != 0) {
        return EIO3_ELENGTH;
    }
    *out = span_of(rest->data, len);
    *rest = span_skip(*rest, len);
    return 0;
}

/* ---- reading ---- */

/* Takes "5:" and what follows it. */
static int take_text(struct span *rest, struct span *out)
{
    size_t most = rest->len < LENGTH_DIGITS_MAX + 1 ? rest->len : LENGTH_DIGITS_MAX + 1;
    const uint8_t *colon = memchr(rest->data, ':', most);
    uint64_t units;

    if (colon == NULL) {
        return EIO3_ELENGTH;
    }
    struct span digits = span_of(rest->data, (size_t)(colon - rest->data));
    if (span_to_u64(digits, LENGTH_MAX, &units) != 0) {
        return EIO3_ELENGTH;
    }
    *rest = span_skip(*rest, digits.len + 1);
    return take_units(rest, units, out);
}

/* Takes a kind, digits and ff, and what follows them. */
static int take_bytes(struct span *rest, bool *is_binary, struct span *out)
{
    uint64_t len = 0;
    size_t at = 1;

    if (rest->data[0] > KIND_BINARY) {
        return EIO3_ELENGTH;
    }
    while (at < rest->len && at <= LENGTH_DIGITS_MAX && rest->data[at] <= 9) {
        len = len * 10 + rest->data[at++];
    }
    if (at == 1 || at == rest->len || rest->data[at] != LENGTH_END || len > rest->len - at - 1) {
        return EIO3_ELENGTH;
    }
    *is_binary = rest->data[0] == KIND_BINARY;
    *out = span_of(rest->data + at + 1, (size_t)len);
    *rest = span_skip(*rest, at + 1 + (size_t)len);
    return 0;
}

/* The next packet that has a byte; an empty one at the end of the payload. */
static int take_next(struct eio3_payload_reader *r, bool *is_binary, struct span *out)
{
    int rc = 0;

    *is_binary = false;
    *out = span_of(NULL, 0);
    while (rc == 0 && out->len == 0 && r->rest.len != 0) {
        rc = r->binary ? take_bytes(&r->rest, is_binary, out) : take_text(&r->rest, out);
    }
    return rc;
}

static int decode(bool is_binary, struct span packet, struct eio3_packet *out)
{
    *out = (struct eio3_packet){.is_binary = is_binary};
    if (!is_binary) {
        return utf8_valid(packet) ? eio3_packet_decode(packet, &out->packet) : EIO3_ETEXT;
    }
    out->packet.type = EIO_MESSAGE;
    return eio3_message_decode(packet, &out->packet.payload);
}

void eio3_payload_begin(struct eio3_payload_reader *r, struct span body, bool binary)
{
    *r = (struct eio3_payload_reader){.rest = body, .binary = binary};
}

int eio3_payload_next(struct eio3_payload_reader *r, struct eio3_packet *out)
{
    struct span packet;
    bool is_binary;
    bool empty = !r->begun && r->rest.len == 0;
    int rc = empty ? EIO3_EEMPTY : take_next(r, &is_binary, &packet);

    r->begun = true;
    if (rc == 0 && packet.len == 0) {
        return 0;
    }
    rc = rc < 0 ? rc : decode(is_binary, packet, out);
    if (rc < 0) {
        r->rest.len = 0;
        return rc;
    }
    return 1;
}

/* ---- writing ---- */

void eio3_payload_open(struct eio3_payload_writer *w, struct bytes *out, bool base64_only)
{
    *w = (struct eio3_payload_writer){.out = out, .begin = out->len, .base64_only = base64_only};
}

static void begin_bytes(struct bytes *out, uint8_t kind, size_t len)
{
    bytes_add_byte(out, kind);
    size_t digits = out->len;
    bytes_add_u64(out, len);
    for (; digits < out->len; digits++) {
        out->data[digits] -= '0';
    }
    bytes_add_byte(out, LENGTH_END);
}

static void write_text(struct eio3_payload_writer *w, struct span packet)
{
    if (w->binary) {
        begin_bytes(w->out, KIND_TEXT, packet.len);
    } else {
        bytes_add_u64(w->out, count_units(packet));
        bytes_add_byte(w->out, ':');
    }
    bytes_add_span(w->out, packet);
}

/* Changes to the binary form. */
static void begin_binary(struct eio3_payload_writer *w)
{
    struct bytes written = {0};
    struct span packet;

    bytes_add_span(&written, span_skip(bytes_span(w->out), w->begin));
    w->out->len = w->begin;
    w->binary = true;
    for (struct span rest = bytes_span(&written); rest.len != 0;) {
        int rc = take_text(&rest, &packet);
        assert(rc == 0);
        write_text(w, packet);
    }
    bytes_finish(&written);
}

static void write_base64(struct eio3_payload_writer *w, struct span message)
{
    bytes_add_u64(w->out, 2 + BASE64_ENCODED_LEN(message.len));
    bytes_add_cstr(w->out, ":b4");
    base64_encode(message, w->out);
}

void eio3_payload_add_text(struct eio3_payload_writer *w, struct span packet)
{
    assert(packet.len > 0);

    write_text(w, packet);
    w->packets++;
}

void eio3_payload_add_binary(struct eio3_payload_writer *w, struct span message)
{
    if (w->base64_only) {
        write_base64(w, message);
    } else {
        if (!w->binary) {
            begin_binary(w);
        }
        begin_bytes(w->out, KIND_BINARY, message.len + 1);
        bytes_add_byte(w->out, EIO_MESSAGE);
        bytes_add_span(w->out, message);
    }
    w->packets++;
}

size_t eio3_payload_add_frames(struct eio3_payload_writer *w, struct span frames,
                               unsigned packets_max)
{
    struct span rest = frames;

    while (rest.len != 0 && w->packets < packets_max) {
        bool is_binary;
        struct span message = ws_frames_take(&rest, &is_binary);
        if (is_binary) {
            eio3_payload_add_binary(w, message);
        } else {
            eio3_payload_add_text(w, message);
        }
    }
    return frames.len - rest.len;
}

/* ---- WebSocket frames ---- */

bool eio3_frames_differ(struct span frames)
{
    bool is_binary = false;

    while (frames.len != 0 && !is_binary) {
        (void)ws_frames_take(&frames, &is_binary);
    }
    return is_binary;
}

void eio3_frames_encode(struct bytes *out, struct span frames)
{
    uint8_t head[WS_HEAD_MAX];
    bool is_binary;

    while (frames.len != 0) {
        struct span message = ws_frames_take(&frames, &is_binary);
        size_t prefix = is_binary ? 1 : 0;
        enum ws_opcode opcode = is_binary ? WS_BINARY : WS_TEXT;
        bytes_add(out, head, ws_frame_encode_head(head, opcode, true, message.len + prefix));
        if (is_binary) {
            bytes_add_byte(out, EIO_MESSAGE);
        }
        bytes_add_span(out, message);
    }
}
