/* Message ids: UUID version 7 (RFC 9562, section 5.7), sortable by time.
 *
 *   48 bits   Unix time in milliseconds
 *    4 bits   version, 7
 *   12 bits   counter within the millisecond (section 6.2, method 1)
 *    2 bits   variant, binary 10
 *   62 bits   random
 *
 * A source never repeats an id and never goes back, whatever its clock does: when the clock stands
 * still or is set back, the counter goes on; when the counter is used up, the time runs ahead by a
 * millisecond. Ids of two sources are distinct by their random bits and ordered by their clocks.
 *
 * Pure: time and random bytes are arguments. A source belongs to one thread, the two conversions to
 * any. */
// SPDX-License-Identifier: MIT
#ifndef BASE_IDS_H
#define BASE_IDS_H

#include <stdint.h>

#include "protocol/bytes.h"

enum {
    ID_BYTES = 16,
    ID_TEXT_LEN = 36,     /* 8-4-4-4-12 hexadecimal digits */
    ID_RANDOM_BYTES = 10, /* what id_source_next consumes */
};

/* One per loop; zeroed it is ready for use. */
struct id_source {
    uint64_t last_ms;
    unsigned counter;
};

/* Makes the next id of this source. wall_ms: milliseconds since the Epoch. */
void id_source_next(struct id_source *source, int64_t wall_ms,
                    const uint8_t random[ID_RANDOM_BYTES], uint8_t id[ID_BYTES]);

/* Writes the id as 36 lower-case characters, without a NUL. */
void id_format(const uint8_t id[ID_BYTES], char text[ID_TEXT_LEN]);

/* Reads what id_format writes: any UUID, but lower case only, so that id_format gives the same text
 * back. Returns 0, or -1 and leaves id undefined. */
MUST_USE int id_parse(struct span text, uint8_t id[ID_BYTES]);

#endif
