// SPDX-License-Identifier: MIT
#include "tools/load/histogram.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { SUB_BUCKETS = 1 << HISTOGRAM_SUB_BITS };

static const uint64_t value_max = (UINT64_C(1) << HISTOGRAM_VALUE_BITS) - 1;

/* Values below 2 * SUB_BUCKETS have shift 0; above, the top bit and the HISTOGRAM_SUB_BITS bits
 * after it are kept and `shift` bits are dropped. */
static unsigned bucket_of(uint64_t value)
{
    unsigned top_bit = 63 - (unsigned)__builtin_clzll(value | 1);
    unsigned shift = top_bit > HISTOGRAM_SUB_BITS ? top_bit - HISTOGRAM_SUB_BITS : 0;

    return (shift << HISTOGRAM_SUB_BITS) + (unsigned)(value >> shift);
}

static uint64_t bucket_upper_edge(unsigned bucket)
{
    unsigned shift = bucket < 2 * SUB_BUCKETS ? 0 : (bucket >> HISTOGRAM_SUB_BITS) - 1;
    uint64_t lead = bucket - (shift << HISTOGRAM_SUB_BITS);

    return ((lead + 1) << shift) - 1;
}

void histogram_clear(struct histogram *h)
{
    memset(h, 0, sizeof *h);
}

void histogram_record(struct histogram *h, uint64_t value)
{
    unsigned bucket = bucket_of(value < value_max ? value : value_max);

    assert(bucket < HISTOGRAM_BUCKETS);
    h->buckets[bucket]++;
    h->count++;
    if (value > h->max) {
        h->max = value;
    }
}

uint64_t histogram_quantile(const struct histogram *h, double q)
{
    uint64_t rank = (uint64_t)ceil(q * (double)h->count);
    uint64_t seen = 0;

    if (h->count == 0) {
        return 0;
    }
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += h->buckets[i];
        if (seen >= rank && seen > 0) {
            uint64_t edge = bucket_upper_edge(i);
            return edge < h->max ? edge : h->max;
        }
    }
    return h->max;
}
