// SPDX-License-Identifier: MIT
#include "src/base/iso_time.h"

#include <stdbool.h>
#include <time.h>

#include "tests/support/tap.h"

static bool writes(int64_t wall_ms, const char *want)
{
    char out[ISO_TIME_LEN + 1];
    iso_time_write(wall_ms, out);
    return strcmp(out, want) == 0;
}

static void writes_what_javascript_writes(void)
{
    check(writes(0, "1970-01-01T00:00:00.000Z"));
    check(writes(951782399999, "2000-02-28T23:59:59.999Z"));
    check(writes(951782400000, "2000-02-29T00:00:00.000Z"));
    check(writes(1709251199007, "2024-02-29T23:59:59.007Z"));
    check(writes(4107542400000, "2100-03-01T00:00:00.000Z"));
}

static void stays_within_four_digits_of_a_year(void)
{
    check(writes(-1, "1970-01-01T00:00:00.000Z"));
    check(writes(INT64_MAX, "9999-12-31T23:59:59.999Z"));
}

static void agrees_with_libc_on_every_day_of_400_years(void)
{
    bool ok = true;
    for (time_t day = 0; day < 146097; day++) {
        char want[64];
        struct tm tm;
        time_t at = day * 86400 + day % 86400;
        (void)gmtime_r(&at, &tm);
        (void)strftime(want, sizeof want, "%Y-%m-%dT%H:%M:%S.000Z", &tm);
        ok = ok && writes(at * 1000, want);
    }
    check(ok);
}

int main(void)
{
    RUN(writes_what_javascript_writes);
    RUN(stays_within_four_digits_of_a_year);
    RUN(agrees_with_libc_on_every_day_of_400_years);
    return tap_done();
}
