// SPDX-License-Identifier: MIT
#include "protocol/json.h"
#include "src/socket/handshake.h"
#include "tests/support/str.h"
#include "tests/support/tap.h"

static struct bytes out;

/* The handshake of a request with that head, NUL-terminated. */
static const char *written(const char *head, int64_t wall_ms, const char *auth)
{
    struct rookery_request *r =
        head == NULL ? NULL : request_create(span_cstr(head), "::1", true, wall_ms);
    struct json ignored;

    bytes_clear(&out);
    handshake_write_json(&out, r, span_cstr(auth));
    check(json_parse(bytes_span(&out), 8, &ignored) == 0);
    bytes_add_byte(&out, '\0');
    request_release(r);
    return (const char *)out.data;
}

#define check_written(head, ms, auth, want) check_str(written((head), (ms), (auth)), want)

#define check_contains(head, ms, want) check(strstr(written((head), (ms), ""), (want)) != NULL)

static void is_the_object_of_node(void)
{
    check_written("GET /socket.io/?foo=b%20r&EIO=4 HTTP/1.1\r\nHost: h\r\nOrigin: http://o\r\n\r\n",
                  1795237195693, "{\"token\":\"T\"}",
                  "{\"headers\":{\"host\":\"h\",\"origin\":\"http://o\"},"
                  "\"time\":\"Sat Nov 21 2026 04:59:55 GMT+0000 (Coordinated Universal Time)\","
                  "\"address\":\"::1\",\"xdomain\":true,\"secure\":true,\"issued\":1795237195693,"
                  "\"url\":\"/socket.io/?foo=b%20r&EIO=4\","
                  "\"query\":{\"foo\":\"b r\",\"EIO\":\"4\"},\"auth\":{\"token\":\"T\"}}");
}

static void has_all_members_without_a_request(void)
{
    check_written(NULL, 0, "",
                  "{\"headers\":{},"
                  "\"time\":\"Thu Jan 01 1970 00:00:00 GMT+0000 (Coordinated Universal Time)\","
                  "\"address\":\"\",\"xdomain\":false,\"secure\":false,\"issued\":0,\"url\":\"\","
                  "\"query\":{},\"auth\":{}}");
}

static void joins_repeated_fields_as_node_does(void)
{
    check_contains("GET / HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nUser-Agent: u\r\nCookie: a=1\r\n"
                   "x-a: 2\r\nuser-agent: v\r\ncookie: b=2\r\nX-a: 3\r\n\r\n",
                   0,
                   "{\"headers\":{\"host\":\"h\",\"x-a\":\"1, 2, 3\",\"user-agent\":\"u\","
                   "\"cookie\":\"a=1; b=2\"},");
}

static void takes_each_byte_for_a_character(void)
{
    check_contains("GET / HTTP/1.1\r\nHost: h\r\nX: \xe9\"\xc3\xa4\r\n\r\n", 0,
                   "\"x\":\"\xc3\xa9\\\"\xc3\x83\xc2\xa4\"");
}

static void counts_leap_years(void)
{
    static const char head[] = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    check_contains(head, 951782400000, "\"Tue Feb 29 2000 00:00:00 GMT");
    check_contains(head, 951868799999, "\"Tue Feb 29 2000 23:59:59 GMT");
    check_contains(head, 951868800000, "\"Wed Mar 01 2000 00:00:00 GMT");
    check_contains(head, 1709164800000, "\"Thu Feb 29 2024 00:00:00 GMT");
    check_contains(head, 1735689599000, "\"Tue Dec 31 2024 23:59:59 GMT");
    check_contains(head, 1735689600000, "\"Wed Jan 01 2025 00:00:00 GMT");
    check_contains(head, 4107542400000, "\"Mon Mar 01 2100 00:00:00 GMT");
    check_contains(head, 4107456000000, "\"Sun Feb 28 2100 00:00:00 GMT");
    check_contains(head, -1, "\"Thu Jan 01 1970 00:00:00 GMT");
}

int main(void)
{
    RUN(is_the_object_of_node);
    RUN(has_all_members_without_a_request);
    RUN(joins_repeated_fields_as_node_does);
    RUN(takes_each_byte_for_a_character);
    RUN(counts_leap_years);
    bytes_finish(&out);
    return tap_done();
}
