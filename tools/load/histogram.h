/* Histogram of latencies: log-linear buckets in fixed memory, recording in a few instructions.
 *
 *   value    0 .. 255         one bucket for each value
 *   above                     128 buckets for every power of two, so a bucket is never wider than
 *                             1/128 (0.8 %) of the values in it
 *   from 2^42 (73 minutes in ns) upward everything counts as 2^42 - 1; the maximum stays exact
 *
 * A zeroed struct is an empty histogram. It owns nothing; nothing here is shared between threads.
 */
// SPDX-License-Identifier: MIT
#ifndef TOOLS_LOAD_HISTOGRAM_H
#define TOOLS_LOAD_HISTOGRAM_H

#include <stdint.h>

enum {
    HISTOGRAM_SUB_BITS = 7,
    HISTOGRAM_VALUE_BITS = 42,
    HISTOGRAM_BUCKETS = (HISTOGRAM_VALUE_BITS - HISTOGRAM_SUB_BITS + 1) << HISTOGRAM_SUB_BITS,
};

struct histogram {
    uint64_t count;
    uint64_t max; /* exact */
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

void histogram_clear(struct histogram *h);
void histogram_record(struct histogram *h, uint64_t value);

/* The value that a share q (0 .. 1) of all records do not exceed: the upper edge of the bucket in
 * which it falls, never above the maximum. 0 when nothing was recorded. */
uint64_t histogram_quantile(const struct histogram *h, double q);

#endif
