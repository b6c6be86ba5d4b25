// SPDX-License-Identifier: MIT
#include "src/bus/outbox.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "tests/support/fake_executor.h"
#include "tests/support/tap.h"

static struct fake_executor fe;
static struct bus_calls dropped;
static struct bus_counts counts;
static struct outbox outbox;

static void start(const struct bus_limits *limits)
{
    fake_executor_init(&fe, 0);
    memset(&counts, 0, sizeof counts);
    bus_calls_init(&dropped, &fe.executor);
    outbox_init(&outbox, &fe.executor, limits, &counts, &dropped);
}

static void stop(void)
{
    outbox_finish(&outbox);
    bus_calls_finish(&dropped);
    fake_executor_turn(&fe, fe.executor.now_ms);
    fake_executor_finish(&fe);
}

static void add(const char *payload)
{
    const struct span args[] = {SPAN("c"), span_cstr(payload)};
    outbox_add(&outbox, &(struct outbox_order){.kind = OUTBOX_CHANNEL, .args = args, .count = 2});
}

static bool says(const struct outbox_item *item, const char *payload)
{
    return item != NULL && span_eq(item->args[1], span_cstr(payload));
}

static void what_is_lost_goes_before_what_came_later_in_its_order(void)
{
    start(NULL);
    add("1");
    add("2");
    add("3");
    struct outbox_item *one = outbox_next(&outbox), *two = outbox_next(&outbox);
    struct outbox_item *three = outbox_next(&outbox);
    check(says(one, "1") && says(two, "2") && says(three, "3") && outbox_next(&outbox) == NULL);
    add("4");
    check(outbox_take(&outbox, two, true) == NULL);
    outbox_lost(&outbox, three);
    outbox_lost(&outbox, one);
    check(says(outbox_next(&outbox), "1"));
    three = outbox_next(&outbox);
    check(says(three, "3") && three->late);
    check(says(outbox_next(&outbox), "4") && outbox_next(&outbox) == NULL);
    check(counts.published == 1 && counts.kept == 0);
    (void)outbox_take(&outbox, three, true);
    check(counts.published == 2 && counts.kept == 1);
    stop();
    check(counts.dropped_full == 0 && counts.dropped_old == 0);
}

static void what_a_slow_back_end_does_not_take_waits(void)
{
    struct bytes big = {0};
    start(NULL);

    (void)bytes_reserve(&big, OUTBOX_SENT_BYTES_MAX);
    memset(big.data, 'x', OUTBOX_SENT_BYTES_MAX - 1);
    big.data[OUTBOX_SENT_BYTES_MAX - 1] = '\0';
    add((const char *)big.data);
    add("2");
    struct outbox_item *first = outbox_next(&outbox);
    check(first != NULL && outbox_next(&outbox) == NULL);
    (void)outbox_take(&outbox, first, true);
    check(says(outbox_next(&outbox), "2"));
    check(outbox.sent_bytes == outbox.bytes);
    bytes_finish(&big);
    stop();
}

static void what_is_sent_is_not_dropped(void)
{
    start(&(struct bus_limits){.keep_bytes_max = 2 * (OUTBOX_ITEM_BYTES + 2), .keep_ms = 50});
    add("1");
    struct outbox_item *one = outbox_next(&outbox);
    add("2");
    add("3");
    check(counts.dropped_full == 1);
    check(says(outbox.next, "3"));
    fake_executor_turn(&fe, 1100);
    check(counts.dropped_old == 1 && outbox_next(&outbox) == NULL);
    outbox_lost(&outbox, one);
    fake_executor_turn(&fe, 1200);
    check(counts.dropped_old == 2 && outbox.items.first == NULL && outbox.bytes == 0);
    stop();
}

int main(void)
{
    RUN(what_is_lost_goes_before_what_came_later_in_its_order);
    RUN(what_a_slow_back_end_does_not_take_waits);
    RUN(what_is_sent_is_not_dropped);
    return tap_done();
}
