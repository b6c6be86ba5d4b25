// SPDX-License-Identifier: MIT
#include "protocol/json_text.h"
#include "protocol/utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void write_escaped(struct bytes *b, uint8_t c)
{
    static const uint8_t hex[] = "0123456789abcdef";
    static const uint8_t letters[] = "btn\0fr"; /* of \b \t \n, nothing, \f \r: from 8 on */
    uint8_t letter = c >= ' ' ? c : c >= '\b' && c <= '\r' ? letters[c - '\b'] : 0;

    if (letter != 0) {
        bytes_add(b, (uint8_t[]){'\\', letter}, 2);
    } else {
        bytes_add(b, (uint8_t[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 0xF]}, 6);
    }
}

/* Past the longest beginning of p that goes into a string as it is. */
static const uint8_t *skip_raw(const uint8_t *p, const uint8_t *end)
{
    for (;;) {
        p = json_skip_plain(p, end);
        const uint8_t *next = utf8_skip_multibyte(p, end);
        if (next == p) {
            return p;
        }
        p = next;
    }
}

void json_write_string(struct bytes *b, struct span utf8)
{
    const uint8_t *p = utf8.data, *end = utf8.len == 0 ? p : p + utf8.len;

    bytes_add_byte(b, '"');
    while (p < end) {
        const uint8_t *stop = skip_raw(p, end);
        bytes_add(b, p, (size_t)(stop - p));
        if (stop == end) {
            break;
        }
        if (*stop < 0x80) {
            write_escaped(b, *stop);
        } else {
            bytes_add_span(b, UTF8_REPLACEMENT);
        }
        p = stop + 1;
    }
    bytes_add_byte(b, '"');
}

void json_write_i64(struct bytes *b, int64_t n)
{
    if (n < 0) {
        bytes_add_byte(b, '-');
    }
    bytes_add_u64(b, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
}

void json_write_double(struct bytes *b, double d)
{
    enum { DIGITS_MIN = 15, DIGITS_MAX = 17, TEXT_BYTES = 32 };
    static const double two_64 = 18446744073709551616.0;
    char text[TEXT_BYTES];
    int len = 0;

    if (!isfinite(d)) {
        bytes_add_cstr(b, "null");
        return;
    }
    if (fabs(d) < two_64 && fabs(d) == (double)(uint64_t)fabs(d)) {
        bytes_add_cstr(b, d < 0 ? "-" : "");
        bytes_add_u64(b, (uint64_t)fabs(d));
        return;
    }
    for (int digits = DIGITS_MIN; digits <= DIGITS_MAX; digits++) {
        len = snprintf(text, sizeof text, "%.*g", digits, d);
        if (strtod(text, NULL) == d) {
            break;
        }
    }
    for (int i = 0; i < len; i++) { /* a locale may have another decimal point */
        bool other = (text[i] < '0' || text[i] > '9') && strchr("+-e", text[i]) == NULL;
        bytes_add_byte(b, other ? '.' : (uint8_t)text[i]);
    }
}

void json_write_key(struct bytes *b, struct span key)
{
    json_write_comma(b);
    json_write_string(b, key);
    bytes_add_byte(b, ':');
}
