// SPDX-License-Identifier: MIT
#include "protocol/http_head.h"
#include "protocol/http_response.h"
#include "tests/support/tap.h"

static void writes_a_head(void)
{
    struct bytes out = {0};

    http_response_begin(200, 2, true, 1, &out);
    http_response_field(SPAN("Content-Type"), SPAN("text/html"), &out);
    http_response_end(&out);
    check(span_eq(bytes_span(&out), SPAN("HTTP/1.1 200 OK\r\n"
                                         "Content-Length: 2\r\n"
                                         "Content-Type: text/html\r\n"
                                         "\r\n")));
    bytes_finish(&out);
}

static void announces_no_body_where_none_may_be(void)
{
    static const int statuses[] = {100, 101, 204, 304};

    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        struct bytes out = {0};
        http_response_begin(statuses[i], 0, true, 1, &out);
        bytes_add_byte(&out, '\0');
        check(strstr((const char *)out.data, "Content-Length") == NULL);
        bytes_finish(&out);
    }
}

static void says_whether_the_connection_goes_on(void)
{
    static const struct http_head_limits limits = {1000, 1000, HTTP_HEADERS_MAX};

    for (unsigned minor = 0; minor <= 1; minor++) {
        for (int keep_alive = 0; keep_alive <= 1; keep_alive++) {
            struct bytes out = {0};
            struct http_head head;
            http_response_begin(404, 0, keep_alive != 0, minor, &out);
            http_response_end(&out);
            out.data[7] = (uint8_t)('0' + minor); /* as a client of that version reads it */
            check(http_head_parse_response(out.data, out.len, 0, &limits, &head) == (int)out.len);
            check(head.status == 404 && head.content_length == 0);
            check(head.keep_alive == (keep_alive != 0));
            bytes_finish(&out);
        }
    }
}

static void has_reasons_for_all_that_we_answer(void)
{
    check(strcmp(http_reason(404), "Not Found") == 0);
    check(strcmp(http_reason(299), "") == 0);
    for (int error = HTTP_ELINE; error >= HTTP_EHEADTOOBIG; error--) {
        check(http_reason(http_error_status(error))[0] != '\0');
    }
}

int main(void)
{
    RUN(writes_a_head);
    RUN(announces_no_body_where_none_may_be);
    RUN(says_whether_the_connection_goes_on);
    RUN(has_reasons_for_all_that_we_answer);
    return tap_done();
}
