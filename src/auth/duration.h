/* Duration: a span of time as people write it in JWT_EXPIRES_IN and in options.
 *
 *     number [spaces] [unit]      "7d"  "12h"  "15m"  "1.5 hours"  "3600"  "250ms"
 *
 * Numbers and units are those of the npm package "ms", in any case: ms, s, m, h, d, w, y and their
 * long names; a year is 365.25 days. A number without a unit is in seconds, which is what the
 * people who write JWT_EXPIRES_IN=3600 mean (jsonwebtoken would take that string for 3.6 seconds).
 * No sign, no sums ("1h30m"): "ms" has none either, and a negative duration is no duration.
 *
 * Pure; any thread. */
// SPDX-License-Identifier: MIT
#ifndef AUTH_DURATION_H
#define AUTH_DURATION_H

#include <stdint.h>

#include "protocol/bytes.h"

/* 1000 years: what is beyond is a typing error. */
#define DURATION_MS_MAX INT64_C(31557600000000)

enum duration_error {
    DURATION_ESYNTAX = -1, /* not a number with an optional unit */
    DURATION_ERANGE = -2,  /* more than DURATION_MS_MAX */
};

/* Returns 0 and sets *out_ms (rounded to the nearest), or an enum duration_error and leaves it
 * alone. */
MUST_USE int duration_parse(struct span text, int64_t *out_ms);

#endif
