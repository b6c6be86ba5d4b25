// SPDX-License-Identifier: MIT
#include "src/base/timers.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "tests/support/tap.h"

static unsigned fired;
static struct timers ts;

static void count(struct timer *t)
{
    fired++;
}

static void fires_at_its_deadline_and_never_before(void)
{
    struct timer t = {.fire = count};
    timers_init(&ts, 1000);
    fired = 0;
    timers_add(&ts, &t, 1301);
    for (uint64_t now = 1000; now < 1301; now++) {
        timers_run(&ts, now);
    }
    check(fired == 0 && timer_running(&t));
    timers_run(&ts, 1301 + TIMER_TICK_MS - 1);
    check(fired == 1 && !timer_running(&t));
    timers_finish(&ts);
}

static void stops_and_moves(void)
{
    struct timer a = {.fire = count}, b = {.fire = count};
    timers_init(&ts, 0);
    fired = 0;
    timers_add(&ts, &a, 100);
    timers_add(&ts, &b, 100);
    timers_remove(&ts, &a);
    timers_remove(&ts, &a);
    timers_add(&ts, &b, 500);
    timers_run(&ts, 400);
    check(fired == 0);
    timers_run(&ts, 508);
    check(fired == 1);
    check(timers_next_ms(&ts, 508) == -1);
    timers_finish(&ts);
}

static void keeps_a_timer_of_a_later_revolution(void)
{
    struct timer t = {.fire = count};
    uint64_t far = (uint64_t)TIMER_SLOTS * TIMER_TICK_MS * 3 + 40;
    timers_init(&ts, 0);
    fired = 0;
    timers_add(&ts, &t, far);
    for (uint64_t now = 0; now < far; now += 100) {
        timers_run(&ts, now);
    }
    check(fired == 0);
    timers_run(&ts, far + TIMER_TICK_MS);
    check(fired == 1);
    timers_finish(&ts);
}

static void finds_all_after_a_long_sleep(void)
{
    enum { N = 1000 };
    struct timer *many = xcalloc(N, sizeof *many);
    timers_init(&ts, 5);
    fired = 0;
    for (unsigned i = 0; i < N; i++) {
        many[i].fire = count;
        timers_add(&ts, &many[i], 5 + i * 977 % 100000);
    }
    timers_run(&ts, 10000000);
    check(fired == N);
    free(many);
    timers_finish(&ts);
}

static void restart(struct timer *t)
{
    fired++;
    timers_add(&ts, t, 0);
}

static void fires_one_that_is_started_by_a_callback_in_a_later_run(void)
{
    struct timer t = {.fire = restart};
    timers_init(&ts, 0);
    fired = 0;
    timers_add(&ts, &t, 10);
    timers_run(&ts, 100);
    check(fired == 1);
    timers_run(&ts, 200);
    check(fired == 2);
    timers_remove(&ts, &t);
    timers_finish(&ts);
}

static struct timer *victim;

static void stop_victim(struct timer *t)
{
    fired++;
    timers_remove(&ts, victim == t ? t : victim);
}

static void one_callback_may_stop_another_that_is_due(void)
{
    struct timer a = {.fire = stop_victim}, b = {.fire = stop_victim};
    timers_init(&ts, 0);
    fired = 0;
    timers_add(&ts, &a, 10);
    timers_add(&ts, &b, 10);
    victim = ts.slots[2] == &b ? &b : &a; /* the one that is collected first fires last */
    timers_run(&ts, 100);
    check(fired == 1);
    timers_finish(&ts);
}

static void tells_when_to_come_again(void)
{
    struct timer t = {.fire = count};
    timers_init(&ts, 0);
    check(timers_next_ms(&ts, 0) == -1);
    timers_add(&ts, &t, 1000);
    int64_t wait = timers_next_ms(&ts, 0);
    check(wait >= 1000 && wait < 1000 + TIMER_TICK_MS);
    timers_run(&ts, 992);
    check(timers_next_ms(&ts, 999) <= TIMER_TICK_MS);
    timers_run(&ts, (uint64_t)wait);
    check(!timer_running(&t));
    timers_finish(&ts);
}

int main(void)
{
    RUN(fires_at_its_deadline_and_never_before);
    RUN(stops_and_moves);
    RUN(keeps_a_timer_of_a_later_revolution);
    RUN(finds_all_after_a_long_sleep);
    RUN(fires_one_that_is_started_by_a_callback_in_a_later_run);
    RUN(one_callback_may_stop_another_that_is_due);
    RUN(tells_when_to_come_again);
    return tap_done();
}
