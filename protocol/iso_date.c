// SPDX-License-Identifier: MIT
#include "protocol/iso_date.h"

#include <assert.h>

/* Years that begin in March, so that the leap day is the last of its year, and eras of 400 years,
 * which all have the same days, counted from far enough ago to be never below zero. */
enum { DAY_MS = 24 * 60 * 60 * 1000, ERA_DAYS = 146097, ERAS_BEFORE = 700 };
static const int64_t DAYS_TO_EPOCH = 719468 + (int64_t)ERAS_BEFORE * ERA_DAYS; /* 719468: year 0 */

struct iso_date iso_date_of(int64_t wall_ms)
{
    assert(wall_ms >= -ISO_DATE_MS_MAX && wall_ms <= ISO_DATE_MS_MAX);
    uint64_t ms = (uint64_t)(wall_ms + DAYS_TO_EPOCH * DAY_MS);
    uint64_t days = ms / DAY_MS;
    unsigned day_of_era = (unsigned)(days % ERA_DAYS);
    unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned month_from_march = (5 * day_of_year + 2) / 153;
    unsigned month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;

    return (struct iso_date){
        .year = (int)(days / ERA_DAYS * 400 + year_of_era + (month <= 2)) - ERAS_BEFORE * 400,
        .month = month,
        .day = day_of_year - (153 * month_from_march + 2) / 5 + 1,
        .ms = (unsigned)(ms % DAY_MS),
    };
}
