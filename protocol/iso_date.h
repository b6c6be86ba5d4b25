/* The Gregorian calendar, as JavaScript's Date counts it: UTC, and years before 1583 as if it had
 * always been in use. Pure; any thread. */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_ISO_DATE_H
#define PROTOCOL_ISO_DATE_H

#include <stdint.h>

/* The farthest instants from the Epoch, before and after it, that are a Date. */
#define ISO_DATE_MS_MAX INT64_C(8640000000000000)

struct iso_date {
    int year;            /* 0 is the one before 1 */
    unsigned month, day; /* from 1 */
    unsigned ms;         /* since midnight */
};

/* wall_ms: milliseconds since the Epoch, at most ISO_DATE_MS_MAX away from it. */
struct iso_date iso_date_of(int64_t wall_ms);

#endif
