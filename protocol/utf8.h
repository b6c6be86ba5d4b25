/* UTF-8 as RFC 3629 has it: one to four bytes, the shortest form only, no surrogates
 * (U+D800..U+DFFF), nothing above U+10FFFF.
 *
 *   first byte   then
 *   00..7F
 *   C2..DF       80..BF
 *   E0           A0..BF  80..BF
 *   E1..EC       80..BF  80..BF
 *   ED           80..9F  80..BF
 *   EE..EF       80..BF  80..BF
 *   F0           90..BF  80..BF  80..BF
 *   F1..F3       80..BF  80..BF  80..BF
 *   F4           80..8F  80..BF  80..BF
 *
 * Pure: no allocation, no global state. */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_UTF8_H
#define PROTOCOL_UTF8_H

#include "protocol/bytes.h"

#define UTF8_CHAR_BYTES_MAX 4

/* What stands in for bytes that are not UTF-8 and for half a surrogate pair: U+FFFD. */
#define UTF8_REPLACEMENT SPAN("\xef\xbf\xbd")

enum utf8_error {
    UTF8_EINVALID = -1, /* no continuation can make these bytes valid */
};

/* Text that arrives in pieces, cut anywhere. A zeroed struct is the beginning. */
struct utf8_state {
    uint8_t missing; /* bytes that the current character still lacks */
    uint8_t low;     /* the next of them lies in low..high (if missing > 0) */
    uint8_t high;
};

/* Takes the next piece: 0, or UTF8_EINVALID at the first byte that no text can go on with, even
 * when its character is incomplete (RFC 6455 8.1 lets us fail that early). After an error the state
 * is worth nothing. */
MUST_USE int utf8_feed(struct utf8_state *s, const uint8_t *data, size_t len);

/* True where the text may end: not inside a character. */
static inline bool utf8_complete(struct utf8_state s)
{
    return s.missing == 0;
}

/* True if all of s is whole, valid characters. */
bool utf8_valid(struct span s);

/* Passes over the non-ASCII characters at p. Returns where it stopped: at end, at an ASCII byte, or
 * at a byte >= 0x80 that begins no valid character before end. */
const uint8_t *utf8_skip_multibyte(const uint8_t *p, const uint8_t *end);

/* Writes code_point (a scalar value: no surrogate, at most 0x10FFFF) and returns its bytes, 1..4.
 */
size_t utf8_encode(uint32_t code_point, uint8_t out[UTF8_CHAR_BYTES_MAX]);

/* Takes the first character off s (which is not empty) and returns its code point; of a byte that
 * begins no valid character, U+FFFD. */
uint32_t utf8_take(struct span *s);

#endif
