// SPDX-License-Identifier: MIT
#include "protocol/iso_date.h"

#include <stdbool.h>
#include <time.h>

#include "tests/support/tap.h"

static bool is(int64_t wall_ms, int year, unsigned month, unsigned day, unsigned ms)
{
    struct iso_date date = iso_date_of(wall_ms);
    return date.year == year && date.month == month && date.day == day && date.ms == ms;
}

static void counts_days_on_both_sides_of_the_epoch(void)
{
    check(is(0, 1970, 1, 1, 0));
    check(is(-1, 1969, 12, 31, 86399999));
    check(is(951782400000, 2000, 2, 29, 0));
    check(is(-2203891200001, 1900, 2, 28, 86399999));
    check(is(-2203891200000, 1900, 3, 1, 0));
}

static void goes_as_far_as_a_date_of_javascript(void)
{
    check(is(-ISO_DATE_MS_MAX, -271821, 4, 20, 0));
    check(is(ISO_DATE_MS_MAX, 275760, 9, 13, 0));
    check(is(-62167219200000, 0, 1, 1, 0));
    check(is(-62167219200001, -1, 12, 31, 86399999));
}

static void agrees_with_libc_on_every_day_of_800_years(void)
{
    bool ok = true;
    for (time_t day = -146097; day < 146097; day++) {
        struct tm tm;
        time_t at = day * 86400;
        (void)gmtime_r(&at, &tm);
        ok = ok &&
             is(at * 1000, tm.tm_year + 1900, (unsigned)tm.tm_mon + 1, (unsigned)tm.tm_mday, 0);
    }
    check(ok);
}

int main(void)
{
    RUN(counts_days_on_both_sides_of_the_epoch);
    RUN(goes_as_far_as_a_date_of_javascript);
    RUN(agrees_with_libc_on_every_day_of_800_years);
    return tap_done();
}
