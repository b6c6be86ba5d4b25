// SPDX-License-Identifier: MIT
#include "src/auth/duration.h"

#include "tests/support/tap.h"

static int64_t ms_of(const char *text)
{
    int64_t ms = -100;
    int result = duration_parse(span_cstr(text), &ms);
    return result < 0 ? result : ms;
}

static void reads_a_number_with_a_unit(void)
{
    check(ms_of("7d") == INT64_C(604800000));
    check(ms_of("12h") == 43200000);
    check(ms_of("15m") == 900000);
    check(ms_of("30s") == 30000);
    check(ms_of("250ms") == 250);
    check(ms_of("2w") == INT64_C(1209600000));
    check(ms_of("1y") == INT64_C(31557600000));
    check(ms_of("0s") == 0);
}

static void reads_the_long_names_in_any_case(void)
{
    check(ms_of("2 days") == 172800000);
    check(ms_of("1 Day") == 86400000);
    check(ms_of("10 hrs") == 36000000);
    check(ms_of("1 HOUR") == 3600000);
    check(ms_of("5 mins") == 300000);
    check(ms_of("1 minute") == 60000);
    check(ms_of("90 seconds") == 90000);
    check(ms_of("20 msecs") == 20);
    check(ms_of("3 yrs") == INT64_C(94672800000));
}

static void takes_a_bare_number_for_seconds(void)
{
    check(ms_of("3600") == 3600000);
    check(ms_of("0") == 0);
}

static void reads_fractions(void)
{
    check(ms_of("1.5h") == 5400000);
    check(ms_of(".5m") == 30000);
    check(ms_of("0.1") == 100);
}

static void refuses_what_is_no_duration(void)
{
    static const char *const bad[] = {"",      " ",   "d",   "-1d", "+1d", "7.",
                                      "1h30m", "7 x", "7dd", "hss", "1ss", "1.2.3",
                                      "0x10",  " 7d", "7d ", "7 ",  "1e3", "1,5h"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        check(ms_of(bad[i]) == DURATION_ESYNTAX);
    }
}

static void refuses_more_than_a_thousand_years(void)
{
    check(ms_of("1000y") == DURATION_MS_MAX);
    check(ms_of("1001y") == DURATION_ERANGE);
    check(ms_of("9999999999999999999999999999") == DURATION_ERANGE);
}

int main(void)
{
    RUN(reads_a_number_with_a_unit);
    RUN(reads_the_long_names_in_any_case);
    RUN(takes_a_bare_number_for_seconds);
    RUN(reads_fractions);
    RUN(refuses_what_is_no_duration);
    RUN(refuses_more_than_a_thousand_years);
    return tap_done();
}
