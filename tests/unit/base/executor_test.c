// SPDX-License-Identifier: MIT
#include "src/base/executor.h"

#include "src/base/memory.h"
#include "tests/support/tap.h"

static char order[16];
static struct executor ex;

struct named_hook {
    struct turn_hook hook;
    char name;
    struct named_hook *adds;
    enum turn_phase phase; /* that it is added in by another */
};

static void note(struct turn_hook *hook)
{
    struct named_hook *h = container_of(hook, struct named_hook, hook);
    order[strlen(order)] = h->name;
    if (h->adds != NULL) {
        executor_at_turn_end(&ex, &h->adds->hook, h->adds->phase);
    }
}

static void start(void)
{
    memset(order, 0, sizeof order);
    executor_init(&ex, NULL, 0, 0);
}

static void runs_seal_hooks_before_flush_hooks_each_once(void)
{
    struct named_hook a = {{.run = note}, 'a'}, b = {{.run = note}, 'b'};
    struct named_hook c = {{.run = note}, 'c'};
    start();
    executor_at_turn_end(&ex, &a.hook, TURN_FLUSH);
    executor_at_turn_end(&ex, &b.hook, TURN_SEAL);
    executor_at_turn_end(&ex, &c.hook, TURN_FLUSH);
    executor_at_turn_end(&ex, &c.hook, TURN_FLUSH);
    executor_end_turn(&ex);
    check(strcmp(order, "bac") == 0);
    executor_end_turn(&ex);
    check(strcmp(order, "bac") == 0);
    timers_finish(&ex.timers);
}

static void runs_what_a_hook_adds_in_the_same_turn_end(void)
{
    struct named_hook b = {{.run = note}, 'b', NULL, TURN_FLUSH};
    struct named_hook a = {{.run = note}, 'a', &b};
    start();
    executor_at_turn_end(&ex, &a.hook, TURN_SEAL);
    executor_end_turn(&ex);
    check(strcmp(order, "ab") == 0);
    timers_finish(&ex.timers);
}

static void seals_what_a_flush_has_brought_about_before_the_next_flush(void)
{
    struct named_hook seal = {{.run = note}, 's', NULL, TURN_SEAL};
    struct named_hook a = {{.run = note}, 'a', &seal}, b = {{.run = note}, 'b'};
    start();
    executor_at_turn_end(&ex, &a.hook, TURN_FLUSH);
    executor_at_turn_end(&ex, &b.hook, TURN_FLUSH);
    executor_end_turn(&ex);
    check(strcmp(order, "asb") == 0);
    timers_finish(&ex.timers);
}

static void forgets_a_cancelled_hook_wherever_it_is_in_the_list(void)
{
    struct named_hook h[3] = {{{.run = note}, 'a'}, {{.run = note}, 'b'}, {{.run = note}, 'c'}};
    for (int gone = 0; gone < 3; gone++) {
        start();
        for (int i = 0; i < 3; i++) {
            executor_at_turn_end(&ex, &h[i].hook, TURN_FLUSH);
        }
        executor_cancel_hook(&ex, &h[gone].hook);
        executor_cancel_hook(&ex, &h[gone].hook);
        executor_at_turn_end(&ex, &h[gone].hook, TURN_FLUSH); /* the end of the list is intact */
        executor_end_turn(&ex);
        check(strlen(order) == 3 && order[2] == h[gone].name);
        timers_finish(&ex.timers);
    }
}

int main(void)
{
    RUN(runs_seal_hooks_before_flush_hooks_each_once);
    RUN(runs_what_a_hook_adds_in_the_same_turn_end);
    RUN(seals_what_a_flush_has_brought_about_before_the_next_flush);
    RUN(forgets_a_cancelled_hook_wherever_it_is_in_the_list);
    return tap_done();
}
