/* ISO time: instants as the JSON of JavaScript writes them, 2024-02-29T23:59:59.999Z.
 *
 * UTC, milliseconds, always 24 characters. Pure; any thread. */
// SPDX-License-Identifier: MIT
#ifndef BASE_ISO_TIME_H
#define BASE_ISO_TIME_H

#include <stdint.h>

enum { ISO_TIME_LEN = 24 };

/* Writes the instant and a NUL. wall_ms: milliseconds since the Epoch; what lies outside of the
 * years 1970 to 9999 is written as the nearest instant in them. */
void iso_time_write(int64_t wall_ms, char out[ISO_TIME_LEN + 1]);

#endif
