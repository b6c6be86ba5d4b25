/* Bytes: the borrowed span that every decoder hands out, and the growing buffer that every
 * encoder writes into.
 *
 *   struct span    points into memory that somebody else owns; lives as long as that does.
 *   struct bytes   owns its memory; grows by doubling; aborts when the process has none left,
 *                  so encoders need no error path (what a peer can make grow is bounded by the
 *                  callers' limits, never here). A zeroed struct is an empty buffer.
 *
 * Nothing here is shared between threads. */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_BYTES_H
#define PROTOCOL_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MUST_USE __attribute__((warn_unused_result))

struct span {
    const uint8_t *data;
    size_t len; /* bytes */
};

/* A string literal as a span, without its NUL: SPAN("GET"). */
#define SPAN(literal) ((struct span){(const uint8_t *)("" literal), sizeof(literal) - 1})

static inline struct span span_of(const void *data, size_t len)
{
    return (struct span){(const uint8_t *)data, len};
}

static inline struct span span_cstr(const char *s)
{
    return (struct span){(const uint8_t *)s, strlen(s)};
}

static inline bool span_eq(struct span a, struct span b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool span_starts(struct span s, struct span prefix)
{
    return s.len >= prefix.len && (prefix.len == 0 || memcmp(s.data, prefix.data, prefix.len) == 0);
}

/* What is left of s after its first n bytes (n <= s.len). */
static inline struct span span_skip(struct span s, size_t n)
{
    return (struct span){s.data + n, s.len - n};
}

/* ASCII letters compared without case, as HTTP field names are. */
bool span_eq_nocase(struct span a, struct span b);

/* Reads s as an unsigned decimal number: digits only, at least one, no sign or space. Returns 0 and
 * sets *out, or -1 (empty, not a digit, above max) and leaves *out alone. */
MUST_USE int span_to_u64(struct span s, uint64_t max, uint64_t *out);

struct bytes {
    uint8_t *data;
    size_t len; /* bytes in use */
    size_t cap; /* bytes allocated */
};

/* Frees the memory and leaves an empty buffer, ready for use again. */
void bytes_finish(struct bytes *b);

/* Forgets the content and keeps the memory. */
static inline void bytes_clear(struct bytes *b)
{
    b->len = 0;
}

/* What bytes_reserve does when there is no room. */
void bytes_grow(struct bytes *b, size_t n);

/* Makes room for n more bytes and returns where they go; the caller fills them and adds to b->len
 * what it used. The pointer is good until the next call on b. */
static inline uint8_t *bytes_reserve(struct bytes *b, size_t n)
{
    if (b->cap - b->len < n || b->data == NULL) { /* room for nothing is a place, too */
        bytes_grow(b, n);
    }
    return b->data + b->len;
}

static inline void bytes_add(struct bytes *b, const void *data, size_t len)
{
    if (len != 0) {
        memcpy(bytes_reserve(b, len), data, len);
        b->len += len;
    }
}

static inline void bytes_add_byte(struct bytes *b, uint8_t c)
{
    *bytes_reserve(b, 1) = c;
    b->len++;
}

void bytes_add_u64(struct bytes *b, uint64_t n); /* in decimal */

static inline void bytes_add_span(struct bytes *b, struct span s)
{
    bytes_add(b, s.data, s.len);
}

static inline void bytes_add_cstr(struct bytes *b, const char *s)
{
    bytes_add(b, s, strlen(s));
}

/* What has been written, borrowed until the next call that changes b. */
static inline struct span bytes_span(const struct bytes *b)
{
    return (struct span){b->data, b->len};
}

/* Big-endian numbers, as the wire has them; p need not be aligned. */
static inline uint16_t load_be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint64_t load_be64(const uint8_t *p)
{
    uint64_t n;
    memcpy(&n, p, sizeof n);
    return __builtin_bswap64(n);
}

static inline void store_be16(uint8_t *p, uint16_t n)
{
    p[0] = (uint8_t)(n >> 8);
    p[1] = (uint8_t)n;
}

static inline void store_be64(uint8_t *p, uint64_t n)
{
    n = __builtin_bswap64(n);
    memcpy(p, &n, sizeof n);
}

#endif
