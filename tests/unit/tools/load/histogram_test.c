// SPDX-License-Identifier: MIT
#include "tools/load/histogram.h"

#include "tests/support/tap.h"

static struct histogram h;

static void an_empty_one_has_no_quantile(void)
{
    histogram_clear(&h);
    check(histogram_quantile(&h, 0.5) == 0);
    check(histogram_quantile(&h, 1) == 0);
}

static void small_values_are_exact(void)
{
    histogram_clear(&h);
    for (uint64_t v = 0; v < 256; v++) {
        histogram_record(&h, v);
    }
    check(h.count == 256);
    check(histogram_quantile(&h, 0) == 0);
    check(histogram_quantile(&h, 0.5) == 127);
    check(histogram_quantile(&h, 1) == 255);
}

static void every_value_is_within_a_128th_of_its_quantile(void)
{
    for (uint64_t v = 1; v < UINT64_C(1) << 41; v = v * 3 / 2 + 1) {
        histogram_clear(&h);
        histogram_record(&h, v);
        histogram_record(&h, UINT64_C(1) << 41); /* so that the maximum does not help */
        uint64_t got = histogram_quantile(&h, 0.5);
        check(got >= v);
        check(got - v <= v / 128);
    }
}

static void quantiles_count_ranks(void)
{
    histogram_clear(&h);
    for (int i = 0; i < 990; i++) {
        histogram_record(&h, 10);
    }
    for (int i = 0; i < 10; i++) {
        histogram_record(&h, 200);
    }
    check(histogram_quantile(&h, 0.5) == 10);
    check(histogram_quantile(&h, 0.99) == 10);
    check(histogram_quantile(&h, 0.991) == 200);
    check(histogram_quantile(&h, 0.999) == 200);
}

static void a_rank_between_two_is_the_upper_one(void)
{
    histogram_clear(&h);
    for (uint64_t v = 1; v <= 3; v++) {
        histogram_record(&h, v);
    }
    check(histogram_quantile(&h, 0.5) == 2);
    check(histogram_quantile(&h, 0.67) == 3);
}

static void no_quantile_exceeds_the_maximum(void)
{
    histogram_clear(&h);
    histogram_record(&h, 1000001);
    check(histogram_quantile(&h, 1) == 1000001);
    check(histogram_quantile(&h, 0.5) == 1000001);
}

static void huge_values_go_to_the_last_bucket(void)
{
    histogram_clear(&h);
    histogram_record(&h, UINT64_MAX);
    check(h.max == UINT64_MAX);
    check(h.buckets[HISTOGRAM_BUCKETS - 1] == 1);
}

int main(void)
{
    RUN(an_empty_one_has_no_quantile);
    RUN(small_values_are_exact);
    RUN(every_value_is_within_a_128th_of_its_quantile);
    RUN(quantiles_count_ranks);
    RUN(a_rank_between_two_is_the_upper_one);
    RUN(no_quantile_exceeds_the_maximum);
    RUN(huge_values_go_to_the_last_bucket);
    return tap_done();
}
