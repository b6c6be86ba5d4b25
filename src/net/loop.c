// SPDX-License-Identifier: MIT
#include "src/net/loop.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "src/base/memory.h"
#include "src/net/ws_deflate.h"

/* The loop that this thread runs. */
static _Thread_local const struct loop *current;

static bool inside(const struct executor *ex)
{
    return current != NULL && &current->executor == ex;
}

static void wake(struct loop *loop)
{
    const uint64_t one = 1;
    ssize_t written = write(loop->wake_fd, &one, sizeof one);
    assert(written == sizeof one);
}

/* The loop itself looks into its inbox before it sleeps, so it needs no waking. Once the task is in
 * the inbox it is the loop's, and may be gone. */
static void post(struct executor *ex, struct task *task)
{
    struct loop *loop = loop_of(ex);
    struct task *newest = atomic_load_explicit(&loop->inbox, memory_order_relaxed);

    do {
        task->next = newest;
    } while (!atomic_compare_exchange_weak_explicit(&loop->inbox, &newest, task,
                                                    memory_order_release, memory_order_relaxed));
    if (newest == NULL && (!inside(ex) || atomic_load(&loop->waiting))) {
        wake(loop);
    }
}

static int64_t wall_ms(const struct executor *ex)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void refill_random(struct loop *loop)
{
    while (loop->random_left < sizeof loop->random) {
        ssize_t n =
            getrandom(loop->random + loop->random_left, sizeof loop->random - loop->random_left, 0);
        if (n < 0 && errno != EINTR) {
            abort(); /* no kernel that runs this lacks it, and there is no second best */
        }
        loop->random_left += n > 0 ? (size_t)n : 0;
    }
}

/* Taken from the end and wiped, so that no id can be found in memory once it is given out. */
static void fill_random(struct executor *ex, void *out, size_t n)
{
    struct loop *loop = loop_of(ex);

    for (uint8_t *to = out; n > 0;) {
        if (loop->random_left == 0) {
            refill_random(loop);
        }
        size_t now = n < loop->random_left ? n : loop->random_left;
        loop->random_left -= now;
        memcpy(to, loop->random + loop->random_left, now);
        explicit_bzero(loop->random + loop->random_left, now);
        to += now;
        n -= now;
    }
}

static const struct executor_ops ops = {
    .post = post,
    .inside = inside,
    .wall_ms = wall_ms,
    .random = fill_random,
};

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
    loop_tick(arg);
}

static void on_poll(void *arg)
{
    loop_tick(arg);
}

static void on_clock(evutil_socket_t fd, short what, void *arg)
{
    struct loop *loop = arg;
    loop_tick(loop);
    uint64_t due_us = loop->clock_at_ms * 1000;
    histogram_add(&loop->lags, loop->woke_us > due_us ? loop->woke_us - due_us : 0);
    loop->clock_at_ms = 0;
}

/* The changelist applies what a turn has done to a descriptor's events at once, before the next
 * wait: a connection that is accepted, read and moved to the poller within a turn costs
 * one epoll_ctl instead of three. */
static struct event_base *create_base(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base = NULL;

    if (config != NULL &&
        event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK | EVENT_BASE_FLAG_IGNORE_ENV |
                                          EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST) == 0 &&
        event_config_require_features(config, EV_FEATURE_ET) == 0) {
        base = event_base_new_with_config(config);
    }
    if (config != NULL) {
        event_config_free(config);
    }
    return base;
}

int loop_init(struct loop *loop, unsigned index)
{
    *loop = (struct loop){.wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    if (loop->wake_fd < 0) {
        return -1;
    }
    loop->base = create_base();
    if (loop->base == NULL) {
        goto fail_base;
    }
    if (event_assign(&loop->wake, loop->base, loop->wake_fd, EV_READ | EV_PERSIST | EV_ET, on_wake,
                     loop) != 0 ||
        event_add(&loop->wake, NULL) != 0 ||
        evtimer_assign(&loop->clock, loop->base, on_clock, loop) != 0 ||
        poller_init(&loop->poller, loop->base, on_poll, loop) != 0) {
        goto fail_event;
    }
    loop_tick(loop);
    executor_init(&loop->executor, &ops, index, loop->executor.now_ms);
    loop->read_buffer = xmalloc(LOOP_READ_BYTES);
    return 0;

fail_event:
    event_base_free(loop->base);
fail_base:
    (void)close(loop->wake_fd);
    return -1;
}

static void set_clock(struct loop *loop)
{
    struct executor *ex = &loop->executor;
    int64_t delay_ms = timers_next_ms(&ex->timers, ex->now_ms);
    uint64_t at_ms = delay_ms < 0 ? 0 : ex->now_ms + (uint64_t)delay_ms;

    if (at_ms == loop->clock_at_ms) {
        return;
    }
    loop->clock_at_ms = at_ms;
    if (delay_ms < 0) {
        (void)evtimer_del(&loop->clock);
    } else {
        struct timeval delay = {.tv_sec = delay_ms / 1000, .tv_usec = delay_ms % 1000 * 1000};
        (void)evtimer_add(&loop->clock, &delay);
    }
}

/* Tasks that these post are left for the next turn. */
static void run_inbox(struct loop *loop)
{
    if (atomic_load_explicit(&loop->inbox, memory_order_relaxed) == NULL) {
        return;
    }
    struct task *newest = atomic_exchange_explicit(&loop->inbox, NULL, memory_order_acquire);
    struct task *oldest = NULL;
    while (newest != NULL) {
        struct task *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    while (oldest != NULL) {
        struct task *task = oldest;
        oldest = task->next;
        task->run(task);
    }
}

/* Hooks can be left when one of a late phase adds one of an early phase. */
static bool has_work(const struct loop *loop)
{
    return atomic_load_explicit(&loop->inbox, memory_order_relaxed) != NULL ||
           loop->executor.hooks[TURN_SEAL] != NULL || loop->executor.hooks[TURN_FLUSH] != NULL;
}

static void run_turn(struct loop *loop)
{
    set_clock(loop);
    atomic_store(&loop->waiting, true); /* before the look into the inbox */
    /* Once in any case: EVLOOP_NONBLOCK alone goes round until nothing is ready any more. */
    (void)event_base_loop(loop->base, EVLOOP_ONCE | (has_work(loop) ? EVLOOP_NONBLOCK : 0));
    loop_tick(loop);
    run_inbox(loop);
    executor_run_timers(&loop->executor, loop->executor.now_ms);
    executor_end_turn(&loop->executor);
    histogram_add(&loop->turns, loop_clock_us() - loop->woke_us);
}

static void block_sigpipe(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
}

void loop_run(struct loop *loop)
{
    assert(current == NULL);
    block_sigpipe();
    current = loop;
    while (!atomic_load_explicit(&loop->stopping, memory_order_acquire)) {
        run_turn(loop);
    }
    current = NULL;
}

void loop_stop(struct loop *loop)
{
    atomic_store_explicit(&loop->stopping, true, memory_order_release);
    wake(loop);
}

bool loop_settle(struct loop *loop)
{
    const struct loop *outer = current;
    bool had_work = has_work(loop);

    current = loop;
    while (has_work(loop)) {
        run_inbox(loop);
        executor_end_turn(&loop->executor);
    }
    current = outer;
    return had_work;
}

void loop_finish(struct loop *loop)
{
    (void)loop_settle(loop);
    poller_finish(&loop->poller);
    (void)event_del(&loop->wake);
    (void)event_del(&loop->clock);
    event_base_free(loop->base);
    (void)close(loop->wake_fd);
    timers_finish(&loop->executor.timers);
    free(loop->read_buffer);
    ws_deflate_destroy(loop->ws_deflate);
    explicit_bzero(loop->random, sizeof loop->random);
}
