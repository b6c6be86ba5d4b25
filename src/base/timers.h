/* Timers: a hashed timing wheel, so that a heartbeat per connection costs no timer in the kernel
 * and starting, moving and stopping one is a few pointer writes. The clock is an argument.
 *
 *   slot = (deadline / TIMER_TICK_MS) mod TIMER_SLOTS; a timer further away than one revolution
 *   stays in its slot and is passed over until its turn has come.
 *
 * A timer fires at the first timers_run whose time has reached its deadline, never before. Timers
 * of one run fire in no particular order, except that one started by a callback never fires in the
 * same run. Callbacks may start and stop any timer, their own included, and free its owner.
 *
 * Ownership: struct timer is embedded in its owner, who stops it before he goes. One thread. */
// SPDX-License-Identifier: MIT
#ifndef BASE_TIMERS_H
#define BASE_TIMERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TIMER_TICK_MS = 8, TIMER_SLOTS = 4096 };

struct timer {
    struct timer *next, **back; /* back is NULL while the timer is not running */
    uint64_t deadline_ms;
    void (*fire)(struct timer *timer);
};

struct timers {
    struct timer **slots; /* TIMER_SLOTS lists */
    uint64_t *used;       /* a bit per slot that may hold a timer */
    uint64_t tick;        /* the next tick that timers_run looks at */
    unsigned count;       /* running timers */
    struct timer *due;    /* those that the current run has still to fire */
};

void timers_init(struct timers *ts, uint64_t now_ms);

/* Frees the wheel; timers still running are forgotten, not fired. */
void timers_finish(struct timers *ts);

/* Starts the timer, or moves it if it runs. A deadline in the past fires at the next run. */
void timers_add(struct timers *ts, struct timer *timer, uint64_t deadline_ms);

/* Stops the timer; harmless when it does not run. */
void timers_remove(struct timers *ts, struct timer *timer);

static inline bool timer_running(const struct timer *timer)
{
    return timer->back != NULL;
}

/* Fires all timers whose deadline is at or before now_ms. */
void timers_run(struct timers *ts, uint64_t now_ms);

/* Milliseconds from now_ms until timers_run should be called again, or -1 if no timer runs. May be
 * early (a timer of a later revolution), never late by more than a tick. */
int64_t timers_next_ms(const struct timers *ts, uint64_t now_ms);

#endif
