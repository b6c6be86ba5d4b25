// SPDX-License-Identifier: MIT
#include "protocol/eio_payload.h"

#include <assert.h>

#include "protocol/base64.h"
#include "protocol/ws_frame.h"

void eio_payload_begin(struct eio_payload_reader *r, struct span body)
{
    *r = (struct eio_payload_reader){.rest = body, .more = true};
}

int eio_payload_next(struct eio_payload_reader *r, struct eio_packet *out)
{
    if (!r->more) {
        return 0;
    }
    struct span text = r->rest;
    const uint8_t *end = text.len == 0 ? NULL : memchr(text.data, EIO_SEPARATOR, text.len);
    r->more = end != NULL;
    if (r->more) {
        text.len = (size_t)(end - text.data);
        r->rest = span_skip(r->rest, text.len + 1);
    }
    int rc = eio_packet_decode(text, out);
    if (rc != 0) {
        r->more = false;
        return rc;
    }
    return 1;
}

static void begin_packet(struct eio_payload_writer *w)
{
    if (w->packets != 0) {
        bytes_add_byte(w->out, EIO_SEPARATOR);
    }
    w->packets++;
}

void eio_payload_add_text(struct eio_payload_writer *w, struct span packet)
{
    assert(packet.len > 0);

    begin_packet(w);
    bytes_add_span(w->out, packet);
}

void eio_payload_add_binary(struct eio_payload_writer *w, struct span message)
{
    begin_packet(w);
    bytes_add_byte(w->out, 'b');
    base64_encode(message, w->out);
}

size_t eio_payload_add_frames(struct eio_payload_writer *w, struct span frames,
                              unsigned packets_max)
{
    struct span rest = frames;

    while (rest.len != 0 && w->packets < packets_max) {
        struct ws_frame_head head;
        int head_len = ws_frame_decode_head(rest.data, rest.len, &head);
        assert(head_len > 0);
        assert(head.fin && head.rsv == 0 && !head.masked);
        rest = span_skip(rest, (size_t)head_len);
        assert(head.payload_len <= rest.len);
        struct span message = span_of(rest.data, (size_t)head.payload_len);
        if (head.opcode == WS_BINARY) {
            eio_payload_add_binary(w, message);
        } else {
            assert(head.opcode == WS_TEXT);
            eio_payload_add_text(w, message);
        }
        rest = span_skip(rest, message.len);
    }
    return frames.len - rest.len;
}
