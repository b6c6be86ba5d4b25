// SPDX-License-Identifier: MIT
#include "protocol/proxy_header.h"
#include "tests/support/tap.h"

static struct proxy_header header;

static int parse(struct span s)
{
    return proxy_header_parse(s.data, s.len, &header);
}

/* Whole at its last byte and not before; what follows is not its. */
static void check_whole(struct span s)
{
    struct bytes more = {0};

    for (size_t n = 0; n < s.len; n++) {
        check(proxy_header_parse(s.data, n, &header) == 0);
    }
    bytes_add_span(&more, s);
    bytes_add_cstr(&more, "\r\nGET / HTTP/1.1\r\n\r\n");
    check(proxy_header_parse(more.data, more.len, &header) == (int)s.len);
    bytes_finish(&more);
    check(parse(s) == (int)s.len);
}

static void reads_the_addresses_of_version_1(void)
{
    check_whole(SPAN("PROXY TCP4 203.0.113.9 198.51.100.4 56324 443\r\n"));
    check(header.family == PROXY_IPV4 && header.port == 56324 && !header.secure);
    check(span_eq(header.text, SPAN("203.0.113.9")) && header.bytes.len == 0);
    check_whole(SPAN("PROXY TCP6 2001:DB8::9 ::1 1 65535\r\n"));
    check(header.family == PROXY_IPV6 && header.port == 1);
    check(span_eq(header.text, SPAN("2001:DB8::9")));
}

static void a_longest_line_of_version_1_is_taken(void)
{
    check_whole(SPAN("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
                     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535\r\n"));
    check(header.family == PROXY_NONE);
    check(parse(SPAN("PROXY UNKNOWN ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff "
                     "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff 65535 65535 \r\n")) ==
          PROXY_HEADER_ETOOBIG);
}

static void of_what_is_unknown_nothing_is_said(void)
{
    check_whole(SPAN("PROXY UNKNOWN\r\n"));
    check(header.family == PROXY_NONE);
}

static void refuses_lines_that_are_none(void)
{
    static const char *const lines[] = {
        "GET / HTTP/1.1\r\n",
        "proxy TCP4 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY\r\n",
        "PROXY \r\n",
        "PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n",
        "PROXY TCP4  1.2.3.4 1 2\r\n",
        "PROXY TCP4 ::1 ::1 1 2\r\n",
        "PROXY TCP6 ::1 g:: 1 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 65536 2\r\n",
        "PROXY TCP4 1.2.3.4 1.2.3.4 1 -2\r\n",
        "\x16\x03\x01\x02",
    };

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        check(parse(span_cstr(lines[i])) == PROXY_HEADER_ESYNTAX);
    }
}

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V4        "\xcb\x00\x71\x09\xc6\x33\x64\x04\xdc\x04\x01\xbb"

static void reads_the_addresses_of_version_2(void)
{
    check_whole(SPAN(SIGNATURE "\x21\x11\x00\x0c" V4));
    check(header.family == PROXY_IPV4 && header.port == 56324 && !header.secure);
    check_mem(header.bytes.data, header.bytes.len, "\xcb\x00\x71\x09", 4);
    check_whole(SPAN(SIGNATURE "\x21\x21\x00\x24"
                               "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x09"
                               "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x00\x01\xff\xff"));
    check(header.family == PROXY_IPV6 && header.port == 1 && header.bytes.len == 16);
    check(header.bytes.data[15] == 9);
}

static void says_whether_the_client_came_over_tls(void)
{
    check_whole(SPAN(SIGNATURE "\x21\x11\x00\x17" V4 "\x20\x00\x08\x01\0\0\0\0\x21\x00\x00"));
    check(header.secure);
    check_whole(SPAN(SIGNATURE "\x21\x11\x00\x14" V4 "\x20\x00\x05\x02\0\0\0\0"));
    check(!header.secure);
}

static void of_local_and_of_other_families_nothing_is_said(void)
{
    check_whole(SPAN(SIGNATURE "\x20\x00\x00\x00"));
    check(header.family == PROXY_NONE);
    check_whole(SPAN(SIGNATURE "\x20\x11\x00\x0c" V4));
    check(header.family == PROXY_NONE);
    check_whole(SPAN(SIGNATURE "\x21\x00\x00\x03"
                               "abc"));
    check(header.family == PROXY_NONE);
    check_whole(SPAN(SIGNATURE "\x21\x12\x00\x0c" V4)); /* UDP */
    check(header.family == PROXY_NONE);
}

static void refuses_what_is_not_version_2(void)
{
    check(parse(SPAN(SIGNATURE "\x11\x11\x00\x0c" V4)) == PROXY_HEADER_ESYNTAX);
    check(parse(SPAN(SIGNATURE "\x22\x11\x00\x0c" V4)) == PROXY_HEADER_ESYNTAX);
    check(parse(SPAN("\r\n\r\nGET")) == PROXY_HEADER_ESYNTAX);
    check(parse(SPAN(SIGNATURE "\x21\x11\x00\x0b" V4)) == PROXY_HEADER_ESYNTAX);
    check(parse(SPAN(SIGNATURE "\x21\x11\x00\x0e" V4 "\x20\x00")) == PROXY_HEADER_ESYNTAX);
    check(parse(SPAN(SIGNATURE "\x21\x11\x00\x0f" V4 "\x20\x00\x01")) == PROXY_HEADER_ESYNTAX);
    check(parse(SPAN(SIGNATURE "\x21\x11\x0f\xf1")) == PROXY_HEADER_ETOOBIG);
}

int main(void)
{
    RUN(reads_the_addresses_of_version_1);
    RUN(a_longest_line_of_version_1_is_taken);
    RUN(of_what_is_unknown_nothing_is_said);
    RUN(refuses_lines_that_are_none);
    RUN(reads_the_addresses_of_version_2);
    RUN(says_whether_the_client_came_over_tls);
    RUN(of_local_and_of_other_families_nothing_is_said);
    RUN(refuses_what_is_not_version_2);
    return tap_done();
}
