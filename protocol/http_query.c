// SPDX-License-Identifier: MIT
#include "protocol/http_query.h"

#include "protocol/utf8.h"

static struct span take_until(struct span *rest, uint8_t separator)
{
    const uint8_t *at = rest->len == 0 ? NULL : memchr(rest->data, separator, rest->len);
    struct span part = {rest->data, at == NULL ? rest->len : (size_t)(at - rest->data)};

    *rest = span_skip(*rest, at == NULL ? part.len : part.len + 1);
    return part;
}

bool http_query_next(struct span *rest, struct span *key, struct span *value)
{
    while (rest->len > 0) {
        struct span pair = take_until(rest, '&');
        if (pair.len > 0) {
            *key = take_until(&pair, '=');
            *value = pair;
            return true;
        }
    }
    return false;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20; /* to lower case */
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that begins at s, and how much of s says so. */
static size_t decode_one(struct span s, uint8_t *byte)
{
    if (s.data[0] == '%' && s.len >= 3) {
        int high = hex_digit(s.data[1]), low = hex_digit(s.data[2]);
        if (high >= 0 && low >= 0) {
            *byte = (uint8_t)(high << 4 | low);
            return 3;
        }
    }
    *byte = s.data[0] == '+' ? ' ' : s.data[0];
    return 1;
}

struct span http_query_of_head(struct span head)
{
    while (span_starts(head, SPAN("\r\n"))) {
        head = span_skip(head, 2);
    }
    const uint8_t *line_end = memchr(head.data, '\r', head.len);
    struct span line = {head.data, line_end == NULL ? 0 : (size_t)(line_end - head.data)};
    const uint8_t *question = line.len == 0 ? NULL : memchr(line.data, '?', line.len);

    if (question == NULL) {
        return (struct span){0};
    }
    struct span query = span_skip(line, (size_t)(question + 1 - line.data));
    const uint8_t *space = query.len == 0 ? NULL : memchr(query.data, ' ', query.len);
    query.len = space == NULL ? query.len : (size_t)(space - query.data);
    return query;
}

bool http_query_eq(struct span encoded, struct span text)
{
    uint8_t byte;

    while (encoded.len > 0 && text.len > 0) {
        encoded = span_skip(encoded, decode_one(encoded, &byte));
        if (byte != text.data[0]) {
            return false;
        }
        text = span_skip(text, 1);
    }
    return encoded.len == 0 && text.len == 0;
}

struct span http_query_get(struct span query, struct span key)
{
    struct span k, v;

    while (http_query_next(&query, &k, &v)) {
        if (http_query_eq(k, key)) {
            return v;
        }
    }
    return (struct span){0};
}

/* Copies text, with U+FFFD for every byte that is not part of a character. */
static void add_repaired(struct bytes *out, struct span text)
{
    const uint8_t *p = text.data, *end = text.len == 0 ? p : p + text.len;

    while (p < end) {
        const uint8_t *next = *p < 0x80 ? p + 1 : utf8_skip_multibyte(p, end);
        if (next == p) {
            bytes_add_span(out, UTF8_REPLACEMENT);
            p++;
        } else {
            bytes_add(out, p, (size_t)(next - p));
            p = next;
        }
    }
}

void http_query_decode(struct span encoded, struct bytes *out)
{
    struct bytes decoded = {0};

    while (encoded.len > 0) {
        uint8_t byte;
        encoded = span_skip(encoded, decode_one(encoded, &byte));
        bytes_add_byte(&decoded, byte);
    }
    add_repaired(out, bytes_span(&decoded));
    bytes_finish(&decoded);
}
