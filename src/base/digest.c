// SPDX-License-Identifier: MIT
#include "src/base/digest.h"

#include <sodium.h>

void digest_128(const struct span *parts, size_t count, uint8_t out[DIGEST_BYTES])
{
    crypto_generichash_state state;
    uint8_t len[8];

    /* They fail on lengths only, and those are fixed. */
    (void)crypto_generichash_init(&state, NULL, 0, DIGEST_BYTES);
    for (size_t i = 0; i < count; i++) {
        store_be64(len, parts[i].len);
        (void)crypto_generichash_update(&state, len, sizeof len);
        (void)crypto_generichash_update(&state, parts[i].data, parts[i].len);
    }
    (void)crypto_generichash_final(&state, out, DIGEST_BYTES);
}
