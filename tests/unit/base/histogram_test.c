// SPDX-License-Identifier: MIT
#include "src/base/histogram.h"

#include "tests/support/tap.h"

static struct histogram_copy read_one(uint64_t value_us)
{
    struct histogram h = {0};
    struct histogram_copy copy = {0};
    histogram_add(&h, value_us);
    histogram_read(&h, &copy);
    return copy;
}

static void has_bounds_that_grow_by_halves_of_powers_of_two(void)
{
    static const uint64_t first[] = {16, 24, 32, 48, 64, 96, 128};
    for (unsigned i = 0; i < sizeof first / sizeof *first; i++) {
        check(histogram_bound_us(i) == first[i]);
    }
    check(histogram_bound_us(HISTOGRAM_BOUNDS - 1) == 1 << HISTOGRAM_BITS_MAX);
}

static void puts_each_value_below_the_smallest_bound_that_it_does_not_exceed(void)
{
    for (unsigned i = 0; i < HISTOGRAM_BOUNDS; i++) {
        check(read_one(histogram_bound_us(i)).counts[i] == 1);
        check(read_one(histogram_bound_us(i) + 1).counts[i + 1] == 1);
    }
    check(read_one(0).counts[0] == 1);
    check(read_one(UINT64_MAX).counts[HISTOGRAM_BOUNDS] == 1);
}

static void adds_up(void)
{
    struct histogram a = {0}, b = {0};
    struct histogram_copy copy = {0};
    histogram_add(&a, 10);
    histogram_add(&a, 20);
    histogram_add(&b, 20);
    histogram_read(&a, &copy);
    histogram_read(&b, &copy);
    check(copy.counts[0] == 1 && copy.counts[1] == 2 && copy.sum_us == 50);
}

int main(void)
{
    RUN(has_bounds_that_grow_by_halves_of_powers_of_two);
    RUN(puts_each_value_below_the_smallest_bound_that_it_does_not_exceed);
    RUN(adds_up);
    return tap_done();
}
