// SPDX-License-Identifier: MIT
#include <assert.h>

#include "protocol/http_head.h"

/* Small limits, so that the fuzzer gets beyond them; wide ones for what is written anew. */
static const struct http_head_limits small = {
    .head_bytes_max = 600, .request_line_bytes_max = 200, .headers_max = 10};
static const struct http_head_limits wide = {
    .head_bytes_max = 8192, .request_line_bytes_max = 8192, .headers_max = HTTP_HEADERS_MAX};

typedef int (*parse_fn)(const uint8_t *p, size_t n, size_t scanned,
                        const struct http_head_limits *limits, struct http_head *out);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_accepted(const struct http_head *h)
{
    assert(h->header_count <= small.headers_max);
    assert(!h->chunked || (h->content_length == -1 && h->minor == 1));
    for (unsigned i = 0; i < h->header_count; i++) {
        struct span name = h->headers[i].name, value = h->headers[i].value;
        assert(name.len > 0);
        assert(memchr(name.data, ' ', name.len) == NULL &&
               memchr(name.data, ':', name.len) == NULL);
        for (size_t k = 0; k < value.len; k++) {
            assert(value.data[k] == '\t' || (value.data[k] >= ' ' && value.data[k] != 0x7F));
        }
        assert(http_head_get(h, name).data != NULL);
    }
}

static void write_again(const struct http_head *h, struct bytes *out)
{
    if (h->status != 0) {
        bytes_add_cstr(out, h->minor == 1 ? "HTTP/1.1 " : "HTTP/1.0 ");
        bytes_add_u64(out, (uint64_t)h->status);
        bytes_add_cstr(out, " again");
    } else {
        bytes_add_span(out, h->method);
        bytes_add_byte(out, ' ');
        bytes_add_span(out, h->target);
        bytes_add_cstr(out, h->minor == 1 ? " HTTP/1.1" : " HTTP/1.0");
    }
    for (unsigned i = 0; i < h->header_count; i++) {
        bytes_add_cstr(out, "\r\n");
        bytes_add_span(out, h->headers[i].name);
        bytes_add_byte(out, ':');
        bytes_add_span(out, h->headers[i].value);
    }
    bytes_add_cstr(out, "\r\n\r\n");
}

static void check_round_trip(parse_fn parse, const struct http_head *h)
{
    struct bytes again = {0};
    struct http_head g;

    write_again(h, &again);
    assert(parse(again.data, again.len, 0, &wide, &g) == (int)again.len);
    assert(span_eq(h->method, g.method) && span_eq(h->target, g.target));
    assert(span_eq(h->path, g.path) && span_eq(h->query, g.query));
    assert(h->status == g.status && h->minor == g.minor);
    assert(h->content_length == g.content_length && h->chunked == g.chunked);
    assert(h->keep_alive == g.keep_alive && h->upgrade == g.upgrade);
    assert(h->expect_continue == g.expect_continue && h->header_count == g.header_count);
    for (unsigned i = 0; i < h->header_count; i++) {
        assert(span_eq(h->headers[i].name, g.headers[i].name));
        assert(span_eq(h->headers[i].value, g.headers[i].value));
    }
    bytes_finish(&again);
}

/* Crumbs of 1..7 bytes must be judged as the whole is. */
static void check_crumbs(parse_fn parse, struct span s, int whole)
{
    struct http_head h;
    size_t n = 0, scanned = 0;
    int got = parse(s.data, 0, 0, &small, &h);

    while (got == 0 && n < s.len) {
        scanned = n;
        n += 1 + n % 7;
        n = n < s.len ? n : s.len;
        got = parse(s.data, n, scanned, &small, &h);
    }
    assert(whole < 0 ? got < 0 : got == whole);
}

static void check_parser(parse_fn parse, struct span s)
{
    struct http_head h;
    int got = parse(s.data, s.len, 0, &small, &h);

    assert(got <= (int)s.len && got >= HTTP_EHEADTOOBIG);
    if (got < 0) {
        assert(http_error_status(got) >= 400);
    } else if (got > 0) {
        assert((size_t)got <= small.head_bytes_max);
        check_accepted(&h);
        check_round_trip(parse, &h);
    } else {
        assert(s.len < small.head_bytes_max);
    }
    check_crumbs(parse, s, got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    check_parser(http_head_parse, span_of(data, len));
    check_parser(http_head_parse_response, span_of(data, len));
    (void)http_list_has(span_of(data, len), SPAN("upgrade"));
    return 0;
}
