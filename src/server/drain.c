// SPDX-License-Identifier: MIT
#include "src/base/memory.h"
#include "src/server/rookery_internal.h"

enum { DRAIN_CHECK_MS = 16, DRAIN_FETCH_MS = 1000 };

/* Stopping. Listeners close, every session is told. WebSockets say goodbye and polls that wait are
 * answered at once. The sessions that are left have no poll waiting: their clients get
 * DRAIN_FETCH_MS to come for the close packet, on connections that they have; most never will. Then
 * requests under way end and idle connections are closed, on all loops together, since a poll may
 * come in on any. A loop runs until all are done: others may still have handed something over to
 * it. */

static bool has_sessions(const struct server_loop *sl)
{
    for (struct server_endpoint *se = sl->server->endpoints; se != NULL; se = se->next) {
        if (se->endpoint.engines[sl->loop.executor.index].sessions.count > 0) {
            return true;
        }
    }
    return false;
}

static void advance_drain(struct server_loop *sl, uint64_t elapsed_ms)
{
    struct rookery *io = sl->server;

    if (sl->drain_phase == DRAIN_SESSIONS && (!has_sessions(sl) || elapsed_ms >= DRAIN_FETCH_MS)) {
        sl->drain_phase = DRAIN_REQUESTS;
        atomic_fetch_sub(&io->fetching, 1);
    }
    if (sl->drain_phase == DRAIN_REQUESTS && atomic_load(&io->fetching) == 0) {
        http_server_retire(sl->http);
        if (sl->loop.ws_closing.first == NULL && http_server_busy(sl->http) == 0) {
            sl->drain_phase = DRAIN_DONE;
            atomic_fetch_sub(&io->draining, 1);
        }
    }
}

static void check_drained(struct timer *timer)
{
    struct server_loop *sl = container_of(timer, struct server_loop, drain_check);
    struct rookery *io = sl->server;
    uint64_t elapsed_ms = sl->loop.executor.now_ms - sl->drain_started_ms;

    advance_drain(sl, elapsed_ms);
    if (atomic_load(&io->draining) == 0 || elapsed_ms >= io->options.drain_timeout_ms) {
        loop_stop(&sl->loop);
    } else {
        executor_timer_start(&sl->loop.executor, timer, DRAIN_CHECK_MS);
    }
}

static void stop_one(struct task *task)
{
    struct server_loop *sl = container_of(task, struct server_loop, stop_task);
    struct rookery *io = sl->server;
    unsigned index = sl->loop.executor.index;

    if (sl->http == NULL) {
        return; /* it has never run, and is being destroyed */
    }
    http_server_stop_accepting(sl->http);
    for (struct server_endpoint *se = io->endpoints; se != NULL; se = se->next) {
        engine_shutdown(&se->endpoint.engines[index]);
    }
    raw_shutdown(io, index);
    if (io->peers != NULL) {
        peers_shutdown(io->peers, &sl->loop);
    }
    sl->drain_started_ms = sl->loop.executor.now_ms;
    sl->drain_check.fire = check_drained;
    executor_timer_start(&sl->loop.executor, &sl->drain_check, 0);
}

static void stop_all(struct task *task)
{
    struct rookery *io = container_of(task, struct rookery, stop_task);

    if (io->cluster != NULL) {
        cluster_parts_leave(io->cluster);
    }
    atomic_store(&io->fetching, io->loop_count);
    atomic_store(&io->draining, io->loop_count);
    for (unsigned i = 0; i < io->loop_count; i++) {
        io->loops[i].stop_task.run = stop_one;
        executor_post(&io->loops[i].loop.executor, &io->loops[i].stop_task);
    }
}

/* An atomic exchange, a lock-free push and a write to an eventfd: fit for signal handlers. */
void rookery_stop(struct rookery *io)
{
    if (!atomic_exchange(&io->stop_requested, true)) {
        io->stop_task.run = stop_all;
        executor_post(&io->loops[0].loop.executor, &io->stop_task);
    }
}
