/* Executor: what a loop offers to those who must not know it. src/net implements it over libevent,
 * tests fake it with a clock of their own.
 *
 * A loop works in turns: it waits for events, runs all that are ready, then ends the turn. Work
 * that pays off when it is done once for a whole turn (sealing shared output, writing to
 * connections) registers a turn hook; the hooks run at the end of the turn that they were added in,
 * no TURN_FLUSH while there is a TURN_SEAL. A hook may add others, which run in the same turn end:
 * what a flush finds out (a connection is gone) and makes others send is sealed before the next
 * flush.
 *
 * Threads: executor_post and executor_inside may be called from any thread; everything else only
 * on the loop's own thread. */
// SPDX-License-Identifier: MIT
#ifndef BASE_EXECUTOR_H
#define BASE_EXECUTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/base/timers.h"

struct executor;

/* A unit of work for another loop; embedded in whatever it is about, owned by the loop from post to
 * run. Tasks from one thread run in the order in which it posted them. */
struct task {
    struct task *next;
    void (*run)(struct task *task);
};

enum turn_phase {
    TURN_SEAL,  /* finish shared buffers, so that their length is final */
    TURN_FLUSH, /* hand output to the kernel */
};

/* Embedded in its owner. `pending` tells whether it is in a list already; adding twice is harmless.
 */
struct turn_hook {
    struct turn_hook *next, **back;
    void (*run)(struct turn_hook *hook);
};

struct executor_ops {
    /* Queues the task; wakes the loop if it sleeps. Never fails, never blocks. After the loop has
     * stopped for good tasks are still taken and run by its destroyer, so what they own is freed.
     */
    void (*post)(struct executor *ex, struct task *task);
    /* Is the calling thread the one that runs this loop? */
    bool (*inside)(const struct executor *ex);
    /* Milliseconds since the Epoch: for stamps that people read, never for timeouts. */
    int64_t (*wall_ms)(const struct executor *ex);
    /* Fills n unpredictable bytes. */
    void (*random)(struct executor *ex, void *out, size_t n);
};

struct executor {
    const struct executor_ops *ops;
    struct timers timers;
    struct turn_hook *hooks[2]; /* by turn_phase; newest last */
    struct turn_hook **hooks_end[2];
    uint64_t now_ms; /* monotonic; taken once per turn */
    unsigned index;  /* 0 .. loops-1 within its server */
};

/* Prepares what executor.h itself keeps; the implementation fills ops. */
void executor_init(struct executor *ex, const struct executor_ops *ops, unsigned index,
                   uint64_t now_ms);

static inline void executor_post(struct executor *ex, struct task *task)
{
    ex->ops->post(ex, task);
}

static inline bool executor_inside(const struct executor *ex)
{
    return ex->ops->inside(ex);
}

static inline int64_t executor_wall_ms(const struct executor *ex)
{
    return ex->ops->wall_ms(ex);
}

static inline void executor_random(struct executor *ex, void *out, size_t n)
{
    ex->ops->random(ex, out, n);
}

static inline void executor_timer_start(struct executor *ex, struct timer *timer, uint64_t delay_ms)
{
    timers_add(&ex->timers, timer, ex->now_ms + delay_ms);
}

static inline void executor_timer_stop(struct executor *ex, struct timer *timer)
{
    timers_remove(&ex->timers, timer);
}

/* hook->run is called once, at the end of this turn. */
void executor_at_turn_end(struct executor *ex, struct turn_hook *hook, enum turn_phase phase);

static inline bool turn_hook_pending(const struct turn_hook *hook)
{
    return hook->back != NULL;
}

/* Takes a hook out again, for an owner that goes away; harmless when it is not pending. */
void executor_cancel_hook(struct executor *ex, struct turn_hook *hook);

/* For implementations: runs the timers that are due and, at the end of a turn, its hooks. */
void executor_run_timers(struct executor *ex, uint64_t now_ms);
void executor_end_turn(struct executor *ex);

#endif
