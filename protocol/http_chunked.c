// SPDX-License-Identifier: MIT
#include "protocol/http_chunked.h"

#include <assert.h>
#include <limits.h>

enum state {
    SIZE_FIRST, /* at the first digit of a size; 0, where a body begins */
    SIZE,       /* behind a digit */
    EXTENSION,
    SIZE_LF, /* behind the CR of the size's line */
    DATA,
    DATA_CR, /* behind the data */
    DATA_LF,
    TRAILER_FIRST, /* at the first byte of a trailer, or the CR of the empty line */
    TRAILER,
    TRAILER_LF,
    LAST_LF, /* behind the CR of the empty line */
    DONE,
};

int http_chunked_error_status(int error)
{
    switch (error) {
    case HTTP_CHUNKED_ETOOBIG:
        return 413;
    case HTTP_CHUNKED_EEXTRAS:
        return 431;
    default:
        return 400;
    }
}

bool http_chunked_done(const struct http_chunked *c)
{
    return c->state == DONE;
}

/* 0..15, or 16 if c is no hexadecimal digit. */
static unsigned hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 'a' - 'A';
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

static int count_extra(struct http_chunked *c)
{
    return ++c->extra_bytes > HTTP_CHUNKED_EXTRA_MAX ? HTTP_CHUNKED_EEXTRAS : 0;
}

static int take_digit(struct http_chunked *c, unsigned digit, uint64_t body_bytes_max)
{
    uint64_t room = body_bytes_max - c->body_bytes;

    if (c->state == SIZE && c->chunk_left == 0) {
        int error = count_extra(c); /* behind a leading zero */
        if (error < 0) {
            return error;
        }
    }
    if (digit > room || c->chunk_left > (room - digit) / 16) {
        return HTTP_CHUNKED_ETOOBIG;
    }
    c->chunk_left = c->chunk_left * 16 + digit;
    c->state = SIZE;
    return 0;
}

static int take_size(struct http_chunked *c, uint8_t byte, uint64_t body_bytes_max)
{
    unsigned digit = hex_digit(byte);

    if (digit < 16) {
        return take_digit(c, digit, body_bytes_max);
    }
    if (c->state == SIZE_FIRST || (byte != '\r' && byte != ';')) {
        return HTTP_CHUNKED_ESYNTAX;
    }
    c->state = byte == '\r' ? SIZE_LF : EXTENSION;
    return 0;
}

/* A byte of an extension or a trailer, or the CR behind it. */
static int take_extra(struct http_chunked *c, uint8_t byte, enum state behind_cr)
{
    if (byte == '\r') {
        c->state = (uint8_t)behind_cr;
        return 0;
    }
    if ((byte < ' ' && byte != '\t') || byte == 0x7F) {
        return HTTP_CHUNKED_ESYNTAX;
    }
    return count_extra(c);
}

static int take_trailer_start(struct http_chunked *c, uint8_t byte)
{
    if (byte == ' ' || byte == '\t') {
        return HTTP_CHUNKED_ESYNTAX;
    }
    c->state = TRAILER;
    return take_extra(c, byte, LAST_LF);
}

static int expect(struct http_chunked *c, uint8_t byte, uint8_t wanted, enum state next)
{
    c->state = (uint8_t)next;
    return byte == wanted ? 0 : HTTP_CHUNKED_ESYNTAX;
}

/* Any byte but those of the data. */
static int take_byte(struct http_chunked *c, uint8_t byte, uint64_t body_bytes_max)
{
    switch ((enum state)c->state) {
    case SIZE_FIRST:
    case SIZE:
        return take_size(c, byte, body_bytes_max);
    case EXTENSION:
        return take_extra(c, byte, SIZE_LF);
    case SIZE_LF:
        c->body_bytes += c->chunk_left;
        return expect(c, byte, '\n', c->chunk_left > 0 ? DATA : TRAILER_FIRST);
    case DATA_CR:
        return expect(c, byte, '\r', DATA_LF);
    case DATA_LF:
        return expect(c, byte, '\n', SIZE_FIRST);
    case TRAILER_FIRST:
        return take_trailer_start(c, byte);
    case TRAILER:
        return take_extra(c, byte, TRAILER_LF);
    case TRAILER_LF:
        return expect(c, byte, '\n', TRAILER_FIRST);
    case LAST_LF:
        return expect(c, byte, '\n', DONE);
    case DATA:
    case DONE:
        break;
    }
    assert(!"data is not taken byte by byte");
    return HTTP_CHUNKED_ESYNTAX;
}

static size_t take_data(struct http_chunked *c, const uint8_t *p, size_t n, struct bytes *body)
{
    if (n > c->chunk_left) {
        n = c->chunk_left;
    }
    bytes_add(body, p, n);
    c->chunk_left -= n;
    if (c->chunk_left == 0) {
        c->state = DATA_CR;
    }
    return n;
}

int http_chunked_feed(struct http_chunked *c, const uint8_t *p, size_t n, struct bytes *body,
                      uint64_t body_bytes_max)
{
    size_t at = 0;

    assert(n <= INT_MAX);

    while (at < n && c->state != DONE) {
        if (c->state == DATA) {
            at += take_data(c, p + at, n - at, body);
            continue;
        }
        int error = take_byte(c, p[at++], body_bytes_max);
        if (error < 0) {
            return error;
        }
    }
    return (int)at;
}
