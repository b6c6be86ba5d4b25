// SPDX-License-Identifier: MIT
#include "protocol/json_text.h"
#include "protocol/utf8.h"

#include <assert.h>

/* A string taken apart: runs of bytes that stand for themselves, and characters that were escaped.
 */
struct pieces {
    const uint8_t *at;
    const uint8_t *end; /* the closing quote */
    uint8_t character[UTF8_CHAR_BYTES_MAX];
};

static struct pieces pieces_of(struct json string)
{
    assert(string.type == JSON_STRING);
    return (struct pieces){.at = string.text.data + 1,
                           .end = string.text.data + string.text.len - 1};
}

static uint32_t hex_value(uint8_t c)
{
    return (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

/* The \uXXXX at p, which is its backslash. */
static uint32_t utf16_unit(const uint8_t *p)
{
    return hex_value(p[2]) << 12 | hex_value(p[3]) << 8 | hex_value(p[4]) << 4 | hex_value(p[5]);
}

/* Reads one \uXXXX, or two that are a surrogate pair. */
static uint32_t take_unicode_escape(struct pieces *s)
{
    uint32_t unit = utf16_unit(s->at);

    s->at += 6;
    if (unit < 0xD800 || unit > 0xDFFF) {
        return unit;
    }
    if (unit < 0xDC00 && s->end - s->at >= 6 && s->at[0] == '\\' && s->at[1] == 'u') {
        uint32_t low = utf16_unit(s->at);
        if (low >= 0xDC00 && low <= 0xDFFF) {
            s->at += 6;
            return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        }
    }
    return 0xFFFD;
}

static uint32_t take_escape(struct pieces *s)
{
    uint8_t c = s->at[1];

    if (c == 'u') {
        return take_unicode_escape(s);
    }
    s->at += 2;
    switch (c) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return c; /* '"', '\\' and '/' */
    }
}

/* The next piece, borrowed from the text or, until the next call, from s; false after the last. */
static bool next_piece(struct pieces *s, struct span *piece)
{
    if (s->at == s->end) {
        return false;
    }
    if (*s->at == '\\') {
        size_t len = utf8_encode(take_escape(s), s->character);
        *piece = span_of(s->character, len);
        return true;
    }
    size_t left = (size_t)(s->end - s->at);
    const uint8_t *backslash = memchr(s->at, '\\', left);
    *piece = span_of(s->at, backslash != NULL ? (size_t)(backslash - s->at) : left);
    s->at += piece->len;
    return true;
}

bool json_string_eq(struct json v, struct span utf8)
{
    if (v.type != JSON_STRING || v.text.len - 2 < utf8.len) {
        return false; /* decoding never makes a string longer */
    }
    struct pieces s = pieces_of(v);
    for (struct span piece; next_piece(&s, &piece);) {
        if (!span_starts(utf8, piece)) {
            return false;
        }
        utf8 = span_skip(utf8, piece.len);
    }
    return utf8.len == 0;
}

bool json_string_plain(struct json v, struct span *out)
{
    assert(v.type == JSON_STRING);
    struct span inner = span_of(v.text.data + 1, v.text.len - 2);

    if (memchr(inner.data, '\\', inner.len) != NULL) {
        return false;
    }
    *out = inner;
    return true;
}

void json_string_decode(struct json v, struct bytes *out)
{
    struct pieces s = pieces_of(v);

    for (struct span piece; next_piece(&s, &piece);) {
        bytes_add_span(out, piece);
    }
}
