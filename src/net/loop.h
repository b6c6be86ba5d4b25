/* Loop: one thread's event_base, as an executor (src/base/executor.h) and as what the rest of net
 * builds on.
 *
 *   turn = wait → everything that is ready → posted tasks → timers that are due → turn hooks
 *
 * The wait does not happen while a task or a hook is left over from the turn before.
 *
 * Time: libevent tells nobody that its wait is over before it calls back. So every event callback
 * on a loop begins with loop_tick, which costs 7 ns. The clock is the kernel's coarse one, which
 * libevent counts its timeouts by as well: it is a scheduler tick (4 ms) behind at most, and a
 * timer started in a callback is early by no more than that.
 *
 * How busy it is shows in how long its turns take without the wait, and in how late after the time
 * of the next timer it wakes. The fine clock is read for that twice in a turn.
 *
 * A task posted from the loop's own thread costs no system call, unless a signal handler posts it
 * while the loop waits. Posts from others wake the loop only when they find the inbox empty. The
 * eventfd is watched edge-triggered and never read.
 *
 * Output to a closed connection must not raise SIGPIPE; bufferevents write without MSG_NOSIGNAL, so
 * loop_run blocks the signal for its thread.
 *
 * Threads: loop_run on the loop's thread; loop_post (executor_post) and loop_stop from any, and
 * from signal handlers; init before and finish after the loop runs, from whichever thread owns it.
 */
// SPDX-License-Identifier: MIT
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdatomic.h>
#include <time.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "protocol/bytes.h"
#include "src/base/executor.h"
#include "src/base/histogram.h"
#include "src/base/list.h"
#include "src/base/stats.h"
#include "src/net/poller.h"

enum { LOOP_READ_BYTES = 64 * 1024, LOOP_RANDOM_BYTES = 4096 };

struct ws_conn;
struct ws_deflate;

struct loop {
    struct executor executor; /* first: see loop_of */
    struct event_base *base;
    struct stats stats;
    struct histogram turns; /* how long they take */
    struct histogram lags;  /* how late it wakes for a timer */
    uint64_t woke_us;       /* when the last wait was over, by the fine clock */
    uint8_t *read_buffer; /* LOOP_READ_BYTES that all connections of this loop read into in turn */
    atomic_bool stopping;
    atomic_bool waiting; /* or about to: from the last look into the inbox to the next callback */
    _Atomic(struct task *) inbox; /* newest first */
    int wake_fd;
    struct event wake;
    struct event clock;
    struct poller poller;      /* of connections that have left HTTP */
    struct list ws_closing;    /* WebSockets that are saying goodbye (ws_conn.c) */
    struct ws_conn *ws_closed; /* and those that are freed at the end of the turn */
    struct turn_hook ws_free_hook;
    struct ws_deflate *ws_deflate; /* a server gives it one; freed with the loop */
    uint64_t clock_at_ms;          /* what clock is set to; 0 while it is not */
    size_t random_left;            /* bytes of random not given out yet, from its start */
    uint8_t random[LOOP_RANDOM_BYTES];
};

/* 0, or -1 with errno. */
MUST_USE int loop_init(struct loop *loop, unsigned index);

/* Runs turns until loop_stop. */
void loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Runs what a stopped loop still has: tasks that others have posted, and turn hooks. True if there
 * was anything; tasks may have posted others, to any loop. */
bool loop_settle(struct loop *loop);

/* Runs tasks that are still in the inbox, then frees all. */
void loop_finish(struct loop *loop);

static inline struct loop *loop_of(struct executor *ex)
{
    return (struct loop *)(void *)ex;
}

/* The fine clock: microseconds of the same time as executor.now_ms. */
static inline uint64_t loop_clock_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* The wait is over: brings executor.now_ms up to date. See above. */
static inline void loop_tick(struct loop *loop)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    if (atomic_load_explicit(&loop->waiting, memory_order_relaxed)) { /* the first of the turn */
        atomic_store_explicit(&loop->waiting, false, memory_order_relaxed);
        loop->woke_us = loop_clock_us();
    }
    loop->executor.now_ms = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

#endif
