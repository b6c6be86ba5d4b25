// SPDX-License-Identifier: MIT
#include "protocol/http_chunked.h"
#include "tests/support/tap.h"

enum { LIMIT = 300 };

/* Feeds coded in pieces of `piece` bytes up to the end of the body or an error, which it returns;
 * else how many bytes were taken. */
static int feed(struct http_chunked *c, struct span coded, size_t piece, struct bytes *body)
{
    size_t taken = 0;

    while (taken < coded.len && !http_chunked_done(c)) {
        size_t n = coded.len - taken < piece ? coded.len - taken : piece;
        int k = http_chunked_feed(c, coded.data + taken, n, body, LIMIT);
        if (k < 0) {
            return k;
        }
        check(k == (int)n || http_chunked_done(c));
        taken += (size_t)k;
    }
    return (int)taken;
}

/* However it is cut, coded makes that body and leaves `rest` bytes. */
static void check_body(struct span coded, const char *want, size_t rest)
{
    for (size_t piece = 1; piece <= coded.len; piece++) {
        struct http_chunked c = {0};
        struct bytes body = {0};
        check(feed(&c, coded, piece, &body) == (int)(coded.len - rest));
        check(http_chunked_done(&c));
        check(span_eq(bytes_span(&body), span_cstr(want)));
        bytes_finish(&body);
    }
}

static void check_error(struct span coded, int error)
{
    for (size_t piece = 1; piece <= coded.len; piece++) {
        struct http_chunked c = {0};
        struct bytes body = {0};
        check(feed(&c, coded, piece, &body) == error);
        bytes_finish(&body);
    }
}

#define BODY(coded, want) check_body(SPAN(coded), (want), 0)
#define SYNTAX(coded)     check_error(SPAN(coded), HTTP_CHUNKED_ESYNTAX)
#define TOOBIG(coded)     check_error(SPAN(coded), HTTP_CHUNKED_ETOOBIG)

static void joins_chunks(void)
{
    BODY("5\r\nhello\r\n0\r\n\r\n", "hello");
    BODY("1\r\na\r\n0A\r\n0123456789\r\n1\r\n\r\r\n00\r\n\r\n", "a0123456789\r");
    BODY("0\r\n\r\n", "");
}

static void leaves_what_follows_the_body(void)
{
    check_body(SPAN("1\r\na\r\n0\r\n\r\nGET /"), "a", 5);
}

static void is_done_at_the_last_byte_only(void)
{
    struct span coded = SPAN("1\r\na\r\n0\r\nX: y\r\n\r\n");

    for (size_t n = 0; n < coded.len; n++) {
        struct http_chunked c = {0};
        struct bytes body = {0};
        check(http_chunked_feed(&c, coded.data, n, &body, LIMIT) == (int)n);
        check(!http_chunked_done(&c));
        bytes_finish(&body);
    }
}

static void passes_over_extensions_and_trailers(void)
{
    BODY("1;a=\"b c\";\td\r\na\r\n0;x\r\n\r\n", "a");
    BODY("1;\r\na\r\n0\r\nX: y\r\nZ:\t1\xff\r\n\r\n", "a");
}

static void refuses_malformed_sizes(void)
{
    SYNTAX("\r\n");
    SYNTAX(";x\r\n");
    SYNTAX("g\r\n");
    SYNTAX(" 1\r\n");
    SYNTAX("1 \r\n");
    SYNTAX("1 ;x\r\n");
    SYNTAX("+1\r\n");
    SYNTAX("0x1\r\n");
    SYNTAX("-1\r\n");
    SYNTAX("1@");
    SYNTAX("1`");
}

static void refuses_line_ends_other_than_crlf(void)
{
    SYNTAX("1\na\r\n0\r\n\r\n");
    SYNTAX("1\r\r\n");
    SYNTAX("1;x\na");
    SYNTAX("1;x\rb");
    SYNTAX("1\r\na\n");
    SYNTAX("1\r\na\r\r");
    SYNTAX("1\r\nab\r\n");
    SYNTAX("1\r\na0\r\n");
    SYNTAX("0\r\n\n");
    SYNTAX("0\r\n\r\r");
    SYNTAX("0\r\nX: y\n\r\n");
    SYNTAX("0\r\nX: y\rZ");
}

static void refuses_controls_and_folded_lines(void)
{
    SYNTAX("1;\1\r\n");
    SYNTAX("1;\x7f\r\n");
    SYNTAX("0\r\nX: \0\r\n");
    SYNTAX("0\r\nX: y\r\n z\r\n\r\n");
    SYNTAX("0\r\n\tz\r\n\r\n");
}

static void refuses_sizes_above_the_limit(void)
{
    struct http_chunked c = {0};
    struct bytes body = {0};

    TOOBIG("12d");
    TOOBIG("10000000000000000\r\n");
    TOOBIG("ffffffffffffffff\r\n");
    TOOBIG("fffffffffffffffff\r\n");
    check(feed(&c, SPAN("12C\r\n"), 1, &body) == 5);
    check(http_chunked_feed(&c, SPAN("").data, 0, &body, LIMIT) == 0);

    check(http_chunked_error_status(HTTP_CHUNKED_ESYNTAX) == 400);
    check(http_chunked_error_status(HTTP_CHUNKED_ETOOBIG) == 413);
    check(http_chunked_error_status(HTTP_CHUNKED_EEXTRAS) == 431);
}

static void counts_all_chunks_against_the_limit(void)
{
    struct http_chunked c = {0};
    struct bytes body = {0};

    for (int i = 0; i < LIMIT; i++) {
        check(feed(&c, SPAN("1\r\na\r\n"), 6, &body) == 6);
    }
    struct http_chunked full = c;
    check(feed(&c, SPAN("1\r\na\r\n"), 6, &body) == HTTP_CHUNKED_ETOOBIG);
    check(feed(&full, SPAN("0\r\n\r\n"), 6, &body) == 5 && http_chunked_done(&full));
    check(body.len == LIMIT);
    bytes_finish(&body);
}

static void takes_any_size_without_a_limit(void)
{
    struct http_chunked c = {0};
    struct bytes body = {0};
    struct span size = SPAN("ffffffffffffffff");

    check(http_chunked_feed(&c, size.data, size.len, &body, UINT64_MAX) == 16);
    check(c.chunk_left == UINT64_MAX);
    check(http_chunked_feed(&c, SPAN("0").data, 1, &body, UINT64_MAX) == HTTP_CHUNKED_ETOOBIG);
}

/* `start`, then HTTP_CHUNKED_EXTRA_MAX of c, which is allowed, then one more. */
static void check_extras(struct span start, char c)
{
    struct http_chunked state = {0};
    struct bytes coded = {0}, body = {0};

    bytes_add_span(&coded, start);
    for (int i = 0; i < HTTP_CHUNKED_EXTRA_MAX; i++) {
        bytes_add_byte(&coded, (uint8_t)c);
    }
    check(feed(&state, bytes_span(&coded), coded.len, &body) == (int)coded.len);
    check(http_chunked_feed(&state, (uint8_t *)&c, 1, &body, LIMIT) == HTTP_CHUNKED_EEXTRAS);
    bytes_finish(&coded);
    bytes_finish(&body);
}

static void bounds_what_it_throws_away(void)
{
    check_extras(SPAN("1;"), 'x');
    check_extras(SPAN("0\r\n"), 'x');
    check_extras(SPAN("0"), '0');
}

int main(void)
{
    RUN(joins_chunks);
    RUN(leaves_what_follows_the_body);
    RUN(is_done_at_the_last_byte_only);
    RUN(passes_over_extensions_and_trailers);
    RUN(refuses_malformed_sizes);
    RUN(refuses_line_ends_other_than_crlf);
    RUN(refuses_controls_and_folded_lines);
    RUN(refuses_sizes_above_the_limit);
    RUN(counts_all_chunks_against_the_limit);
    RUN(takes_any_size_without_a_limit);
    RUN(bounds_what_it_throws_away);
    return tap_done();
}
