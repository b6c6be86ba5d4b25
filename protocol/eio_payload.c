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
        bool is_binary;
        struct span message = ws_frames_take(&rest, &is_binary);
        if (is_binary) {
            eio_payload_add_binary(w, message);
        } else {
            eio_payload_add_text(w, message);
        }
    }
    return frames.len - rest.len;
}
