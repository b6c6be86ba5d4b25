// SPDX-License-Identifier: MIT
#include "tools/load/http_response.h"

#include "tests/support/tap.h"

static struct http_head head;
static struct bytes scratch;
static struct span body;

static ssize_t take(struct span in)
{
    return http_response_take(in, &head, &scratch, &body);
}

static void takes_a_body_by_its_length(void)
{
    check(take(SPAN("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1")) == 43);
    check(head.status == 200 && head.keep_alive);
    check_mem(body.data, body.len, "hello", 5);
    check(take(SPAN("HTTP/1.1 400 Bad Request\r\n\r\nHTTP")) == 28);
    check(head.status == 400 && body.len == 0);
}

static void waits_for_what_has_not_come(void)
{
    struct span whole = SPAN("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");

    for (size_t n = 0; n < whole.len; n++) {
        check(take(span_of(whole.data, n)) == 0);
    }
    check(take(whole) == (ssize_t)whole.len);
}

#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

static void puts_chunks_together(void)
{
    struct span in = SPAN(CHUNKED "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\nrest");

    check(take(in) == (ssize_t)in.len - 4);
    check_mem(body.data, body.len, "abc0123456789", 13);
    for (size_t n = 0; n < in.len - 4; n++) {
        check(take(span_of(in.data, n)) == 0);
    }
}

static void refuses_broken_chunks(void)
{
    check(take(SPAN(CHUNKED "x\r\n")) < 0);
    check(take(SPAN(CHUNKED "\r\n")) < 0);
    check(take(SPAN(CHUNKED "3\r\nabcd\r\n")) < 0);
    check(take(SPAN(CHUNKED "ffffffffff\r\n")) < 0);
}

static void refuses_what_is_no_response(void)
{
    check(take(SPAN("GET / HTTP/1.1\r\nHost: h\r\n\r\n")) < 0);
    check(take(SPAN("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n")) < 0);
}

int main(void)
{
    RUN(takes_a_body_by_its_length);
    RUN(waits_for_what_has_not_come);
    RUN(puts_chunks_together);
    RUN(refuses_broken_chunks);
    RUN(refuses_what_is_no_response);
    bytes_finish(&scratch);
    return tap_done();
}
