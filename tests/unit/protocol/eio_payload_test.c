// SPDX-License-Identifier: MIT
#include "protocol/eio_payload.h"

#include "protocol/ws_frame.h"
#include "tests/support/tap.h"

static void reads(struct span body, unsigned packets, int end)
{
    struct eio_payload_reader r;
    struct eio_packet p;
    unsigned n = 0;
    int rc;

    eio_payload_begin(&r, body);
    while ((rc = eio_payload_next(&r, &p)) > 0) {
        n++;
    }
    if (n != packets || rc != end) {
        printf("# %.*s: %u packets, then %d\n", (int)body.len, (const char *)body.data, n, rc);
    }
    check(n == packets && rc == end);
    check(eio_payload_next(&r, &p) == 0);
}

static void reads_packets_one_by_one(void)
{
    struct span body = SPAN("42[\"a\"]\x1e"
                            "2\x1e"
                            "bAQID\x1e"
                            "1");
    struct eio_payload_reader r;
    struct eio_packet p;

    eio_payload_begin(&r, body);
    check(eio_payload_next(&r, &p) == 1);
    check(p.type == EIO_MESSAGE && !p.base64 && span_eq(p.payload, SPAN("2[\"a\"]")));
    check(p.payload.data == body.data + 1);
    check(eio_payload_next(&r, &p) == 1 && p.type == EIO_PING && p.payload.len == 0);
    check(eio_payload_next(&r, &p) == 1 && p.base64 && span_eq(p.payload, SPAN("AQID")));
    check(eio_payload_next(&r, &p) == 1 && p.type == EIO_CLOSE);
    check(eio_payload_next(&r, &p) == 0);
}

static void ends_at_the_first_packet_that_is_none(void)
{
    reads(SPAN("4a"), 1, 0);
    reads(SPAN(""), 0, EIO_EEMPTY);
    reads(span_of(NULL, 0), 0, EIO_EEMPTY);
    reads(SPAN("4a\x1e"), 1, EIO_EEMPTY);
    reads(SPAN("\x1e"
               "4a"),
          0, EIO_EEMPTY);
    reads(SPAN("4a\x1e\x1e"
               "4b"),
          1, EIO_EEMPTY);
    reads(SPAN("4a\x1ex\x1e"
               "4b"),
          1, EIO_ETYPE);
    reads(SPAN("10:4a"), 1, 0); /* "1" with a payload, whatever it was meant to be */
}

static void writes_packets_with_separators_after_what_is_there(void)
{
    struct bytes b = {0};
    struct eio_payload_writer w = {.out = &b};

    bytes_add_cstr(&b, "\r\n\r\n");
    eio_payload_add_text(&w, SPAN("42[\"a\"]"));
    eio_payload_add_binary(&w, SPAN("\x01\x02\x03\x04"));
    eio_payload_add_binary(&w, SPAN(""));
    eio_payload_add_text(&w, SPAN("6"));
    check(w.packets == 4);
    check(span_eq(bytes_span(&b), SPAN("\r\n\r\n42[\"a\"]\x1e"
                                       "bAQIDBA==\x1e"
                                       "b\x1e"
                                       "6")));
    bytes_finish(&b);
}

static void add_frame(struct bytes *queue, enum ws_opcode opcode, struct span message)
{
    uint8_t head[WS_HEAD_MAX];

    bytes_add(queue, head, ws_frame_encode_head(head, opcode, true, message.len));
    bytes_add_span(queue, message);
}

static void takes_packets_out_of_websocket_frames(void)
{
    struct bytes queue = {0}, b = {0};
    struct eio_payload_writer w = {.out = &b};

    add_frame(&queue, WS_TEXT, SPAN("451-[\"f\",{\"_placeholder\":true,\"num\":0}]"));
    add_frame(&queue, WS_BINARY, SPAN("\x01\x02\x03"));
    add_frame(&queue, WS_BINARY, SPAN(""));
    add_frame(&queue, WS_TEXT, SPAN("2"));
    check(eio_payload_add_frames(&w, span_of(NULL, 0), 16) == 0 && w.packets == 0);
    check(eio_payload_add_frames(&w, bytes_span(&queue), 16) == queue.len);
    check(w.packets == 4);
    check(span_eq(bytes_span(&b), SPAN("451-[\"f\",{\"_placeholder\":true,\"num\":0}]\x1e"
                                       "bAQID\x1e"
                                       "b\x1e"
                                       "2")));
    bytes_finish(&queue);
    bytes_finish(&b);
}

static void takes_frames_of_every_length_form(void)
{
    static const size_t lengths[] = {1, 125, 126, 65535, 65536, 200000};
    struct bytes queue = {0}, message = {0}, b = {0}, want = {0};
    struct eio_payload_writer w = {.out = &b};

    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        bytes_clear(&message);
        bytes_add_byte(&message, '4');
        while (message.len < lengths[i]) {
            bytes_add_byte(&message, (uint8_t)('a' + message.len % 26));
        }
        add_frame(&queue, WS_TEXT, bytes_span(&message));
        bytes_add_cstr(&want, i == 0 ? "" : "\x1e");
        bytes_add_span(&want, bytes_span(&message));
    }
    check(eio_payload_add_frames(&w, bytes_span(&queue), 16) == queue.len);
    check(span_eq(bytes_span(&b), bytes_span(&want)));
    bytes_finish(&queue);
    bytes_finish(&message);
    bytes_finish(&b);
    bytes_finish(&want);
}

static void leaves_the_frames_beyond_the_limit_of_packets(void)
{
    struct bytes queue = {0}, b = {0};
    struct eio_payload_writer w = {.out = &b};

    add_frame(&queue, WS_TEXT, SPAN("4a"));
    add_frame(&queue, WS_TEXT, SPAN("4bc"));
    add_frame(&queue, WS_TEXT, SPAN("4d"));
    check(eio_payload_add_frames(&w, bytes_span(&queue), 2) == 4 + 5);
    check(eio_payload_add_frames(&w, bytes_span(&queue), 2) == 0);
    check(span_eq(bytes_span(&b), SPAN("4a\x1e"
                                       "4bc")));
    w = (struct eio_payload_writer){.out = &b};
    bytes_clear(&b);
    check(eio_payload_add_frames(&w, span_skip(bytes_span(&queue), 9), 2) == 4);
    check(span_eq(bytes_span(&b), SPAN("4d")));
    bytes_finish(&queue);
    bytes_finish(&b);
}

int main(void)
{
    RUN(reads_packets_one_by_one);
    RUN(ends_at_the_first_packet_that_is_none);
    RUN(writes_packets_with_separators_after_what_is_there);
    RUN(takes_packets_out_of_websocket_frames);
    RUN(takes_frames_of_every_length_form);
    RUN(leaves_the_frames_beyond_the_limit_of_packets);
    return tap_done();
}
