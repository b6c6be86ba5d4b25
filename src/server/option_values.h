/* Option values: numbers with the units that people write, in both directions.
 *
 *   number     0, 42
 *   size       bytes; 4k, 8M, 1g and 4kb, 8MiB likewise: powers of 1024
 *   duration   500ms, 5s, 10m, 2h, 7d, 1w ("5 s", "10 min", "7 days" too); a bare number has the
 * unit of its option. Kept in milliseconds. boolean    yes, true, on, 1; no, false, off, 0
 *
 * Pure. */
// SPDX-License-Identifier: MIT
#ifndef SERVER_OPTION_VALUES_H
#define SERVER_OPTION_VALUES_H

#include "protocol/bytes.h"

/* True, and *out, if value is one and not above max. */
MUST_USE bool value_size(struct span value, uint64_t max, uint64_t *out);
MUST_USE bool value_boolean(struct span value, bool *out);

/* bare_ms: the milliseconds of a bare number's unit. */
MUST_USE bool value_duration(struct span value, uint64_t bare_ms, uint64_t max_ms,
                             uint64_t *out_ms);

/* Appends it in the largest unit that says it without a fraction: 8MiB, 1000000, 25s, 7d. */
void value_write_size(struct bytes *out, uint64_t size_bytes);
void value_write_duration(struct bytes *out, uint64_t duration_ms);

/* The next of comma-separated items, without white space around it; false after the last. An empty
 * item is handed out as such. *rest is the list at first; NULL data ends it. */
bool value_next_item(struct span *rest, struct span *item);

/* May that say who may call: `reflect`, `*` or `none`; or a list of origins as browsers write them,
 * scheme://host[:port] in small letters without a path, or `null`? Another one would never match.
 */
bool value_is_origins(struct span value);

/* How many characters have to be changed, added, left out or swapped with a neighbour to make a
 * into b; anything above max comes out as max + 1. Both at most 64 bytes long, else max + 1. */
unsigned value_distance(struct span a, struct span b, unsigned max);

#endif
