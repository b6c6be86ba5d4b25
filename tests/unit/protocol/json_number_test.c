// SPDX-License-Identifier: MIT
#include "protocol/json.h"
#include "tests/support/tap.h"

#include <float.h>
#include <math.h>

static struct json parsed(struct span text)
{
    struct json v = {0};

    check(json_parse(text, JSON_DEPTH_MAX, &v) == 0);
    return v;
}

static bool reads(const char *text, double want)
{
    double got = -77;

    return json_to_double(parsed(span_cstr(text)), &got) == 0 && got == want &&
           signbit(got) == signbit(want);
}

static void reads_integers_within_their_bound(void)
{
    uint64_t n = 7;

    check(json_to_u64(parsed(SPAN("0")), 0, &n) == 0 && n == 0);
    check(json_to_u64(parsed(SPAN("18446744073709551615")), UINT64_MAX, &n) == 0);
    check(n == UINT64_MAX);
    check(json_to_u64(parsed(SPAN("18446744073709551616")), UINT64_MAX, &n) == JSON_ENUMBER);
    check(json_to_u64(parsed(SPAN("11")), 10, &n) == JSON_ENUMBER);
    check(json_to_u64(parsed(SPAN("-1")), 10, &n) == JSON_ENUMBER);
    check(json_to_u64(parsed(SPAN("1.0")), 10, &n) == JSON_ENUMBER);
    check(json_to_u64(parsed(SPAN("1e0")), 10, &n) == JSON_ENUMBER);
    check(json_to_u64(parsed(SPAN("\"1\"")), 10, &n) == JSON_ENUMBER);
    check(json_to_u64(parsed(SPAN("true")), 10, &n) == JSON_ENUMBER);
    check(n == UINT64_MAX);
}

static void reads_doubles_to_the_last_bit(void)
{
    check(reads("0", 0) && reads("-0", -0.0) && reads("-0.0e9", -0.0));
    check(reads("12", 12) && reads("-12.5", -12.5) && reads("1.25e3", 1250) &&
          reads("1.25E+3", 1250));
    check(reads("125e-2", 1.25) && reads("0.1", 0.1) && reads("0.30000000000000004", 0.1 + 0.2));
    check(reads("1.7976931348623157e308", DBL_MAX) && reads("2.2250738585072014e-308", DBL_MIN));
    check(reads("9007199254740993", 9007199254740992.0));
    check(reads("1e-999", 0) && reads("1e-99999999999999999999", 0));
    check(reads("0.00001e5", 1));
}

static void refuses_what_no_double_can_hold(void)
{
    char digits[JSON_DOUBLE_BYTES_MAX + 1];
    double n = 7;

    memset(digits, '0', sizeof digits);
    digits[1] = '.';
    check(json_to_double(parsed(span_of(digits, JSON_DOUBLE_BYTES_MAX)), &n) == 0 && n == 0);
    n = 7;
    check(json_to_double(parsed(span_of(digits, sizeof digits)), &n) == JSON_ENUMBER);
    check(json_to_double(parsed(SPAN("1e309")), &n) == JSON_ENUMBER);
    check(json_to_double(parsed(SPAN("-1e99999999999999999999")), &n) == JSON_ENUMBER);
    check(json_to_double(parsed(SPAN("\"1\"")), &n) == JSON_ENUMBER);
    check(json_to_double(parsed(SPAN("null")), &n) == JSON_ENUMBER);
    check(n == 7);
}

static void tells_true_from_everything_else(void)
{
    check(json_is_true(parsed(SPAN("true"))));
    check(!json_is_true(parsed(SPAN("false"))));
    check(!json_is_true(parsed(SPAN("\"true\""))));
    check(!json_is_true(parsed(SPAN("1"))));
}

int main(void)
{
    RUN(reads_integers_within_their_bound);
    RUN(reads_doubles_to_the_last_bit);
    RUN(refuses_what_no_double_can_hold);
    RUN(tells_true_from_everything_else);
    return tap_done();
}
