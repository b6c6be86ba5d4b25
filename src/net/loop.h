/* Loop: one thread's event_base, as an executor (src/base/executor.h) and as what the rest of net
 * builds on. A turn is one pass of event_base_loop(EVLOOP_ONCE): everything that was ready, then
 * the timers that are due, then the turn hooks.
 *
 * Threads: loop_run on the loop's thread; loop_post (executor_post) and loop_stop from any. */
// SPDX-License-Identifier: MIT
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <pthread.h>
#include <stdatomic.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "protocol/bytes.h"
#include "src/base/executor.h"
#include "src/base/stats.h"

enum { LOOP_READ_BYTES = 64 * 1024 };

struct loop {
    struct executor executor; /* first: container_of(ex, struct loop, executor) */
    struct event_base *base;
    struct stats stats;
    uint8_t
        *read_buffer; /* LOOP_READ_BYTES that every connection of this loop reads into in turn */
    pthread_t thread;
    atomic_bool stopping;
    _Atomic(struct task *) inbox; /* newest first; a push on an empty list wakes the loop */
    int wake_fd;
    struct event wake;
    struct event clock; /* the next timer of the wheel */
};

/* 0, or -1 with errno. */
MUST_USE int loop_init(struct loop *loop, unsigned index);

/* Runs turns until loop_stop. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Runs tasks that are still in the inbox, then frees all. */
void loop_finish(struct loop *loop);

static inline struct loop *loop_of(struct executor *ex)
{
    return (struct loop *)(void *)ex;
}

#endif
