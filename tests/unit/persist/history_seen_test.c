// SPDX-License-Identifier: MIT
#include "src/persist/history_seen.h"

#include <stdio.h>

#include "tests/support/tap.h"

static struct history_seen seen;

static void what_happened_last_in_a_room_is_known(void)
{
    history_seen_init(&seen, 1024);
    check(history_seen_latest(&seen, SPAN("a"), 0) == UINT64_MAX); /* of a log nobody has read */
    history_seen_at(&seen, 0, 7);
    check(history_seen_latest(&seen, SPAN("a"), 0) == 7);
    history_seen_record(&seen, SPAN("a"), 0, 9);
    history_seen_at(&seen, 0, 9);
    check(history_seen_latest(&seen, SPAN("a"), 0) == 9);
    check(history_seen_latest(&seen, SPAN("b"), 0) == 7);
    history_seen_record(&seen, SPAN("a"), 0, 8); /* which another thread told of */
    check(history_seen_latest(&seen, SPAN("a"), 0) == 9);
    history_seen_finish(&seen);
}

static void partitions_have_places_of_their_own(void)
{
    history_seen_init(&seen, 1024);
    history_seen_at(&seen, 0, 7);
    check(history_seen_latest(&seen, SPAN("b"), 1) == UINT64_MAX);
    history_seen_at(&seen, 1, 100);
    history_seen_record(&seen, SPAN("b"), 1, 101);
    check(history_seen_latest(&seen, SPAN("b"), 1) == 101);
    check(history_seen_latest(&seen, SPAN("a"), 0) == 7);
    history_seen_finish(&seen);
}

static void a_room_that_is_forgotten_looks_as_if_it_had_changed(void)
{
    char name[8];
    uint64_t place = 0;
    unsigned exact = 0;

    history_seen_init(&seen, 4);
    history_seen_at(&seen, 0, 0);
    history_seen_at(&seen, 1, 0);
    for (unsigned i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof name, "%u", i);
        history_seen_record(&seen, span_cstr(name), 0, ++place);
    }
    for (unsigned i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof name, "%u", i);
        uint64_t latest = history_seen_latest(&seen, span_cstr(name), 0);
        check(latest >= i + 1);
        exact += latest == i + 1;
    }
    check(exact >= 1 && exact <= 5); /* those four, and the latest that was forgotten */
    check(history_seen_latest(&seen, SPAN("other"), 1) == 0);
    history_seen_finish(&seen);
}

static void behind_a_gap_nothing_is_known_until_the_log_has_gone_on(void)
{
    history_seen_init(&seen, 1024);
    history_seen_at(&seen, 0, 7);
    history_seen_record(&seen, SPAN("a"), 0, 8);
    history_seen_gap(&seen);
    check(history_seen_latest(&seen, SPAN("a"), 0) == UINT64_MAX);
    history_seen_at(&seen, 0, 8);
    check(history_seen_latest(&seen, SPAN("a"), 0) == UINT64_MAX);
    history_seen_at(&seen, 0, 8);
    check(history_seen_latest(&seen, SPAN("a"), 0) == UINT64_MAX);
    history_seen_record(&seen, SPAN("b"), 0, 20);
    history_seen_at(&seen, 0, 20);
    check(history_seen_latest(&seen, SPAN("a"), 0) == 20);
    check(history_seen_latest(&seen, SPAN("b"), 0) == 20);
    history_seen_finish(&seen);
}

int main(void)
{
    RUN(what_happened_last_in_a_room_is_known);
    RUN(partitions_have_places_of_their_own);
    RUN(a_room_that_is_forgotten_looks_as_if_it_had_changed);
    RUN(behind_a_gap_nothing_is_known_until_the_log_has_gone_on);
    return tap_done();
}
