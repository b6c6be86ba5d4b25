// SPDX-License-Identifier: MIT
#include "protocol/http_query.h"

#include "tests/support/tap.h"

static void finds_the_first_pair_with_a_key(void)
{
    struct span q = SPAN("EIO=4&transport=polling&sid=abc&sid=def&t");
    check(span_eq(http_query_get(q, SPAN("EIO")), SPAN("4")));
    check(span_eq(http_query_get(q, SPAN("sid")), SPAN("abc")));
    check(http_query_get(q, SPAN("t")).len == 0);
    check(http_query_get(q, SPAN("transpor")).len == 0);
    check(http_query_get(SPAN(""), SPAN("sid")).len == 0);
    check(span_eq(http_query_get(SPAN("%73id=x"), SPAN("sid")), SPAN("x")));
}

static void steps_over_empty_pairs_and_keeps_what_follows_the_first_equals_sign(void)
{
    struct span rest = SPAN("&&a=1=2&=x&b&"), key, value;
    check(http_query_next(&rest, &key, &value));
    check(span_eq(key, SPAN("a")) && span_eq(value, SPAN("1=2")));
    check(http_query_next(&rest, &key, &value));
    check(key.len == 0 && span_eq(value, SPAN("x")));
    check(http_query_next(&rest, &key, &value));
    check(span_eq(key, SPAN("b")) && value.len == 0);
    check(!http_query_next(&rest, &key, &value));
}

static void decodes_to(const char *encoded, struct span text)
{
    struct bytes out = {0};
    http_query_decode(span_cstr(encoded), &out);
    check(span_eq(bytes_span(&out), text));
    bytes_finish(&out);
}

static void decodes_escapes_and_plus_signs(void)
{
    decodes_to("", SPAN(""));
    decodes_to("a%20b+c", SPAN("a b c"));
    decodes_to("%e2%82%AC", SPAN("\xe2\x82\xac"));
    decodes_to("100%", SPAN("100%"));
    decodes_to("%4", SPAN("%4"));
    decodes_to("%zz", SPAN("%zz"));
    decodes_to("x%ff%c3", SPAN("x\xef\xbf\xbd\xef\xbf\xbd"));
}

static void compares_encoded_text_without_decoding_it_first(void)
{
    check(http_query_eq(SPAN("%70olling"), SPAN("polling")));
    check(http_query_eq(SPAN("a+b"), SPAN("a b")));
    check(http_query_eq(SPAN(""), SPAN("")));
    check(!http_query_eq(SPAN("pollin"), SPAN("polling")));
    check(!http_query_eq(SPAN("pollings"), SPAN("polling")));
    check(!http_query_eq(SPAN("%7"), SPAN("p")));
}

static void finds_the_query_of_a_head(void)
{
    check(span_eq(http_query_of_head(SPAN("GET /a?b=1&c=? HTTP/1.1\r\nX: ?no\r\n\r\n")),
                  SPAN("b=1&c=?")));
    check(http_query_of_head(SPAN("GET / HTTP/1.1\r\nX: ?no\r\n\r\n")).len == 0);
    check(http_query_of_head(SPAN("GET /? HTTP/1.1\r\n\r\n")).len == 0);
    check(http_query_of_head(SPAN("")).len == 0);
    check(span_eq(http_query_of_head(SPAN("\r\n\r\nGET /?b=1 HTTP/1.1\r\n\r\n")), SPAN("b=1")));
}

int main(void)
{
    RUN(finds_the_first_pair_with_a_key);
    RUN(steps_over_empty_pairs_and_keeps_what_follows_the_first_equals_sign);
    RUN(decodes_escapes_and_plus_signs);
    RUN(finds_the_query_of_a_head);
    RUN(compares_encoded_text_without_decoding_it_first);
    return tap_done();
}
