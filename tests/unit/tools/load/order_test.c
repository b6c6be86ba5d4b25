// SPDX-License-Identifier: MIT
#include "tools/load/order.h"

#include "tests/support/tap.h"

static void a_plain_sequence_is_in_order(void)
{
    struct order_cell cell = {0};

    for (uint32_t seq = 0; seq < 1000; seq++) {
        check(order_see(&cell, seq) == ORDER_OK);
    }
}

static void the_same_number_again_is_a_duplicate(void)
{
    struct order_cell cell = {0};

    check(order_see(&cell, 0) == ORDER_OK);
    check(order_see(&cell, 0) == ORDER_DUPLICATE);
    check(order_see(&cell, 1) == ORDER_OK);
    check(order_see(&cell, 0) == ORDER_DUPLICATE);
}

static void one_that_was_missed_comes_late_once(void)
{
    struct order_cell cell = {0};

    check(order_see(&cell, 0) == ORDER_OK);
    check(order_see(&cell, 3) == ORDER_OK);
    check(order_see(&cell, 1) == ORDER_LATE);
    check(order_see(&cell, 1) == ORDER_DUPLICATE);
    check(order_see(&cell, 2) == ORDER_LATE);
    check(order_see(&cell, 3) == ORDER_DUPLICATE);
    check(order_see(&cell, 4) == ORDER_OK);
}

static void a_gap_wider_than_the_window_forgets_what_was_before(void)
{
    struct order_cell cell = {0};

    check(order_see(&cell, 0) == ORDER_OK);
    check(order_see(&cell, 100) == ORDER_OK);
    check(order_see(&cell, 100) == ORDER_DUPLICATE);
    check(order_see(&cell, 69) == ORDER_LATE); /* 31 behind: the last that is known */
    check(order_see(&cell, 69) == ORDER_DUPLICATE);
    check(order_see(&cell, 0) == ORDER_LATE); /* too far behind to tell */
}

static void a_step_of_exactly_the_window_keeps_nothing_old(void)
{
    struct order_cell cell = {0};

    check(order_see(&cell, 0) == ORDER_OK);
    check(order_see(&cell, 31) == ORDER_OK);
    check(order_see(&cell, 0) == ORDER_DUPLICATE);
    check(order_see(&cell, 32) == ORDER_OK);
    check(order_see(&cell, 64) == ORDER_OK);
    check(order_see(&cell, 33) == ORDER_LATE);
}

int main(void)
{
    RUN(a_plain_sequence_is_in_order);
    RUN(the_same_number_again_is_a_duplicate);
    RUN(one_that_was_missed_comes_late_once);
    RUN(a_gap_wider_than_the_window_forgets_what_was_before);
    RUN(a_step_of_exactly_the_window_keeps_nothing_old);
    return tap_done();
}
