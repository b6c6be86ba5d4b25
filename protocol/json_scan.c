// SPDX-License-Identifier: MIT
#include "protocol/json_text.h"
#include "protocol/utf8.h"

#include <assert.h>

/* Scanning functions take the place where something begins and return the place after it, or NULL
 * with the reason in scan.error. */
struct scan {
    const uint8_t *end;
    int error;
    unsigned depth;                  /* containers open */
    uint8_t closers[JSON_DEPTH_MAX]; /* of each of them, the bracket that will close it */
};

/* The byte at p, or at the end of the text NUL, which no token begins with. */
static uint8_t peek(const struct scan *s, const uint8_t *p)
{
    return p < s->end ? *p : 0;
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(uint8_t c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* An escape, p being after its backslash. */
static const uint8_t *scan_escape(const struct scan *s, const uint8_t *p)
{
    switch (peek(s, p)) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return p + 1;
    case 'u':
        if (s->end - p < 5 || !is_hex(p[1]) || !is_hex(p[2]) || !is_hex(p[3]) || !is_hex(p[4])) {
            return NULL;
        }
        return p + 5;
    default:
        return NULL;
    }
}

/* A string, p being after its opening quote. */
static const uint8_t *scan_string(struct scan *s, const uint8_t *p)
{
    for (;;) {
        p = json_skip_plain(p, s->end);
        uint8_t c = peek(s, p);
        if (c == '"') {
            return p + 1;
        }
        if (c == '\\') {
            p = scan_escape(s, p + 1);
            if (p == NULL) {
                return NULL;
            }
        } else if (c >= 0x80) {
            p = utf8_skip_multibyte(p, s->end);
            if (peek(s, p) >= 0x80) {
                s->error = JSON_EUTF8;
                return NULL;
            }
        } else {
            return NULL; /* the end, or a raw control character */
        }
    }
}

/* One digit or more. */
static const uint8_t *scan_digits(const struct scan *s, const uint8_t *p)
{
    if (!is_digit(peek(s, p))) {
        return NULL;
    }
    do {
        p++;
    } while (is_digit(peek(s, p)));
    return p;
}

static const uint8_t *scan_number(const struct scan *s, const uint8_t *p)
{
    p += *p == '-';
    p = peek(s, p) == '0' ? p + 1 : scan_digits(s, p);
    if (p != NULL && peek(s, p) == '.') {
        p = scan_digits(s, p + 1);
    }
    if (p != NULL && (peek(s, p) | 0x20) == 'e') {
        p++;
        p += peek(s, p) == '+' || peek(s, p) == '-';
        p = scan_digits(s, p);
    }
    return p;
}

static const uint8_t *scan_literal(const struct scan *s, const uint8_t *p, struct span word)
{
    return span_starts(span_of(p, (size_t)(s->end - p)), word) ? p + word.len : NULL;
}

static const uint8_t *scan_scalar(struct scan *s, const uint8_t *p)
{
    switch (peek(s, p)) {
    case '"':
        return scan_string(s, p + 1);
    case 't':
        return scan_literal(s, p, SPAN("true"));
    case 'f':
        return scan_literal(s, p, SPAN("false"));
    case 'n':
        return scan_literal(s, p, SPAN("null"));
    case '-':
        return scan_number(s, p);
    default:
        return is_digit(peek(s, p)) ? scan_number(s, p) : NULL;
    }
}

/* The key of a member and its colon, up to its value. */
static const uint8_t *scan_key(struct scan *s, const uint8_t *p)
{
    if (peek(s, p) != '"') {
        return NULL;
    }
    p = scan_string(s, p + 1);
    if (p == NULL) {
        return NULL;
    }
    p = json_skip_space(p, s->end);
    return peek(s, p) == ':' ? json_skip_space(p + 1, s->end) : NULL;
}

/* What comes before the next value of the innermost container: in an object, its key. */
static const uint8_t *scan_to_value(struct scan *s, const uint8_t *p)
{
    p = json_skip_space(p, s->end);
    return s->closers[s->depth - 1] == '}' ? scan_key(s, p) : p;
}

/* What follows a value: closing brackets, then a comma and the way to the next value, or the end.
 */
static const uint8_t *scan_after_value(struct scan *s, const uint8_t *p)
{
    while (s->depth > 0) {
        p = json_skip_space(p, s->end);
        uint8_t c = peek(s, p);
        if (c == ',') {
            return scan_to_value(s, p + 1);
        }
        if (c != s->closers[s->depth - 1]) {
            return NULL;
        }
        s->depth--;
        p++;
    }
    return p;
}

/* An opening bracket and the way to the first value, or to the closing bracket if there is none;
 * *empty tells which. */
static const uint8_t *scan_open(struct scan *s, const uint8_t *p, unsigned depth_max, bool *empty)
{
    if (s->depth == depth_max) {
        s->error = JSON_EDEPTH;
        return NULL;
    }
    uint8_t closer = *p == '[' ? ']' : '}';
    s->closers[s->depth++] = closer;
    p = json_skip_space(p + 1, s->end);
    *empty = peek(s, p) == closer;
    return *empty ? p : scan_to_value(s, p);
}

int json_parse(struct span text, unsigned depth_max, struct json *out)
{
    assert(depth_max <= JSON_DEPTH_MAX);

    struct scan s; /* not all of it: clearing the stack would cost more than a short text */
    s.end = text.len == 0 ? text.data : text.data + text.len;
    s.error = JSON_ESYNTAX;
    s.depth = 0;
    const uint8_t *begin = json_skip_space(text.data, s.end), *p = begin;

    do {
        bool complete = true;
        if (peek(&s, p) == '[' || peek(&s, p) == '{') {
            p = scan_open(&s, p, depth_max, &complete);
        } else {
            p = scan_scalar(&s, p);
        }
        if (p != NULL && complete) {
            p = scan_after_value(&s, p);
        }
        if (p == NULL) {
            return s.error;
        }
    } while (s.depth > 0);
    if (json_skip_space(p, s.end) != s.end) {
        return JSON_ESYNTAX;
    }
    *out = json_between(begin, p);
    return 0;
}
