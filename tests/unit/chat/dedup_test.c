// SPDX-License-Identifier: MIT
/* What all nodes know of messages with ids of their clients, asked from two loops; loop 0 is where
 * the keyspace lives. */
#include "src/chat/dedup.h"

#include <string.h>

#include "src/base/memory.h"
#include "tests/support/fake_executor.h"
#include "tests/support/keyspace_fake.h"
#include "tests/support/tap.h"

#define ID "018bcfe5-6800-7000-8000-000000000001"

enum { LOOPS = 2, TTL_MS = 5000 };

static struct fake_executor loops[LOOPS];
static struct stats counted[LOOPS];
static struct keyspace_fake fake;
static struct dedup *dedup;
static uint64_t now_ms;
static bool is_closed; /* there is no keyspace any more */

struct asked {
    struct dedup_look look;
    unsigned answers;
};

static struct keyspace *keyspace(void *arg)
{
    check(arg == &fake && executor_inside(&loops[0].executor));
    return is_closed ? NULL : &fake.keyspace;
}

static void enter(unsigned loop)
{
    (void)fake_executor_enter(&loops[loop]);
}

static void start(void)
{
    struct executor *executors[LOOPS];
    struct stats *stats[LOOPS];

    now_ms = 1000;
    is_closed = false;
    for (unsigned i = 0; i < LOOPS; i++) {
        fake_executor_init(&loops[i], i);
        executors[i] = &loops[i].executor;
        counted[i] = (struct stats){0};
        stats[i] = &counted[i];
        enter(i);
        fake_executor_turn(&loops[i], now_ms);
    }
    keyspace_fake_init(&fake, &loops[0].executor);
    const struct dedup_options options = {.executors = executors,
                                          .stats = stats,
                                          .loop_count = LOOPS,
                                          .keyspace = keyspace,
                                          .arg = &fake,
                                          .ttl_ms = TTL_MS};
    dedup = dedup_create(&options);
}

static void turn(unsigned loop)
{
    enter(loop);
    fake_executor_turn(&loops[loop], now_ms);
}

static void settle(void)
{
    while (fake_executor_has_tasks(&loops[0]) || fake_executor_has_tasks(&loops[1])) {
        turn(0);
        turn(1);
    }
}

/* Nobody runs loop 0 meanwhile: the keyspace says nothing. */
static void pass(unsigned loop, unsigned ms)
{
    now_ms += ms;
    turn(loop);
}

static void stop(void)
{
    settle();
    dedup_destroy(dedup);
    keyspace_fake_finish(&fake);
    (void)fake_executor_enter(NULL);
    for (unsigned i = 0; i < LOOPS; i++) {
        fake_executor_finish(&loops[i]);
    }
}

static void on_done(struct dedup_look *look)
{
    container_of(look, struct asked, look)->answers++;
}

static bool look_from(struct asked *a, unsigned loop, struct span id)
{
    *a = (struct asked){.look.on_done = on_done};
    enter(loop);
    return dedup_look(dedup, loop, id, &a->look);
}

static bool finds(unsigned loop, struct span id, uint64_t place, int64_t timestamp_ms)
{
    struct asked a;

    check(look_from(&a, loop, id));
    check(a.answers == 0);
    settle();
    check(a.answers == 1);
    return a.look.found && a.look.place == place && a.look.timestamp_ms == timestamp_ms;
}

static bool finds_nothing(unsigned loop, struct span id)
{
    struct asked a;

    check(look_from(&a, loop, id));
    settle();
    check(a.answers == 1);
    return !a.look.found;
}

static void put_from(unsigned loop, struct span id, uint64_t place, int64_t timestamp_ms)
{
    enter(loop);
    dedup_put(dedup, loop, id, place, timestamp_ms);
    settle();
}

static uint64_t stat(enum stat_id which)
{
    return stats_get(&counted[0], which) + stats_get(&counted[1], which);
}

/* ---- cases ---- */

static void knows_what_was_put_from_any_loop_until_its_time_is_over(void)
{
    start();
    for (unsigned loop = 0; loop < LOOPS; loop++) {
        struct span id = loop == 0 ? SPAN(ID) : SPAN("018bcfe5-6800-7000-8000-000000000002");
        check(finds_nothing(loop, id));
        put_from(loop, id, 7 + loop, 1700000000001);
        check(finds(0, id, 7 + loop, 1700000000001) && finds(1, id, 7 + loop, 1700000000001));
    }
    check(span_eq(keyspace_fake_get(&fake, SPAN(""), SPAN("msg:" ID)), SPAN("7 1700000000001")));
    check(stat(STAT_REPEATS_FOUND) == 4 && stat(STAT_REPEATS_UNKNOWN) == 0);
    now_ms += TTL_MS;
    turn(0);
    check(finds_nothing(1, SPAN(ID)));
    stop();
}

static void keeps_what_was_put_first(void)
{
    start();
    put_from(0, SPAN(ID), 7, 100);
    put_from(1, SPAN(ID), 9, 200);
    check(finds(1, SPAN(ID), 7, 100));
    stop();
}

static void takes_nothing_that_is_not_as_it_should_be(void)
{
    static const char *const values[] = {"",
                                         " ",
                                         "7",
                                         "7 ",
                                         " 7",
                                         "7 1 2",
                                         "-7 1",
                                         "7 -1",
                                         "7 x",
                                         "x 7",
                                         "7\n1",
                                         "7 9223372036854775808",
                                         "9223372036854775808 7",
                                         "99999999999999999999999 1"};

    start();
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        keyspace_fake_set(&fake, SPAN(""), SPAN("msg:" ID), span_cstr(values[i]), 1000);
        check(finds_nothing(1, SPAN(ID)));
    }
    keyspace_fake_set(&fake, SPAN(""), SPAN("msg:" ID), SPAN("0 9223372036854775807"), 1000);
    check(finds(1, SPAN(ID), 0, INT64_MAX));
    stop();
}

static void finds_nothing_while_the_keyspace_is_away_or_gone(void)
{
    start();
    put_from(0, SPAN(ID), 7, 100);
    fake.down = true;
    check(finds_nothing(0, SPAN(ID)) && finds_nothing(1, SPAN(ID)));
    put_from(1, SPAN("018bcfe5-6800-7000-8000-000000000002"), 8, 100);
    fake.down = false;
    check(finds(1, SPAN(ID), 7, 100));
    is_closed = true;
    check(finds_nothing(0, SPAN(ID)) && finds_nothing(1, SPAN(ID)));
    put_from(1, SPAN("018bcfe5-6800-7000-8000-000000000003"), 8, 100);
    stop();
}

static void goes_on_without_a_keyspace_that_does_not_answer_until_it_does(void)
{
    struct asked a, b, c;

    start();
    put_from(0, SPAN(ID), 7, 100);
    check(look_from(&a, 1, SPAN(ID)));
    pass(1, DEDUP_PATIENCE_MS - 1);
    check(a.answers == 0);
    check(look_from(&b, 1, SPAN(ID)));
    pass(1, 1 + TIMER_TICK_MS);
    check(a.answers == 1 && !a.look.found && b.answers == 0);
    check(stat(STAT_REPEATS_UNKNOWN) == 1);
    check(!look_from(&c, 1, SPAN(ID)) && !c.look.found);
    check(stat(STAT_REPEATS_UNKNOWN) == 2);
    dedup_put(dedup, 1, SPAN("018bcfe5-6800-7000-8000-000000000002"), 8, 100);
    settle();
    check(a.answers == 1 && b.answers == 1 && b.look.found && c.answers == 0);
    check(
        keyspace_fake_get(&fake, SPAN(""), SPAN("msg:018bcfe5-6800-7000-8000-000000000002")).data ==
        NULL);
    check(finds(1, SPAN(ID), 7, 100));
    stop();
}

static void has_a_bound_on_what_waits(void)
{
    static struct asked asked[DEDUP_LOOKS_MAX + 1];
    size_t answers = 0;

    start();
    for (size_t i = 0; i < DEDUP_LOOKS_MAX; i++) {
        check(look_from(&asked[i], 1, SPAN(ID)));
    }
    check(!look_from(&asked[DEDUP_LOOKS_MAX], 1, SPAN(ID)));
    settle();
    for (size_t i = 0; i < DEDUP_LOOKS_MAX; i++) {
        answers += asked[i].answers;
    }
    check(answers == DEDUP_LOOKS_MAX);
    check(finds_nothing(1, SPAN(ID)));
    stop();
}

int main(void)
{
    RUN(knows_what_was_put_from_any_loop_until_its_time_is_over);
    RUN(keeps_what_was_put_first);
    RUN(takes_nothing_that_is_not_as_it_should_be);
    RUN(finds_nothing_while_the_keyspace_is_away_or_gone);
    RUN(goes_on_without_a_keyspace_that_does_not_answer_until_it_does);
    RUN(has_a_bound_on_what_waits);
    return tap_done();
}
