/* Histogram: how often something took how long, in buckets that grow with the value, so that the
 * error is at most half of it from 16 microseconds to 17 seconds.
 *
 *   bucket i   0    1    2    3    4    5   ...   40        41
 *   up to     16   24   32   48   64   96   ...   2^24 us   everything above
 *
 * Threads: one writes, any may read at the same time; no locks. A reader takes a copy first, so
 * that what it reads out of that agrees. */
// SPDX-License-Identifier: MIT
#ifndef BASE_HISTOGRAM_H
#define BASE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

enum {
    HISTOGRAM_BITS_MIN = 4, /* of the smallest bound */
    HISTOGRAM_BITS_MAX = 24,
    HISTOGRAM_BOUNDS = 2 * (HISTOGRAM_BITS_MAX - HISTOGRAM_BITS_MIN) + 1,
};

/* A zeroed struct is an empty histogram. */
struct histogram {
    _Atomic uint64_t counts[HISTOGRAM_BOUNDS + 1]; /* the last: above all bounds */
    _Atomic uint64_t sum_us;
};

/* The largest value of bucket i < HISTOGRAM_BOUNDS. */
static inline uint64_t histogram_bound_us(unsigned i)
{
    return (UINT64_C(2) + i % 2) << (HISTOGRAM_BITS_MIN - 1 + i / 2);
}

void histogram_add(struct histogram *h, uint64_t value_us);

struct histogram_copy {
    uint64_t counts[HISTOGRAM_BOUNDS + 1];
    uint64_t sum_us;
};

/* Adds what is in h to the copy. */
void histogram_read(const struct histogram *h, struct histogram_copy *copy);

#endif
