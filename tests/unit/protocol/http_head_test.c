// SPDX-License-Identifier: MIT
#include "protocol/http_head.h"
#include "tests/support/tap.h"

static const struct http_head_limits limits = {
    .head_bytes_max = 4096, .request_line_bytes_max = 1000, .headers_max = HTTP_HEADERS_MAX};

static struct http_head head;

static int parse(struct span s)
{
    return http_head_parse(s.data, s.len, 0, &limits, &head);
}

static int parse_response(struct span s)
{
    return http_head_parse_response(s.data, s.len, 0, &limits, &head);
}

#define ACCEPT(literal) check(parse(SPAN(literal)) == (int)sizeof(literal) - 1)
#define REFUSE(literal, error, status)                 \
    do {                                               \
        check(parse(SPAN(literal)) == (error));        \
        check(http_error_status((error)) == (status)); \
    } while (0)

/* A request whose request line is right, with these fields before its Host. */
#define GET(fields)   "GET / HTTP/1.1\r\n" fields "Host: a\r\n\r\n"
#define GET10(fields) "GET / HTTP/1.0\r\n" fields "\r\n"

static void cuts_a_request_into_spans(void)
{
    ACCEPT("GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n"
           "Host: example.com:3000\r\n"
           "user-agent: \t a b \t \r\n"
           "X-Empty:\r\n"
           "X-Latin: \xe9\r\n"
           "\r\n");
    check(span_eq(head.method, SPAN("GET")));
    check(span_eq(head.target, SPAN("/socket.io/?EIO=4&transport=polling")));
    check(span_eq(head.path, SPAN("/socket.io/")));
    check(span_eq(head.query, SPAN("EIO=4&transport=polling")));
    check(head.minor == 1 && head.status == 0 && head.header_count == 4);
    check(head.content_length == -1 && !head.chunked && head.keep_alive);
    check(!head.upgrade && !head.expect_continue);
    check(span_eq(head.headers[1].name, SPAN("user-agent")));
    check(span_eq(head.headers[1].value, SPAN("a b")));
}

static void finds_fields_without_case(void)
{
    ACCEPT(GET("X-A: 1\r\nx-a: 2\r\nX-Empty: \r\n"));
    check(span_eq(http_head_get(&head, SPAN("X-A")), SPAN("1")));
    check(span_eq(http_head_get(&head, SPAN("HOST")), SPAN("a")));
    check(http_head_get(&head, SPAN("X-Empty")).data != NULL);
    check(http_head_get(&head, SPAN("X-B")).data == NULL);
}

static void leaves_what_follows_the_head_alone(void)
{
    check(parse(SPAN(GET("") "GET / HTTP/1.1\r\n")) == (int)sizeof(GET("")) - 1);
}

static void asks_for_more_at_every_cut(void)
{
    struct span whole = SPAN("\r\nPOST /a?b HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");

    for (size_t n = 0; n < whole.len; n++) {
        check(parse(span_of(whole.data, n)) == 0);
        for (size_t scanned = 0; scanned <= n; scanned++) {
            check(http_head_parse(whole.data, n, scanned, &limits, &head) == 0);
            check(http_head_parse(whole.data, whole.len, scanned, &limits, &head) ==
                  (int)whole.len);
        }
    }
}

static void refuses_a_wrong_line_before_the_head_is_complete(void)
{
    REFUSE("GET / HTTP/1.1\r\nHost : a\r\nX", HTTP_EFIELD, 400);
    REFUSE("GET / HTTP/1.1\n", HTTP_ELINE, 400);
    REFUSE("\x16\x03\x01\x02", HTTP_ELINE, 400);
    check(http_head_parse(SPAN("\r\n\x16").data, 3, 2, &limits, &head) == HTTP_ELINE);
}

static void tolerates_a_few_empty_lines_before_the_request(void)
{
    ACCEPT("\r\n\r\n\r\n\r\n" GET(""));
    check(span_eq(head.method, SPAN("GET")));
    REFUSE("\r\n\r\n\r\n\r\n\r\n" GET(""), HTTP_ELINE, 400);
    REFUSE("\n" GET(""), HTTP_ELINE, 400);
}

static void refuses_malformed_request_lines(void)
{
    REFUSE(" GET / HTTP/1.1\r\n\r\n", HTTP_ELINE, 400);
    REFUSE("GET  / HTTP/1.1\r\n\r\n", HTTP_ELINE, 400);
    REFUSE("GET / HTTP/1.1 \r\n\r\n", HTTP_ELINE, 400);
    REFUSE("GET /\r\n\r\n", HTTP_ELINE, 400);
    REFUSE("GET\r\n\r\n", HTTP_ELINE, 400);
    REFUSE("G@T / HTTP/1.1\r\n\r\n", HTTP_ELINE, 400);
    REFUSE("GET / http/1.1\r\n\r\n", HTTP_ELINE, 400);
    REFUSE("GET / HTTP/11\r\n\r\n", HTTP_ELINE, 400);
    REFUSE("GET / HTTP/1.x\r\n\r\n", HTTP_ELINE, 400);
    REFUSE("GET / HTTP/1.1\r\r\n\r\n", HTTP_ELINE, 400);
    REFUSE("GET /\tHTTP/1.1\r\n\r\n", HTTP_ELINE, 400);
}

static void refuses_other_versions(void)
{
    REFUSE("GET / HTTP/0.9\r\n\r\n", HTTP_EVERSION, 505);
    REFUSE("GET / HTTP/1.2\r\n\r\n", HTTP_EVERSION, 505);
    REFUSE("PRI * HTTP/2.0\r\n\r\n", HTTP_EVERSION, 505);
}

static void refuses_methods_that_nothing_here_serves(void)
{
    REFUSE("CONNECT a:1 HTTP/1.1\r\n\r\n", HTTP_EMETHOD, 501);
    REFUSE("get / HTTP/1.1\r\n\r\n", HTTP_EMETHOD, 501);
    REFUSE("GETS / HTTP/1.1\r\n\r\n", HTTP_EMETHOD, 501);
    ACCEPT("DELETE / HTTP/1.1\r\nHost: a\r\n\r\n");
    ACCEPT("PATCH / HTTP/1.1\r\nHost: a\r\n\r\n");
}

static void reads_targets_in_all_their_forms(void)
{
    ACCEPT("GET /a//b?c?d=/ HTTP/1.1\r\nHost: a\r\n\r\n");
    check(span_eq(head.path, SPAN("/a//b")) && span_eq(head.query, SPAN("c?d=/")));
    ACCEPT("GET HTTP://a.b:80/p?q HTTP/1.1\r\nHost: a\r\n\r\n");
    check(span_eq(head.path, SPAN("/p")) && span_eq(head.query, SPAN("q")));
    ACCEPT("GET https://[::1] HTTP/1.1\r\nHost: a\r\n\r\n");
    check(span_eq(head.path, SPAN("/")) && head.query.data == NULL);
    ACCEPT("GET http://a?q HTTP/1.1\r\nHost: a\r\n\r\n");
    check(span_eq(head.path, SPAN("/")) && span_eq(head.query, SPAN("q")));
    ACCEPT("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");
    check(span_eq(head.path, SPAN("*")));
    ACCEPT("GET /? HTTP/1.1\r\nHost: a\r\n\r\n");
    check(head.query.data != NULL && head.query.len == 0);
}

static void refuses_malformed_targets(void)
{
    REFUSE("GET a HTTP/1.1\r\n\r\n", HTTP_ETARGET, 400);
    REFUSE("GET * HTTP/1.1\r\n\r\n", HTTP_ETARGET, 400);
    REFUSE("GET http:/// HTTP/1.1\r\n\r\n", HTTP_ETARGET, 400);
    REFUSE("GET http://u@h/ HTTP/1.1\r\n\r\n", HTTP_ETARGET, 400);
    REFUSE("GET ftp://h/ HTTP/1.1\r\n\r\n", HTTP_ETARGET, 400);
    REFUSE("GET /# HTTP/1.1\r\n\r\n", HTTP_ETARGET, 400);
    REFUSE("GET /\x01 HTTP/1.1\r\n\r\n", HTTP_ETARGET, 400);
    REFUSE("GET /\0 HTTP/1.1\r\n\r\n", HTTP_ETARGET, 400);
    REFUSE("GET /\x7f HTTP/1.1\r\n\r\n", HTTP_ETARGET, 400);
    REFUSE("GET /\xc3\xa9 HTTP/1.1\r\n\r\n", HTTP_ETARGET, 400);
}

static void refuses_malformed_fields(void)
{
    REFUSE(GET("X : 1\r\n"), HTTP_EFIELD, 400);
    REFUSE(GET(": 1\r\n"), HTTP_EFIELD, 400);
    REFUSE(GET("X\r\n"), HTTP_EFIELD, 400);
    REFUSE(GET("X Y: 1\r\n"), HTTP_EFIELD, 400);
    REFUSE(GET("X: 1\r\n folded\r\n"), HTTP_EFIELD, 400);
    REFUSE(GET("X: 1\r\n\tfolded\r\n"), HTTP_EFIELD, 400);
    REFUSE(GET(" X: 1\r\n"), HTTP_EFIELD, 400);
    REFUSE(GET("X: 1\n"), HTTP_EFIELD, 400);
    REFUSE(GET("X: 1\rY: 2\r\n"), HTTP_EFIELD, 400);
    REFUSE(GET("X: 1\r\r\n"), HTTP_EFIELD, 400);
    REFUSE(GET("X: \0\r\n"), HTTP_EFIELD, 400);
    REFUSE(GET("X: \x1f\r\n"), HTTP_EFIELD, 400);
    REFUSE(GET("X: \x7f\r\n"), HTTP_EFIELD, 400);
    REFUSE("GET / HTTP/1.1\r\nHost: a\r\n\n", HTTP_EFIELD, 400);
}

static void reads_a_content_length(void)
{
    ACCEPT(GET("content-LENGTH: 0042 \r\n"));
    check(head.content_length == 42);
    ACCEPT(GET("Content-Length: 9223372036854775807\r\n"));
    check(head.content_length == INT64_MAX);
    ACCEPT(GET("Content-Length: 0\r\n"));
    check(head.content_length == 0);
}

static void refuses_a_content_length_that_two_could_read_differently(void)
{
    REFUSE(GET("Content-Length: 5\r\nContent-Length: 6\r\n"), HTTP_ELENGTH, 400);
    REFUSE(GET("Content-Length: 5\r\nContent-Length: 5\r\n"), HTTP_ELENGTH, 400);
    REFUSE(GET("Content-Length: 5, 5\r\n"), HTTP_ELENGTH, 400);
    REFUSE(GET("Content-Length:\r\n"), HTTP_ELENGTH, 400);
    REFUSE(GET("Content-Length: +5\r\n"), HTTP_ELENGTH, 400);
    REFUSE(GET("Content-Length: -1\r\n"), HTTP_ELENGTH, 400);
    REFUSE(GET("Content-Length: 0x5\r\n"), HTTP_ELENGTH, 400);
    REFUSE(GET("Content-Length: 5 5\r\n"), HTTP_ELENGTH, 400);
    REFUSE(GET("Content-Length: 9223372036854775808\r\n"), HTTP_ELENGTH, 400);
    REFUSE(GET("Content-Length: 18446744073709551617\r\n"), HTTP_ELENGTH, 400);
    REFUSE(GET("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), HTTP_ELENGTH, 400);
    REFUSE(GET("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), HTTP_ELENGTH, 400);
}

static void takes_chunked_as_the_only_transfer_coding(void)
{
    ACCEPT(GET("Transfer-Encoding: chunked\r\n"));
    check(head.chunked && head.content_length == -1);
    ACCEPT(GET("transfer-encoding: CHUNKED \r\n"));
    check(head.chunked);
    REFUSE(GET("Transfer-Encoding: gzip, chunked\r\n"), HTTP_ECODING, 501);
    REFUSE(GET("Transfer-Encoding: gzip ,\tChunked\r\n"), HTTP_ECODING, 501);
    REFUSE(GET("Transfer-Encoding: chunked, gzip\r\n"), HTTP_EENCODING, 400);
    REFUSE(GET("Transfer-Encoding: chunked, chunked\r\n"), HTTP_EENCODING, 400);
    REFUSE(GET("Transfer-Encoding: identity\r\n"), HTTP_EENCODING, 400);
    REFUSE(GET("Transfer-Encoding: xchunked\r\n"), HTTP_EENCODING, 400);
    REFUSE(GET("Transfer-Encoding: \"chunked\"\r\n"), HTTP_EENCODING, 400);
    REFUSE(GET("Transfer-Encoding:\r\n"), HTTP_EENCODING, 400);
    REFUSE(GET("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), HTTP_EENCODING,
           400);
    REFUSE(GET("Transfer-Encoding : chunked\r\n"), HTTP_EFIELD, 400);
    REFUSE(GET10("Transfer-Encoding: chunked\r\n"), HTTP_EENCODING, 400);
}

static void wants_exactly_one_host(void)
{
    REFUSE("GET / HTTP/1.1\r\n\r\n", HTTP_EHOST, 400);
    REFUSE(GET("Host: a\r\n"), HTTP_EHOST, 400);
    REFUSE(GET10("Host: a\r\nhost: b\r\n"), HTTP_EHOST, 400);
    REFUSE("GET / HTTP/1.1\r\nHost: a b\r\n\r\n", HTTP_EHOST, 400);
    REFUSE("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", HTTP_EHOST, 400);
    REFUSE("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", HTTP_EHOST, 400);
    ACCEPT("GET / HTTP/1.1\r\nHost:\r\n\r\n");
    ACCEPT("GET / HTTP/1.1\r\nHost: [::1]:3000\r\n\r\n");
    ACCEPT(GET10(""));
}

static void tells_whether_the_connection_goes_on(void)
{
    ACCEPT(GET(""));
    check(head.keep_alive);
    ACCEPT(GET("Connection: foo, CLOSE\r\n"));
    check(!head.keep_alive);
    ACCEPT(GET("Connection: keep-alive\r\nConnection: close\r\n"));
    check(!head.keep_alive);
    ACCEPT(GET10(""));
    check(!head.keep_alive);
    ACCEPT(GET10("Connection: Keep-Alive\r\n"));
    check(head.keep_alive);
}

static void tells_upgrades_and_expectations_of_1_1_only(void)
{
    ACCEPT(GET("Connection: keep-alive, Upgrade\r\nExpect: 100-Continue\r\n"));
    check(head.upgrade && head.expect_continue);
    ACCEPT(GET10("Connection: Upgrade\r\nExpect: 100-continue\r\n"));
    check(!head.upgrade && !head.expect_continue);
    ACCEPT(GET("Connection: upgraded\r\nExpect: 200-ok\r\n"));
    check(!head.upgrade && !head.expect_continue);
}

/* "GET /aaa… HTTP/1.1" of len bytes, then rest. */
static int parse_line_of(size_t len, struct span rest)
{
    struct bytes b = {0};

    bytes_add_cstr(&b, "GET /");
    while (b.len < len - 9) {
        bytes_add_byte(&b, 'a');
    }
    bytes_add_cstr(&b, " HTTP/1.1");
    bytes_add_span(&b, rest);
    int got = parse(bytes_span(&b));
    bytes_finish(&b);
    return got;
}

static void bounds_the_request_line(void)
{
    struct span rest = SPAN("\r\nHost: a\r\n\r\n");

    check(parse_line_of(1000, rest) == 1000 + (int)rest.len);
    check(parse_line_of(1001, rest) == HTTP_ELINETOOBIG);
    check(parse_line_of(1000, SPAN("\r")) == 0);
    check(parse_line_of(1001, SPAN("\r")) == HTTP_ELINETOOBIG);
    check(parse_line_of(5000, SPAN("")) == HTTP_ELINETOOBIG);
    check(parse_line_of(5000, rest) == HTTP_ELINETOOBIG);

    uint8_t crumbs[1100];
    memset(crumbs, 'A', sizeof crumbs);
    check(http_head_parse(crumbs, sizeof crumbs, 500, &limits, &head) == HTTP_ELINETOOBIG);
    check(http_error_status(HTTP_ELINETOOBIG) == 414);
}

static void bounds_the_whole_head(void)
{
    struct bytes b = {0};

    bytes_add_cstr(&b, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
    while (b.len < limits.head_bytes_max - 4) {
        bytes_add_byte(&b, 'x');
    }
    bytes_add_cstr(&b, "\r\n\r\n");
    check(parse(bytes_span(&b)) == (int)limits.head_bytes_max);
    b.data[b.len - 4] = 'x';
    b.data[b.len - 3] = '\r';
    b.data[b.len - 2] = '\n';
    b.data[b.len - 1] = '\r';
    check(parse(span_of(b.data, b.len - 1)) == 0);
    check(parse(bytes_span(&b)) == HTTP_EHEADTOOBIG);
    check(http_head_parse(b.data, b.len, b.len - 1, &limits, &head) == HTTP_EHEADTOOBIG);
    check(http_error_status(HTTP_EHEADTOOBIG) == 431);
    bytes_finish(&b);
}

static void bounds_the_number_of_fields(void)
{
    struct bytes b = {0};

    bytes_add_cstr(&b, "GET / HTTP/1.1\r\nHost: a\r\n");
    for (int i = 1; i < HTTP_HEADERS_MAX; i++) {
        bytes_add_cstr(&b, "a:b\r\n");
    }
    bytes_add_cstr(&b, "\r\n");
    check(parse(bytes_span(&b)) == (int)b.len && head.header_count == HTTP_HEADERS_MAX);
    b.len -= 2;
    bytes_add_cstr(&b, "a:b\r\n");
    check(parse(bytes_span(&b)) == HTTP_EHEADTOOBIG);
    bytes_finish(&b);
}

static void reads_responses(void)
{
    struct span ok = SPAN("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");

    check(parse_response(ok) == (int)ok.len - 2);
    check(head.status == 200 && head.content_length == 2 && head.keep_alive);
    for (size_t n = 0; n < ok.len - 2; n++) {
        check(parse_response(span_of(ok.data, n)) == 0);
    }
    check(parse_response(SPAN("HTTP/1.0 404 \r\n\r\n")) == 17);
    check(head.status == 404 && !head.keep_alive);
}

static void refuses_malformed_responses(void)
{
    check(parse_response(SPAN("HTTP/1.1 20 OK\r\n\r\n")) == HTTP_ELINE);
    check(parse_response(SPAN("HTTP/1.1 2000 OK\r\n\r\n")) == HTTP_ELINE);
    check(parse_response(SPAN("HTTP/1.1 099 OK\r\n\r\n")) == HTTP_ELINE);
    check(parse_response(SPAN("HTTP/1.1  200 OK\r\n\r\n")) == HTTP_ELINE);
    check(parse_response(SPAN("HTTP/1.1 200 O\x01K\r\n\r\n")) == HTTP_ELINE);
    check(parse_response(SPAN("HTTP/1.1 200 OK\n\n")) == HTTP_ELINE);
    check(parse_response(SPAN("HTTP/2.0 200 OK\r\n\r\n")) == HTTP_EVERSION);
    check(parse_response(SPAN("HTTP/1.1 200 OK\r\nA\r\n\r\n")) == HTTP_EFIELD);
}

static void finds_elements_of_lists(void)
{
    check(http_list_has(SPAN("a, Upgrade ,b"), SPAN("upgrade")));
    check(http_list_has(SPAN("upgrade"), SPAN("upgrade")));
    check(http_list_has(SPAN(",,\tupgrade"), SPAN("upgrade")));
    check(!http_list_has(SPAN("upgrades, up grade"), SPAN("upgrade")));
    check(!http_list_has(SPAN(""), SPAN("upgrade")));
    check(!http_list_has(SPAN(","), SPAN("upgrade")));
}

static void has_a_status_and_words_for_every_error(void)
{
    for (int error = HTTP_ELINE; error >= HTTP_EHEADTOOBIG; error--) {
        check(http_error_status(error) >= 400 && http_error_status(error) < 600);
        check(http_strerror(error) != NULL);
    }
}

int main(void)
{
    RUN(cuts_a_request_into_spans);
    RUN(finds_fields_without_case);
    RUN(leaves_what_follows_the_head_alone);
    RUN(asks_for_more_at_every_cut);
    RUN(refuses_a_wrong_line_before_the_head_is_complete);
    RUN(tolerates_a_few_empty_lines_before_the_request);
    RUN(refuses_malformed_request_lines);
    RUN(refuses_other_versions);
    RUN(refuses_methods_that_nothing_here_serves);
    RUN(reads_targets_in_all_their_forms);
    RUN(refuses_malformed_targets);
    RUN(refuses_malformed_fields);
    RUN(reads_a_content_length);
    RUN(refuses_a_content_length_that_two_could_read_differently);
    RUN(takes_chunked_as_the_only_transfer_coding);
    RUN(wants_exactly_one_host);
    RUN(tells_whether_the_connection_goes_on);
    RUN(tells_upgrades_and_expectations_of_1_1_only);
    RUN(bounds_the_request_line);
    RUN(bounds_the_whole_head);
    RUN(bounds_the_number_of_fields);
    RUN(reads_responses);
    RUN(refuses_malformed_responses);
    RUN(finds_elements_of_lists);
    RUN(has_a_status_and_words_for_every_error);
    return tap_done();
}
