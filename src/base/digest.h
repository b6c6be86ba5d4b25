/* Digest: a short name for a list of byte strings, the same on every node and in every run.
 *
 *     BLAKE2b-128 over, for each part: its length as 8 bytes, big-endian; its bytes
 *
 * With the lengths in it ("ab", "c") and ("a", "bc") differ. 128 bits are enough that nobody meets
 * two lists with one digest by chance, and as many as a UUID takes; it is no signature, since there
 * is no secret in it. Pure, any thread. */
// SPDX-License-Identifier: MIT
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/bytes.h"

enum { DIGEST_BYTES = 16 };

void digest_128(const struct span *parts, size_t count, uint8_t out[DIGEST_BYTES]);

#endif
