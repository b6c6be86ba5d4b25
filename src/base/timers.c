// SPDX-License-Identifier: MIT
#include "src/base/timers.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>

#include "src/base/memory.h"

enum { WORD_BITS = 64 };

static void link_first(struct timer **list, struct timer *timer)
{
    timer->next = *list;
    timer->back = list;
    if (timer->next != NULL) {
        timer->next->back = &timer->next;
    }
    *list = timer;
}

static void unlink_timer(struct timer *timer)
{
    *timer->back = timer->next;
    if (timer->next != NULL) {
        timer->next->back = timer->back;
    }
    timer->back = NULL;
}

void timers_init(struct timers *ts, uint64_t now_ms)
{
    *ts = (struct timers){
        .slots = xcalloc(TIMER_SLOTS, sizeof *ts->slots),
        .used = xcalloc(TIMER_SLOTS / WORD_BITS, sizeof *ts->used),
        .tick = now_ms / TIMER_TICK_MS,
    };
}

void timers_finish(struct timers *ts)
{
    free(ts->slots);
    free(ts->used);
    *ts = (struct timers){0};
}

void timers_add(struct timers *ts, struct timer *timer, uint64_t deadline_ms)
{
    timers_remove(ts, timer);
    /* Rounded up, so that a timer whose slot has come is due and none fires early. */
    uint64_t tick = (deadline_ms + TIMER_TICK_MS - 1) / TIMER_TICK_MS;
    if (tick < ts->tick) {
        tick = ts->tick;
    }
    size_t slot = tick % TIMER_SLOTS;
    timer->deadline_ms = deadline_ms;
    link_first(&ts->slots[slot], timer);
    ts->used[slot / WORD_BITS] |= UINT64_C(1) << slot % WORD_BITS;
    ts->count++;
}

void timers_remove(struct timers *ts, struct timer *timer)
{
    if (timer_running(timer)) {
        unlink_timer(timer);
        ts->count--;
    }
}

/* Moves what is due in a slot to ts->due; what belongs to a later revolution stays. */
static void collect(struct timers *ts, size_t slot, uint64_t now_ms)
{
    struct timer *next;
    for (struct timer *t = ts->slots[slot]; t != NULL; t = next) {
        next = t->next;
        if (t->deadline_ms <= now_ms) {
            unlink_timer(t);
            link_first(&ts->due, t);
        }
    }
    if (ts->slots[slot] == NULL) {
        ts->used[slot / WORD_BITS] &= ~(UINT64_C(1) << slot % WORD_BITS);
    }
}

void timers_run(struct timers *ts, uint64_t now_ms)
{
    uint64_t last = now_ms / TIMER_TICK_MS;

    if (last < ts->tick) {
        return;
    }
    uint64_t first = last - ts->tick >= TIMER_SLOTS ? last - TIMER_SLOTS + 1 : ts->tick;
    for (uint64_t tick = first; tick <= last; tick++) {
        size_t slot = tick % TIMER_SLOTS;
        if (ts->used[slot / WORD_BITS] >> slot % WORD_BITS & 1) {
            collect(ts, slot, now_ms);
        }
    }
    ts->tick = last + 1;
    while (ts->due != NULL) {
        struct timer *t = ts->due;
        timers_remove(ts, t);
        t->fire(t);
    }
}

/* The distance in slots from `from` to the next slot in use, wrapping; one revolution if none is.
 */
static unsigned next_used(const struct timers *ts, unsigned from)
{
    for (unsigned done = 0; done < TIMER_SLOTS;) {
        unsigned slot = (from + done) % TIMER_SLOTS;
        uint64_t word = ts->used[slot / WORD_BITS] >> slot % WORD_BITS;
        if (word != 0) {
            return done + (unsigned)__builtin_ctzll(word);
        }
        done += WORD_BITS - slot % WORD_BITS;
    }
    return TIMER_SLOTS;
}

int64_t timers_next_ms(const struct timers *ts, uint64_t now_ms)
{
    if (ts->count == 0) {
        return -1;
    }
    uint64_t at = (ts->tick + next_used(ts, ts->tick % TIMER_SLOTS)) * TIMER_TICK_MS;
    return at > now_ms ? (int64_t)(at - now_ms) : 0;
}
