// SPDX-License-Identifier: MIT
#include "src/base/iso_time.h"

#include "protocol/iso_date.h"

static const int64_t LAST_MS = INT64_C(253402300799999); /* the end of 9999 */

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
    struct iso_date date = iso_date_of(wall_ms < 0 ? 0 : wall_ms > LAST_MS ? LAST_MS : wall_ms);

    for (unsigned i = 0; i <= ISO_TIME_LEN; i++) {
        out[i] = form[i];
    }
    put(out, 4, (unsigned)date.year);
    put(out + 5, 2, date.month);
    put(out + 8, 2, date.day);
    put(out + 11, 2, date.ms / 3600000);
    put(out + 14, 2, date.ms / 60000 % 60);
    put(out + 17, 2, date.ms / 1000 % 60);
    put(out + 20, 3, date.ms % 1000);
}
