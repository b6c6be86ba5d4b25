// SPDX-License-Identifier: MIT
#include "protocol/eio3_payload.h"

#include "protocol/ws_frame.h"
#include "tests/support/tap.h"

#define ASTRAL "\xf0\x9f\x98\x80" /* one character, two UTF-16 units, four bytes */

static void reads(struct span body, bool binary, unsigned packets, int end)
{
    struct eio3_payload_reader r;
    struct eio3_packet p;
    unsigned n = 0;
    int rc;

    eio3_payload_begin(&r, body, binary);
    while ((rc = eio3_payload_next(&r, &p)) > 0) {
        n++;
    }
    if (n != packets || rc != end) {
        printf("# %.*s: %u packets, then %d\n", (int)body.len, (const char *)body.data, n, rc);
    }
    check(n == packets && rc == end);
    check(eio3_payload_next(&r, &p) == 0);
}

static void reads_text_by_utf16_units(void)
{
    struct eio3_payload_reader r;
    struct eio3_packet p;

    eio3_payload_begin(&r,
                       SPAN("22:420[\"hello\",{\"\xc3\xa9\":\"x\"}]"
                            "1:2"
                            "6:b4AQID"
                            "3:4" ASTRAL "1:1"),
                       false);
    check(eio3_payload_next(&r, &p) == 1 && p.packet.type == EIO_MESSAGE && !p.packet.base64);
    check(span_eq(p.packet.payload, SPAN("20[\"hello\",{\"\xc3\xa9\":\"x\"}]")));
    check(eio3_payload_next(&r, &p) == 1 && p.packet.type == EIO_PING);
    check(eio3_payload_next(&r, &p) == 1 && p.packet.base64 && !p.is_binary);
    check(span_eq(p.packet.payload, SPAN("AQID")));
    check(eio3_payload_next(&r, &p) == 1 && span_eq(p.packet.payload, SPAN(ASTRAL)));
    check(eio3_payload_next(&r, &p) == 1 && p.packet.type == EIO_CLOSE);
    check(eio3_payload_next(&r, &p) == 0);
}

static void reads_the_binary_form_by_bytes(void)
{
    struct eio3_payload_reader r;
    struct eio3_packet p;

    eio3_payload_begin(&r,
                       SPAN("\0\3\xff"
                            "4\xc3\xa9\1\4\xff\4\1\2\3\1\1\xff\4\0\0\xff\0\0\1\xff"
                            "2"),
                       true);
    check(eio3_payload_next(&r, &p) == 1 && !p.is_binary);
    check(span_eq(p.packet.payload, SPAN("\xc3\xa9")));
    check(eio3_payload_next(&r, &p) == 1 && p.is_binary && p.packet.type == EIO_MESSAGE);
    check(span_eq(p.packet.payload, SPAN("\1\2\3")));
    check(eio3_payload_next(&r, &p) == 1 && p.is_binary && p.packet.payload.len == 0);
    check(eio3_payload_next(&r, &p) == 1 && !p.is_binary && p.packet.type == EIO_PING);
    check(eio3_payload_next(&r, &p) == 0);
}

static void refuses_lengths_that_do_not_fit(void)
{
    reads(SPAN("2:4a"), false, 1, 0);
    reads(SPAN("02:4a0:2:4b"), false, 2, 0);
    reads(SPAN("0:"), false, 0, 0);
    reads(SPAN(""), false, 0, EIO3_EEMPTY);
    reads(SPAN("abc"), false, 0, EIO3_ELENGTH);
    reads(SPAN(":4a"), false, 0, EIO3_ELENGTH);
    reads(SPAN("1e1:4aaaaaaaaa"), false, 0, EIO3_ELENGTH);
    reads(SPAN("3:4a"), false, 0, EIO3_ELENGTH);
    reads(SPAN("2:4a1"), false, 1, EIO3_ELENGTH);
    reads(SPAN("2:4a1:"), false, 1, EIO3_ELENGTH);
    reads(SPAN("99999999999:4a"), false, 0, EIO3_ELENGTH);
    reads(SPAN("2147483648:4a"), false, 0, EIO3_ELENGTH);
    reads(SPAN("2:4" ASTRAL), false, 0, EIO3_ELENGTH);
    reads(SPAN("1:7"), false, 0, EIO3_ETYPE);
    reads(SPAN("1:b"), false, 0, EIO3_ETYPE);
    reads(SPAN("4:b2AA"), false, 0, EIO3_ETYPE);
    reads(SPAN("2:4\xc3"), false, 0, EIO3_ETEXT);
}

static void refuses_broken_binary_payloads(void)
{
    reads(SPAN(""), true, 0, EIO3_EEMPTY);
    reads(SPAN("\0"), true, 0, EIO3_ELENGTH);
    reads(SPAN("\0\1"), true, 0, EIO3_ELENGTH);
    reads(SPAN("\0\xff"), true, 0, EIO3_ELENGTH);
    reads(SPAN("\2\1\xff"
               "2"),
          true, 0, EIO3_ELENGTH);
    reads(SPAN("\0\2\xff"
               "2"),
          true, 0, EIO3_ELENGTH);
    reads(SPAN("\0\x0a\xff"
               "2"),
          true, 0, EIO3_ELENGTH);
    reads(SPAN("\0\0\0\0\0\0\0\0\0\0\0\1\xff"
               "2"),
          true, 0, EIO3_ELENGTH);
    reads(SPAN("\1\1\xff\5"), true, 0, EIO3_ETYPE);
    reads(SPAN("\0\2\xff"
               "4\xff"),
          true, 0, EIO3_ETEXT);
}

static void writes(const struct span *packets, const bool *is_binary, size_t count,
                   bool base64_only, struct span want)
{
    struct eio3_payload_writer w;
    struct bytes out = {0};

    bytes_add_cstr(&out, "12:before");
    eio3_payload_open(&w, &out, base64_only);
    for (size_t i = 0; i < count; i++) {
        if (is_binary[i]) {
            eio3_payload_add_binary(&w, packets[i]);
        } else {
            eio3_payload_add_text(&w, packets[i]);
        }
    }
    check(w.packets == count);
    check_mem(out.data, 9, "12:before", 9);
    check_mem(out.data + 9, out.len - 9, want.data, want.len);
    bytes_finish(&out);
}

static void writes_what_the_peer_takes(void)
{
    const struct span packets[] = {SPAN("4hello"), SPAN("4\xc3\xa9" ASTRAL), SPAN("\1\2\3\4"),
                                   SPAN("2")};
    const bool is_binary[] = {false, false, true, false};

    writes(packets, is_binary, 2, false, SPAN("6:4hello4:4\xc3\xa9" ASTRAL));
    writes(packets, is_binary, 4, true, SPAN("6:4hello4:4\xc3\xa9" ASTRAL "10:b4AQIDBA==1:2"));
    writes(packets, is_binary, 4, false,
           SPAN("\0\6\xff"
                "4hello\0\7\xff"
                "4\xc3\xa9" ASTRAL "\1\5\xff\4\1\2\3\4\0\1\xff"
                "2"));
}

static void writes_lengths_of_several_digits(void)
{
    static const uint8_t zeros[120];
    struct eio3_payload_writer w;
    struct bytes out = {0};

    eio3_payload_open(&w, &out, false);
    eio3_payload_add_binary(&w, span_of(zeros, sizeof zeros));
    check(w.binary && out.len == 6 + sizeof zeros);
    check_mem(out.data, 6, "\1\1\2\1\xff\4", 6);
    bytes_finish(&out);
}

static void add_frame(struct bytes *queue, enum ws_opcode opcode, struct span message)
{
    uint8_t head[WS_HEAD_MAX];

    bytes_add(queue, head, ws_frame_encode_head(head, opcode, true, message.len));
    bytes_add_span(queue, message);
}

static void takes_packets_out_of_websocket_frames(void)
{
    struct bytes queue = {0}, out = {0};
    struct eio3_payload_writer w;

    add_frame(&queue, WS_TEXT, SPAN("4a"));
    add_frame(&queue, WS_BINARY, SPAN("\1\2"));
    add_frame(&queue, WS_TEXT, SPAN("4b"));
    eio3_payload_open(&w, &out, true);
    check(eio3_payload_add_frames(&w, bytes_span(&queue), 1) == 4);
    check(eio3_payload_add_frames(&w, span_skip(bytes_span(&queue), 4), 9) == queue.len - 4);
    check(span_eq(bytes_span(&out), SPAN("2:4a6:b4AQI=2:4b")));
    bytes_finish(&queue);
    bytes_finish(&out);
}

static void gives_binary_frames_their_type(void)
{
    static const uint8_t zeros[125];
    struct bytes queue = {0}, out = {0}, want = {0};

    add_frame(&queue, WS_TEXT, SPAN("4a"));
    check(!eio3_frames_differ(bytes_span(&queue)) && !eio3_frames_differ(span_of(NULL, 0)));
    add_frame(&queue, WS_BINARY, SPAN("\1\2"));
    add_frame(&queue, WS_BINARY, SPAN(""));
    add_frame(&queue, WS_BINARY, span_of(zeros, sizeof zeros)); /* its head becomes longer, too */
    check(eio3_frames_differ(bytes_span(&queue)));
    add_frame(&want, WS_TEXT, SPAN("4a"));
    add_frame(&want, WS_BINARY, SPAN("\4\1\2"));
    add_frame(&want, WS_BINARY, SPAN("\4"));
    bytes_add(&want, "\x82\x7e\0\x7e\4", 5);
    bytes_add(&want, zeros, sizeof zeros);
    eio3_frames_encode(&out, bytes_span(&queue));
    check(span_eq(bytes_span(&out), bytes_span(&want)));
    bytes_finish(&queue);
    bytes_finish(&out);
    bytes_finish(&want);
}

static void takes_the_type_off_binary_messages(void)
{
    struct span data;

    check(eio3_message_decode(SPAN("\4\1"), &data) == 0 && span_eq(data, SPAN("\1")));
    check(eio3_message_decode(SPAN("\4"), &data) == 0 && data.len == 0);
    check(eio3_message_decode(SPAN(""), &data) == EIO3_EEMPTY);
    check(eio3_message_decode(SPAN("4a"), &data) == EIO3_ETYPE);
}

int main(void)
{
    RUN(reads_text_by_utf16_units);
    RUN(reads_the_binary_form_by_bytes);
    RUN(refuses_lengths_that_do_not_fit);
    RUN(refuses_broken_binary_payloads);
    RUN(writes_what_the_peer_takes);
    RUN(writes_lengths_of_several_digits);
    RUN(takes_packets_out_of_websocket_frames);
    RUN(gives_binary_frames_their_type);
    RUN(takes_the_type_off_binary_messages);
    return tap_done();
}
