// SPDX-License-Identifier: MIT
#include "protocol/json.h"

#include "tests/support/tap.h"
#include <math.h>

static bool writes(struct span utf8, const char *want)
{
    struct bytes b = {0};

    json_write_string(&b, utf8);
    bool same = span_eq(bytes_span(&b), span_cstr(want));
    bytes_finish(&b);
    return same;
}

static void escapes_as_json_stringify_does(void)
{
    check(writes(SPAN(""), "\"\""));
    check(writes(span_of(NULL, 0), "\"\""));
    check(writes(SPAN("a \"b\" \\ / c"), "\"a \\\"b\\\" \\\\ / c\""));
    check(writes(SPAN("\b\t\n\v\f\r"), "\"\\b\\t\\n\\u000b\\f\\r\""));
    check(writes(SPAN("\0\x01\x07\x0e\x1f\x7f"), "\"\\u0000\\u0001\\u0007\\u000e\\u001f\x7f\""));
    check(writes(SPAN("<k\xc3\xb6ln \xe2\x80\xa8 \xf0\x9f\x98\x80>"),
                 "\"<k\xc3\xb6ln \xe2\x80\xa8 \xf0\x9f\x98\x80>\""));
}

static void replaces_what_is_not_utf8(void)
{
    check(writes(SPAN("a\x80z"), "\"a\xef\xbf\xbdz\""));
    check(writes(SPAN("\xc3"), "\"\xef\xbf\xbd\""));
    check(writes(SPAN("\xe2\x82\n"), "\"\xef\xbf\xbd\xef\xbf\xbd\\n\""));
    check(writes(SPAN("\xc3\xa9\xff\xc3\xa9"), "\"\xc3\xa9\xef\xbf\xbd\xc3\xa9\""));
}

static void writes_numbers_and_bools(void)
{
    struct bytes b = {0};

    json_write_i64(&b, INT64_MIN);
    bytes_add_byte(&b, ' ');
    json_write_i64(&b, -1);
    bytes_add_byte(&b, ' ');
    json_write_i64(&b, INT64_MAX);
    bytes_add_byte(&b, ' ');
    json_write_u64(&b, UINT64_MAX);
    json_write_bool(&b, true);
    json_write_bool(&b, false);
    check(span_eq(bytes_span(&b), SPAN("-9223372036854775808 -1 9223372036854775807 "
                                       "18446744073709551615truefalse")));
    bytes_finish(&b);
}

static bool writes_double(double d, const char *want)
{
    struct bytes b = {0};

    json_write_double(&b, d);
    bool same = span_eq(bytes_span(&b), span_cstr(want));
    bytes_finish(&b);
    return same;
}

static void writes_doubles_that_read_back_the_same(void)
{
    check(writes_double(0.1, "0.1"));
    check(writes_double(-1.5, "-1.5"));
    check(writes_double(0.1 + 0.2, "0.30000000000000004"));
    check(writes_double(-0.0, "0"));
    check(writes_double(1e15, "1000000000000000"));
    check(writes_double(9007199254740992, "9007199254740992"));
    check(writes_double(1e19, "10000000000000000000"));
    check(writes_double(-1e19, "-10000000000000000000"));
    check(writes_double(1e21, "1e+21"));
    check(writes_double(5e-324, "4.94065645841247e-324"));
    check(writes_double(HUGE_VAL, "null"));
    check(writes_double(-HUGE_VAL, "null"));
    check(writes_double((double)NAN, "null"));
}

static void puts_commas_where_they_belong(void)
{
    struct bytes b = {0};

    bytes_add_cstr(&b, "42{");
    json_member_string(&b, SPAN("a\n"), SPAN("["));
    json_member_u64(&b, SPAN("b"), 7);
    json_member_bool(&b, SPAN("c"), true);
    json_member_json(&b, SPAN("d"), SPAN("{}"));
    json_write_key(&b, SPAN("e"));
    bytes_add_byte(&b, '[');
    for (unsigned i = 0; i < 3; i++) {
        json_write_comma(&b);
        json_write_u64(&b, i);
    }
    json_write_comma(&b);
    bytes_add_cstr(&b, "[]");
    json_write_comma(&b);
    bytes_add_cstr(&b, "null]}");
    check(span_eq(bytes_span(&b), SPAN("42{\"a\\n\":\"[\",\"b\":7,\"c\":true,\"d\":{},"
                                       "\"e\":[0,1,2,[],null]}")));
    bytes_finish(&b);
}

int main(void)
{
    RUN(escapes_as_json_stringify_does);
    RUN(replaces_what_is_not_utf8);
    RUN(writes_numbers_and_bools);
    RUN(writes_doubles_that_read_back_the_same);
    RUN(puts_commas_where_they_belong);
    return tap_done();
}
