// SPDX-License-Identifier: MIT
#include "src/base/executor.h"

#include <assert.h>

void executor_init(struct executor *ex, const struct executor_ops *ops, unsigned index,
                   uint64_t now_ms)
{
    *ex = (struct executor){.ops = ops, .index = index, .now_ms = now_ms};
    timers_init(&ex->timers, now_ms);
    for (int phase = 0; phase < 2; phase++) {
        ex->hooks_end[phase] = &ex->hooks[phase];
    }
}

void executor_at_turn_end(struct executor *ex, struct turn_hook *hook, enum turn_phase phase)
{
    if (turn_hook_pending(hook)) {
        return;
    }
    hook->next = NULL;
    hook->back = ex->hooks_end[phase];
    *ex->hooks_end[phase] = hook;
    ex->hooks_end[phase] = &hook->next;
}

void executor_cancel_hook(struct executor *ex, struct turn_hook *hook)
{
    if (!turn_hook_pending(hook)) {
        return;
    }
    *hook->back = hook->next;
    if (hook->next != NULL) {
        hook->next->back = hook->back;
    } else {
        for (int phase = 0; phase < 2; phase++) {
            if (ex->hooks_end[phase] == &hook->next) {
                ex->hooks_end[phase] = hook->back;
            }
        }
    }
    hook->back = NULL;
}

void executor_run_timers(struct executor *ex, uint64_t now_ms)
{
    assert(now_ms >= ex->now_ms);
    ex->now_ms = now_ms;
    timers_run(&ex->timers, now_ms);
}

void executor_end_turn(struct executor *ex)
{
    struct turn_hook *hook;

    while ((hook = ex->hooks[TURN_SEAL]) != NULL || (hook = ex->hooks[TURN_FLUSH]) != NULL) {
        executor_cancel_hook(ex, hook);
        hook->run(hook);
    }
}
