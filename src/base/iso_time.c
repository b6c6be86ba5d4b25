// SPDX-License-Identifier: MIT
#include "src/base/iso_time.h"

static const int64_t LAST_MS = INT64_C(253402300799999); /* the end of 9999 */

struct date {
    unsigned year, month, day;
};

/* The Gregorian calendar counted in years that begin in March, so that the leap day is the last of
 * its year, and eras of 400 years, which all have the same days. */
static struct date date_of(unsigned days_since_epoch)
{
    enum { DAYS_TO_EPOCH = 719468 /* from 0000-03-01 */, ERA_DAYS = 146097 };
    unsigned days = days_since_epoch + DAYS_TO_EPOCH;
    unsigned day_of_era = days % ERA_DAYS;
    unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned month_from_march = (5 * day_of_year + 2) / 153;
    unsigned month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;

    return (struct date){
        .year = year_of_era + days / ERA_DAYS * 400 + (month <= 2),
        .month = month,
        .day = day_of_year - (153 * month_from_march + 2) / 5 + 1,
    };
}

/* Right-aligned decimal digits with leading zeros. */
static void put(char *out, unsigned width, unsigned n)
{
    while (width-- > 0) {
        out[width] = (char)('0' + n % 10);
        n /= 10;
    }
}

void iso_time_write(int64_t wall_ms, char out[ISO_TIME_LEN + 1])
{
    static const char form[ISO_TIME_LEN + 1] = "0000-00-00T00:00:00.000Z";
    enum { DAY_MS = 24 * 60 * 60 * 1000 };
    int64_t at = wall_ms < 0 ? 0 : wall_ms > LAST_MS ? LAST_MS : wall_ms;
    unsigned ms = (unsigned)(at % DAY_MS);
    struct date date = date_of((unsigned)(at / DAY_MS));

    for (unsigned i = 0; i <= ISO_TIME_LEN; i++) {
        out[i] = form[i];
    }
    put(out, 4, date.year);
    put(out + 5, 2, date.month);
    put(out + 8, 2, date.day);
    put(out + 11, 2, ms / 3600000);
    put(out + 14, 2, ms / 60000 % 60);
    put(out + 17, 2, ms / 1000 % 60);
    put(out + 20, 3, ms % 1000);
}
