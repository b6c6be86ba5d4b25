// SPDX-License-Identifier: MIT
#include "protocol/base64.h"

static const char standard[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Writes the whole and the last broken group without padding; returns the characters written. */
static size_t encode(struct span data, const char *alphabet, uint8_t *out)
{
    uint8_t *to = out;
    struct span left = data;

    for (; left.len >= 3; left = span_skip(left, 3)) {
        uint32_t group = (uint32_t)left.data[0] << 16 | left.data[1] << 8 | left.data[2];
        *to++ = (uint8_t)alphabet[group >> 18];
        *to++ = (uint8_t)alphabet[group >> 12 & 63];
        *to++ = (uint8_t)alphabet[group >> 6 & 63];
        *to++ = (uint8_t)alphabet[group & 63];
    }
    if (left.len > 0) {
        uint32_t group = (uint32_t)left.data[0] << 16 | (left.len == 2 ? left.data[1] << 8 : 0);
        *to++ = (uint8_t)alphabet[group >> 18];
        *to++ = (uint8_t)alphabet[group >> 12 & 63];
        if (left.len == 2) {
            *to++ = (uint8_t)alphabet[group >> 6 & 63];
        }
    }
    return (size_t)(to - out);
}

void base64_encode(struct span data, struct bytes *out)
{
    size_t len = BASE64_ENCODED_LEN(data.len);

    if (len != 0) {
        uint8_t *to = bytes_reserve(out, len);
        size_t used = encode(data, standard, to);
        memset(to + used, '=', len - used);
        out->len += len;
    }
}

void base64url_encode(struct span data, uint8_t *out)
{
    (void)encode(data, url, out);
}

/* For each byte of either alphabet the six bits that it stands for, plus one, so that the bytes
 * left out stand for none. */
static const uint8_t sixbits[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
    ['-'] = 63, ['_'] = 64,
};

enum { NO_DIGIT = 1 << 24 }; /* above the bits of any group */

/* The bits of the first n characters at p (2..4) at their places in a group; NO_DIGIT or more if
 * one of them is not in the alphabet. */
static uint32_t group_at(const uint8_t *p, size_t n)
{
    uint32_t group = 0, wrong = 0;

    for (size_t i = 0; i < n; i++) {
        uint32_t bits = sixbits[p[i]];
        wrong |= bits == 0;
        group |= (bits - 1) << (18 - 6 * i);
    }
    return wrong ? NO_DIGIT : group;
}

/* Takes the padding off, if there is any; false if it is not all there. */
static bool strip_padding(struct span *text)
{
    size_t padding = 0;

    while (padding < 2 && padding < text->len && text->data[text->len - 1 - padding] == '=') {
        padding++;
    }
    if (padding != 0 && text->len % 4 != 0) {
        return false;
    }
    text->len -= padding;
    return true;
}

static int decode(struct span text, struct bytes *out)
{
    if (!strip_padding(&text) || text.len % 4 == 1) {
        return BASE64_ELENGTH;
    }
    if (text.len == 0) {
        return 0;
    }
    uint8_t *to = bytes_reserve(out, BASE64_DECODED_MAX(text.len));
    for (size_t at = 0; at < text.len; at += 4) {
        size_t n = text.len - at < 4 ? text.len - at : 4;
        uint32_t group = group_at(text.data + at, n);
        if (group >= NO_DIGIT) {
            return BASE64_EALPHABET;
        }
        for (size_t i = 0; i + 1 < n; i++) {
            *to++ = (uint8_t)(group >> (16 - 8 * i));
        }
    }
    out->len += BASE64_DECODED_MAX(text.len);
    return 0;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static void add_without_space(struct span text, struct bytes *out)
{
    uint8_t *to = bytes_reserve(out, text.len), *begin = to;

    for (size_t i = 0; i < text.len; i++) {
        if (!is_space(text.data[i])) {
            *to++ = text.data[i];
        }
    }
    out->len += (size_t)(to - begin);
}

/* Lines are rare, so they are looked for only where the text makes no sense as it is. */
int base64_decode(struct span text, struct bytes *out)
{
    struct bytes bare = {0};
    int error = decode(text, out);

    if (error < 0) {
        add_without_space(text, &bare);
        error = bare.len < text.len ? decode(bytes_span(&bare), out) : error;
        bytes_finish(&bare);
    }
    return error;
}
