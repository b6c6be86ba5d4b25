// SPDX-License-Identifier: MIT
#include "src/base/histogram.h"

/* Bounds belong to the bucket below them, hence the value less one: its highest bit says the power
 * of two, the bit below that the half. */
static unsigned bucket_of(uint64_t value_us)
{
    if (value_us <= UINT64_C(1) << HISTOGRAM_BITS_MIN) {
        return 0;
    }
    uint64_t v = value_us - 1;
    unsigned top = 63 - (unsigned)__builtin_clzll(v);
    unsigned i = 2 * (top - HISTOGRAM_BITS_MIN) + (unsigned)(v >> (top - 1) & 1) + 1;
    return i < HISTOGRAM_BOUNDS ? i : HISTOGRAM_BOUNDS;
}

/* One writer, so an addition needs no locked instruction. */
static void add(_Atomic uint64_t *to, uint64_t n)
{
    uint64_t old = atomic_load_explicit(to, memory_order_relaxed);
    atomic_store_explicit(to, old + n, memory_order_relaxed);
}

void histogram_add(struct histogram *h, uint64_t value_us)
{
    add(&h->counts[bucket_of(value_us)], 1);
    add(&h->sum_us, value_us);
}

void histogram_read(const struct histogram *h, struct histogram_copy *copy)
{
    for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++) {
        copy->counts[i] += atomic_load_explicit(&h->counts[i], memory_order_relaxed);
    }
    copy->sum_us += atomic_load_explicit(&h->sum_us, memory_order_relaxed);
}
