// SPDX-License-Identifier: MIT
#include "protocol/ws_frame.h"
#include "tests/support/tap.h"

#define DECODE(literal, out) ws_frame_decode_head(SPAN(literal).data, SPAN(literal).len, (out))

static void decodes_a_masked_text_frame(void)
{
    struct ws_frame_head h;

    check(DECODE("\x81\x85\x37\xfa\x21\x3dHello", &h) == 6);
    check(h.fin && h.rsv == 0 && h.opcode == WS_TEXT && h.masked && h.payload_len == 5);
    check_mem(h.mask, WS_MASK_BYTES, "\x37\xfa\x21\x3d", 4);
}

static void decodes_all_three_lengths(void)
{
    struct ws_frame_head h;

    check(DECODE("\x82\x7d", &h) == 2 && h.payload_len == 125 && !h.masked);
    check(DECODE("\x82\x7e\x01\x00", &h) == 4 && h.payload_len == 256);
    check(DECODE("\x82\x7f\0\0\0\0\0\1\0\0", &h) == 10 && h.payload_len == 65536);
    check(DECODE("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", &h) == 10 &&
          h.payload_len == INT64_MAX);
}

static void accepts_lengths_that_are_not_in_the_shortest_form(void)
{
    struct ws_frame_head h;

    check(DECODE("\x82\x7e\x00\x05", &h) == 4 && h.payload_len == 5);
    check(DECODE("\x82\x7f\0\0\0\0\0\0\0\5", &h) == 10 && h.payload_len == 5);
}

static void asks_for_more_until_the_head_is_whole(void)
{
    static const uint8_t head[] = "\x82\xff\0\0\0\0\0\1\0\0\1\2\3\4";
    struct ws_frame_head h;

    for (size_t n = 0; n < WS_HEAD_MAX; n++) {
        check(ws_frame_decode_head(head, n, &h) == 0);
    }
    check(ws_frame_decode_head(head, WS_HEAD_MAX, &h) == WS_HEAD_MAX);
}

static void tells_fragments_and_reserved_bits(void)
{
    struct ws_frame_head h;

    check(DECODE("\x01\x01", &h) == 2 && !h.fin && h.opcode == WS_TEXT);
    check(DECODE("\x80\x01", &h) == 2 && h.fin && h.opcode == WS_CONTINUATION);
    check(DECODE("\xc1\x01", &h) == 2 && h.rsv == WS_RSV1);
    check(DECODE("\xb1\x01", &h) == 2 && h.rsv == (WS_RSV2 | WS_RSV3));
}

static void refuses_reserved_opcodes(void)
{
    static const uint8_t reserved[] = {3, 4, 5, 6, 7, 11, 12, 13, 14, 15};
    struct ws_frame_head h;

    for (size_t i = 0; i < sizeof reserved; i++) {
        uint8_t head[] = {(uint8_t)(0x80 | reserved[i]), 0};
        check(ws_frame_decode_head(head, sizeof head, &h) == WS_EOPCODE);
    }
}

static void refuses_control_frames_that_are_long_or_fragmented(void)
{
    struct ws_frame_head h;

    check(DECODE("\x89\x7d", &h) == 2);
    check(DECODE("\x89\x7e", &h) == WS_ECONTROL);
    check(DECODE("\x8a\x7f", &h) == WS_ECONTROL);
    check(DECODE("\x08\x00", &h) == WS_ECONTROL);
}

static void refuses_a_length_with_the_top_bit(void)
{
    struct ws_frame_head h;

    check(DECODE("\x82\x7f\x80\0\0\0\0\0\0\0", &h) == WS_ELENGTH);
}

static void encodes_server_heads_in_the_shortest_form(void)
{
    uint8_t out[WS_HEAD_MAX];

    check_mem(out, ws_frame_encode_head(out, WS_TEXT, true, 0), "\x81\x00", 2);
    check_mem(out, ws_frame_encode_head(out, WS_BINARY, false, 125), "\x02\x7d", 2);
    check_mem(out, ws_frame_encode_head(out, WS_CONTINUATION, true, 126), "\x80\x7e\x00\x7e", 4);
    check_mem(out, ws_frame_encode_head(out, WS_TEXT, true, 65535), "\x81\x7e\xff\xff", 4);
    check_mem(out, ws_frame_encode_head(out, WS_TEXT, true, 65536), "\x81\x7f\0\0\0\0\0\1\0\0", 10);
    check_mem(out, ws_frame_encode_head(out, WS_PING, true, 1), "\x89\x01", 2);
}

static void encodes_client_heads_with_mask_and_reserved_bits(void)
{
    struct ws_frame_head h = {.opcode = WS_TEXT,
                              .rsv = WS_RSV1,
                              .fin = true,
                              .masked = true,
                              .mask = {1, 2, 3, 4},
                              .payload_len = 300};
    uint8_t out[WS_HEAD_MAX];

    check_mem(out, ws_frame_encode(out, &h), "\xc1\xfe\x01\x2c\1\2\3\4", 8);
}

static void masks_any_length_from_any_phase(void)
{
    static const uint8_t mask[WS_MASK_BYTES] = {0x37, 0xfa, 0x21, 0x3d};
    uint8_t block[64];

    for (size_t phase = 0; phase < 9; phase++) {
        for (size_t n = 0; n <= 40; n++) {
            memset(block, 0xA5, sizeof block);
            ws_mask(block + 3, n, mask, phase);
            for (size_t i = 0; i < sizeof block; i++) {
                bool inside = i >= 3 && i < 3 + n;
                uint8_t want = inside ? (uint8_t)(0xA5 ^ mask[(phase + i - 3) % 4]) : 0xA5;
                check(block[i] == want);
            }
        }
    }
}

static void has_words_for_every_error(void)
{
    for (int error = WS_EOPCODE; error >= WS_EDEFLATE; error--) {
        check(ws_strerror(error) != NULL);
    }
}

int main(void)
{
    RUN(decodes_a_masked_text_frame);
    RUN(decodes_all_three_lengths);
    RUN(accepts_lengths_that_are_not_in_the_shortest_form);
    RUN(asks_for_more_until_the_head_is_whole);
    RUN(tells_fragments_and_reserved_bits);
    RUN(refuses_reserved_opcodes);
    RUN(refuses_control_frames_that_are_long_or_fragmented);
    RUN(refuses_a_length_with_the_top_bit);
    RUN(encodes_server_heads_in_the_shortest_form);
    RUN(encodes_client_heads_with_mask_and_reserved_bits);
    RUN(masks_any_length_from_any_phase);
    RUN(has_words_for_every_error);
    return tap_done();
}
