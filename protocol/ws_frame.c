// SPDX-License-Identifier: MIT
#include "protocol/ws_frame.h"

#include <assert.h>

enum {
    FIN_BIT = 0x80,
    MASK_BIT = 0x80,
    RSV_SHIFT = 4,
    RSV_BITS = 7,
    OPCODE_BITS = 0x0F,
    LENGTH_BITS = 0x7F,
    LENGTH_16 = 126, /* in place of a length: 2 bytes of it follow */
    LENGTH_64 = 127, /* 8 bytes follow */
    SHORT_MAX = 125,
};

const char *ws_strerror(int error)
{
    static const char *const texts[] = {
        [-WS_EOPCODE] = "reserved opcode",
        [-WS_ECONTROL] = "control frame fragmented or too long",
        [-WS_ELENGTH] = "frame length beyond 63 bits",
        [-WS_ERSV] = "reserved bit set",
        [-WS_EMASK] = "masking not as the role demands",
        [-WS_EFRAGMENT] = "fragments out of order",
        [-WS_ECLOSE] = "malformed close frame",
        [-WS_EUTF8] = "text is not UTF-8",
        [-WS_ETOOBIG] = "message too big",
        [-WS_EDEFLATE] = "malformed compressed message",
    };

    assert(error < 0 && error >= WS_EDEFLATE);
    return texts[-error];
}

static bool opcode_known(unsigned opcode)
{
    return opcode <= WS_BINARY || (opcode >= WS_CLOSE && opcode <= WS_PONG);
}

/* Errors that the first two bytes show. */
static int check_start(const uint8_t *p)
{
    unsigned opcode = p[0] & OPCODE_BITS;

    if (!opcode_known(opcode)) {
        return WS_EOPCODE;
    }
    if (ws_opcode_is_control((enum ws_opcode)opcode) &&
        ((p[0] & FIN_BIT) == 0 || (p[1] & LENGTH_BITS) > WS_CONTROL_MAX)) {
        return WS_ECONTROL;
    }
    return 0;
}

int ws_frame_decode_head(const uint8_t *p, size_t n, struct ws_frame_head *out)
{
    if (n < 2) {
        return 0;
    }
    int error = check_start(p);
    if (error < 0) {
        return error;
    }
    uint64_t len = p[1] & LENGTH_BITS;
    bool masked = (p[1] & MASK_BIT) != 0;
    size_t length_bytes = len == LENGTH_16 ? 2 : len == LENGTH_64 ? 8 : 0;
    size_t head_len = 2 + length_bytes + (masked ? WS_MASK_BYTES : 0);
    if (n < head_len) {
        return 0;
    }
    if (len == LENGTH_16) {
        len = load_be16(p + 2);
    } else if (len == LENGTH_64) {
        len = load_be64(p + 2);
    }
    if (len > INT64_MAX) {
        return WS_ELENGTH;
    }
    *out = (struct ws_frame_head){
        .opcode = (enum ws_opcode)(p[0] & OPCODE_BITS),
        .rsv = p[0] >> RSV_SHIFT & RSV_BITS,
        .fin = (p[0] & FIN_BIT) != 0,
        .masked = masked,
        .payload_len = len,
    };
    if (masked) {
        memcpy(out->mask, p + head_len - WS_MASK_BYTES, WS_MASK_BYTES);
    }
    return (int)head_len;
}

size_t ws_frame_encode(uint8_t out[WS_HEAD_MAX], const struct ws_frame_head *head)
{
    uint64_t len = head->payload_len;
    size_t at = 2;

    assert(len <= INT64_MAX);
    assert(!ws_opcode_is_control(head->opcode) || (head->fin && len <= WS_CONTROL_MAX));

    out[0] = (uint8_t)((head->fin ? FIN_BIT : 0) | head->rsv << RSV_SHIFT | head->opcode);
    if (len <= SHORT_MAX) {
        out[1] = (uint8_t)len;
    } else if (len <= UINT16_MAX) {
        out[1] = LENGTH_16;
        store_be16(out + at, (uint16_t)len);
        at += 2;
    } else {
        out[1] = LENGTH_64;
        store_be64(out + at, len);
        at += 8;
    }
    if (head->masked) {
        out[1] |= MASK_BIT;
        memcpy(out + at, head->mask, WS_MASK_BYTES);
        at += WS_MASK_BYTES;
    }
    return at;
}

size_t ws_frame_encode_head(uint8_t out[WS_HEAD_MAX], enum ws_opcode opcode, bool fin,
                            uint64_t payload_len)
{
    return ws_frame_encode(
        out, &(struct ws_frame_head){.opcode = opcode, .fin = fin, .payload_len = payload_len});
}

struct span ws_frames_take(struct span *frames, bool *is_binary)
{
    struct ws_frame_head head;
    int head_len = ws_frame_decode_head(frames->data, frames->len, &head);

    assert(head_len > 0);
    assert(head.fin && head.rsv == 0 && !head.masked);
    assert(head.opcode == WS_TEXT || head.opcode == WS_BINARY);
    struct span rest = span_skip(*frames, (size_t)head_len);
    assert(head.payload_len <= rest.len);
    struct span message = span_of(rest.data, (size_t)head.payload_len);
    *frames = span_skip(rest, message.len);
    *is_binary = head.opcode == WS_BINARY;
    return message;
}

void ws_mask(uint8_t *p, size_t n, const uint8_t mask[WS_MASK_BYTES], size_t phase)
{
    uint32_t key;
    uint64_t key_word, word;

    memcpy(&key, mask, sizeof key);
    unsigned turn = (unsigned)(phase % WS_MASK_BYTES) * 8;
    key_word = key >> turn | (uint64_t)key << (32 - turn); /* little-endian: low bytes come first */
    key_word = (uint32_t)key_word | key_word << 32;
    for (; n >= sizeof word; p += sizeof word, n -= sizeof word) {
        memcpy(&word, p, sizeof word);
        word ^= key_word;
        memcpy(p, &word, sizeof word);
    }
    for (; n > 0; p++, n--) {
        *p ^= (uint8_t)key_word;
        key_word >>= 8;
    }
}
