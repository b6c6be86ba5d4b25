// SPDX-License-Identifier: MIT
#include "tools/load/marker.h"

enum { GROUP = 8 }; /* every field is one or two groups of eight bytes */

static const char hex_digits[] = "0123456789abcdef";

static void hex_write(uint8_t out[GROUP], uint32_t n)
{
    for (int i = GROUP - 1; i >= 0; i--) {
        out[i] = (uint8_t)hex_digits[n & 15];
        n >>= 4;
    }
}

/* Eight digits at once: each byte to its nibble, then neighbours are joined twice. One delivery has
 * five groups, and 1.4 million deliveries a second share a core with reading them. */
static uint32_t hex_read(const uint8_t *p)
{
    uint64_t n = load_be64(p);

    n = (n & UINT64_C(0x0f0f0f0f0f0f0f0f)) + 9 * (n >> 6 & UINT64_C(0x0101010101010101));
    n = (n | n >> 4) & UINT64_C(0x00ff00ff00ff00ff);
    n = (n | n >> 8) & UINT64_C(0x0000ffff0000ffff);
    return (uint32_t)(n | n >> 16);
}

uint64_t marker_magic(uint32_t run)
{
    uint8_t text[GROUP];
    uint64_t magic;

    hex_write(text, run);
    memcpy(text, "rk", 2);
    memcpy(&magic, text, sizeof magic);
    return magic;
}

void marker_write(uint8_t out[MARKER_BYTES], uint64_t magic, const struct marker *m)
{
    memcpy(out, &magic, GROUP);
    hex_write(out + 8, m->sender);
    hex_write(out + 16, m->seq);
    hex_write(out + 24, m->flight);
    hex_write(out + 32, (uint32_t)(m->time_ns >> 32));
    hex_write(out + 40, (uint32_t)m->time_ns);
}

static bool marker_at(struct span text, uint64_t magic, size_t at)
{
    return at + MARKER_BYTES <= text.len && memcmp(text.data + at, &magic, GROUP) == 0;
}

bool marker_find(struct span text, uint64_t magic, size_t *hint, struct marker *out)
{
    const uint8_t *p;

    if (!marker_at(text, magic, *hint)) {
        p = memmem(text.data, text.len, &magic, GROUP);
        if (p == NULL || !marker_at(text, magic, (size_t)(p - text.data))) {
            return false;
        }
        *hint = (size_t)(p - text.data);
    }
    p = text.data + *hint;
    out->sender = hex_read(p + 8);
    out->seq = hex_read(p + 16);
    out->flight = hex_read(p + 24);
    out->time_ns = (uint64_t)hex_read(p + 32) << 32 | hex_read(p + 40);
    return true;
}
