// SPDX-License-Identifier: MIT
#include "protocol/utf8.h"

#include <assert.h>

enum { WORD_BYTES = 8 };

#define HIGH_BITS UINT64_C(0x8080808080808080)

static bool is_continuation(uint8_t c)
{
    return (c & 0xC0) == 0x80;
}

/* Bytes of the non-ASCII character at p, 0 if those that are there make none. */
static inline size_t multibyte_len(const uint8_t *p, size_t left)
{
    uint8_t c = p[0];

    if (c < 0xC2 || left < 2 || !is_continuation(p[1])) {
        return 0;
    }
    if (c < 0xE0) {
        return 2;
    }
    if (left < 3 || !is_continuation(p[2])) {
        return 0;
    }
    uint32_t head =
        (uint32_t)c << 8 | p[1]; /* the first two bytes decide what the shape does not */
    if (c < 0xF0) {
        return head >= 0xE0A0 && (head < 0xEDA0 || head >= 0xEE80) ? 3 : 0;
    }
    if (left < 4 || !is_continuation(p[3])) {
        return 0;
    }
    return head >= 0xF090 && head < 0xF490 ? 4 : 0;
}

const uint8_t *utf8_skip_multibyte(const uint8_t *p, const uint8_t *end)
{
    while (p < end && *p >= 0x80) {
        size_t n = multibyte_len(p, (size_t)(end - p));
        if (n == 0) {
            break;
        }
        p += n;
    }
    return p;
}

static const uint8_t *skip_ascii(const uint8_t *p, const uint8_t *end)
{
    for (uint64_t word; end - p >= WORD_BYTES; p += WORD_BYTES) {
        memcpy(&word, p, sizeof word);
        if ((word & HIGH_BITS) != 0) {
            break;
        }
    }
    while (p < end && *p < 0x80) {
        p++;
    }
    return p;
}

/* Takes the first byte of a character of several. */
static int begin_char(struct utf8_state *s, uint8_t c)
{
    if (c < 0xC2 || c > 0xF4) {
        return UTF8_EINVALID;
    }
    s->missing = c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
    s->low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
    s->high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
    return 0;
}

static int continue_char(struct utf8_state *s, uint8_t c)
{
    if (c < s->low || c > s->high) {
        return UTF8_EINVALID;
    }
    s->missing--;
    s->low = 0x80;
    s->high = 0xBF;
    return 0;
}

int utf8_feed(struct utf8_state *s, const uint8_t *data, size_t len)
{
    const uint8_t *p = data, *end = len == 0 ? data : data + len;

    while (p < end) {
        if (s->missing == 0) {
            p = utf8_skip_multibyte(skip_ascii(p, end), end);
            if (p == end || *p < 0x80) {
                continue;
            }
        }
        /* A character that the pieces cut, or a wrong one: byte by byte, to tell which. */
        int error = s->missing == 0 ? begin_char(s, *p) : continue_char(s, *p);
        if (error < 0) {
            return error;
        }
        p++;
    }
    return 0;
}

bool utf8_valid(struct span s)
{
    struct utf8_state state = {0};

    return utf8_feed(&state, s.data, s.len) == 0 && utf8_complete(state);
}

size_t utf8_encode(uint32_t code_point, uint8_t out[UTF8_CHAR_BYTES_MAX])
{
    assert(code_point <= 0x10FFFF);
    assert(code_point < 0xD800 || code_point > 0xDFFF);

    if (code_point < 0x80) {
        out[0] = (uint8_t)code_point;
        return 1;
    }
    if (code_point < 0x800) {
        out[0] = (uint8_t)(0xC0 | code_point >> 6);
        out[1] = (uint8_t)(0x80 | (code_point & 0x3F));
        return 2;
    }
    if (code_point < 0x10000) {
        out[0] = (uint8_t)(0xE0 | code_point >> 12);
        out[1] = (uint8_t)(0x80 | (code_point >> 6 & 0x3F));
        out[2] = (uint8_t)(0x80 | (code_point & 0x3F));
        return 3;
    }
    out[0] = (uint8_t)(0xF0 | code_point >> 18);
    out[1] = (uint8_t)(0x80 | (code_point >> 12 & 0x3F));
    out[2] = (uint8_t)(0x80 | (code_point >> 6 & 0x3F));
    out[3] = (uint8_t)(0x80 | (code_point & 0x3F));
    return 4;
}

uint32_t utf8_take(struct span *s)
{
    assert(s->len > 0);

    uint8_t first = s->data[0];
    size_t len = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (len > s->len || !utf8_valid(span_of(s->data, len))) {
        *s = span_skip(*s, 1);
        return 0xFFFD;
    }
    uint32_t code_point = len == 1 ? first : first & (0x7FU >> len);
    for (size_t i = 1; i < len; i++) {
        code_point = code_point << 6 | (s->data[i] & 0x3F);
    }
    *s = span_skip(*s, len);
    return code_point;
}
