// SPDX-License-Identifier: MIT
#include "src/chat/traffic.h"

#include <stdio.h>

#include "tests/support/tap.h"

static struct traffic traffic;

static struct traffic_item item(struct span room, struct span id)
{
    /* One hash for all: what is told apart is told apart by name. */
    return (struct traffic_item){.room = room, .room_hash = UINT64_C(7) << 32, .id = id};
}

/* Messages with the offsets newest, newest - 1 ... and ids like "m12". */
static struct message *page(uint64_t newest)
{
    enum { N = 4 };
    static char ids[N][16];
    static struct message messages[N];
    for (unsigned i = 0; i < N; i++) {
        int n = snprintf(ids[i], sizeof ids[i], "m%u", (unsigned)newest - i);
        messages[i] = (struct message){.offset = newest - i, .id = span_of(ids[i], (size_t)n)};
    }
    return messages;
}

static void leaves_a_history_alone_when_nothing_else_happens(void)
{
    struct traffic_item join = item(SPAN("r"), SPAN(""));
    traffic_join_begins(&traffic, &join);
    check(traffic_join_ends(&traffic, &join, page(9), 4) == 0);
}

static void leaves_out_what_was_done_while_the_join_waited(void)
{
    struct traffic_item join = item(SPAN("r"), SPAN(""));
    struct traffic_item a = item(SPAN("r"), SPAN("m8")), b = item(SPAN("r"), SPAN("m9"));
    traffic_send_begins(&traffic, &a);
    traffic_join_begins(&traffic, &join);
    traffic_send_begins(&traffic, &b);
    traffic_send_ends(&traffic, &a, 8);
    traffic_send_ends(&traffic, &b, 9);
    check(traffic_join_ends(&traffic, &join, page(9), 4) == 2);
}

static void leaves_out_what_is_still_in_flight(void)
{
    struct traffic_item join = item(SPAN("r"), SPAN(""));
    struct traffic_item a = item(SPAN("r"), SPAN("m9")), b = item(SPAN("r"), SPAN("m8"));
    traffic_send_begins(&traffic, &a);
    traffic_send_begins(&traffic, &b);
    traffic_join_begins(&traffic, &join);
    check(traffic_join_ends(&traffic, &join, page(9), 4) == 2);
    traffic_send_ends(&traffic, &a, 9);
    traffic_send_ends(&traffic, &b, 10);
}

static void keeps_what_was_done_before_the_join(void)
{
    struct traffic_item join = item(SPAN("r"), SPAN(""));
    struct traffic_item a = item(SPAN("r"), SPAN("m9"));
    traffic_send_begins(&traffic, &a);
    traffic_send_ends(&traffic, &a, 9);
    traffic_join_begins(&traffic, &join);
    check(traffic_join_ends(&traffic, &join, page(9), 4) == 0);
}

static void keeps_what_failed_and_was_stored_all_the_same(void)
{
    struct traffic_item join = item(SPAN("r"), SPAN(""));
    struct traffic_item a = item(SPAN("r"), SPAN("m9"));
    traffic_join_begins(&traffic, &join);
    traffic_send_begins(&traffic, &a);
    traffic_send_ends(&traffic, &a, 0);
    check(traffic_join_ends(&traffic, &join, page(9), 4) == 0);
}

static void does_not_mix_up_rooms(void)
{
    struct traffic_item join = item(SPAN("r"), SPAN(""));
    struct traffic_item a = item(SPAN("q"), SPAN("m9")), b = item(SPAN("q"), SPAN("m8"));
    traffic_join_begins(&traffic, &join);
    traffic_send_begins(&traffic, &a);
    traffic_send_begins(&traffic, &b);
    traffic_send_ends(&traffic, &b, 1);
    check(traffic_join_ends(&traffic, &join, page(9), 4) == 0);
    traffic_send_ends(&traffic, &a, 2);
}

static void may_leave_out_everything(void)
{
    struct traffic_item join = item(SPAN("r"), SPAN(""));
    struct traffic_item a = item(SPAN("r"), SPAN("m6"));
    traffic_join_begins(&traffic, &join);
    traffic_send_begins(&traffic, &a);
    traffic_send_ends(&traffic, &a, 6);
    check(traffic_join_ends(&traffic, &join, page(9), 4) == 4);
    traffic_join_begins(&traffic, &join);
    check(traffic_join_ends(&traffic, &join, NULL, 0) == 0);
}

int main(void)
{
    RUN(leaves_a_history_alone_when_nothing_else_happens);
    RUN(leaves_out_what_was_done_while_the_join_waited);
    RUN(leaves_out_what_is_still_in_flight);
    RUN(keeps_what_was_done_before_the_join);
    RUN(keeps_what_failed_and_was_stored_all_the_same);
    RUN(does_not_mix_up_rooms);
    RUN(may_leave_out_everything);
    return tap_done();
}
