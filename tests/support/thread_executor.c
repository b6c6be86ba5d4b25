// SPDX-License-Identifier: MIT
#include "tests/support/thread_executor.h"

#include <semaphore.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "src/base/memory.h"

static struct thread_executor *of(struct executor *ex)
{
    return container_of(ex, struct thread_executor, executor);
}

static void post(struct executor *ex, struct task *task)
{
    struct thread_executor *t = of(ex);

    task->next = NULL;
    (void)pthread_mutex_lock(&t->lock);
    *t->tail = task;
    t->tail = &task->next;
    (void)pthread_cond_signal(&t->changed);
    (void)pthread_mutex_unlock(&t->lock);
}

static bool inside(const struct executor *ex)
{
    const struct thread_executor *t = (const void *)ex; /* its first member */
    return pthread_equal(t->thread, pthread_self()) != 0;
}

static int64_t wall_ms(const struct executor *ex)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void fill_random(struct executor *ex, void *out, size_t n)
{
    if (getentropy(out, n) != 0) {
        abort();
    }
}

static const struct executor_ops ops = {
    .post = post,
    .inside = inside,
    .wall_ms = wall_ms,
    .random = fill_random,
};

static uint64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Until something is posted, or a timer is due. */
static void wait(struct thread_executor *t)
{
    int64_t next_ms = timers_next_ms(&t->executor.timers, now_ms());
    struct timespec until;

    if (next_ms < 0) {
        (void)pthread_cond_wait(&t->changed, &t->lock);
        return;
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += next_ms % 1000 * 1000000;
    until.tv_sec += next_ms / 1000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    (void)pthread_cond_timedwait(&t->changed, &t->lock, &until);
}

/* All that was posted, which may be nothing; false when it is time to stop. */
static bool take(struct thread_executor *t, struct task **tasks)
{
    (void)pthread_mutex_lock(&t->lock);
    if (t->head == NULL && !t->stopping) {
        wait(t);
    }
    bool goes_on = t->head != NULL || !t->stopping;
    *tasks = t->head;
    t->head = NULL;
    t->tail = &t->head;
    (void)pthread_mutex_unlock(&t->lock);
    return goes_on;
}

static void *turn(void *arg)
{
    struct thread_executor *t = arg;
    struct task *task;

    while (take(t, &task)) {
        while (task != NULL) {
            struct task *next = task->next;
            task->run(task);
            task = next;
        }
        executor_run_timers(&t->executor, now_ms());
        executor_end_turn(&t->executor);
    }
    return NULL;
}

void thread_executor_start(struct thread_executor *t, unsigned index)
{
    pthread_condattr_t monotonic;

    executor_init(&t->executor, &ops, index, now_ms());
    t->head = NULL;
    t->tail = &t->head;
    t->stopping = false;
    (void)pthread_mutex_init(&t->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&t->changed, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    if (pthread_create(&t->thread, NULL, turn, t) != 0) {
        abort();
    }
}

/* Ran: the semaphore is posted at the end of the turn, behind the hooks that fn added. */
struct call {
    struct task task;
    struct turn_hook end;
    struct executor *executor;
    void (*fn)(void *arg);
    void *arg;
    sem_t done;
};

static void end_call(struct turn_hook *hook)
{
    (void)sem_post(&container_of(hook, struct call, end)->done);
}

static void run_call(struct task *task)
{
    struct call *call = container_of(task, struct call, task);
    call->fn(call->arg);
    executor_at_turn_end(call->executor, &call->end, TURN_FLUSH);
}

void thread_executor_run(struct thread_executor *t, void (*fn)(void *arg), void *arg)
{
    struct call call = {.task = {.run = run_call},
                        .end = {.run = end_call},
                        .executor = &t->executor,
                        .fn = fn,
                        .arg = arg};
    (void)sem_init(&call.done, 0, 0);
    post(&t->executor, &call.task);
    while (sem_wait(&call.done) != 0) {
    }
    (void)sem_destroy(&call.done);
}

void thread_executor_stop(struct thread_executor *t)
{
    (void)pthread_mutex_lock(&t->lock);
    t->stopping = true;
    (void)pthread_cond_signal(&t->changed);
    (void)pthread_mutex_unlock(&t->lock);
    (void)pthread_join(t->thread, NULL);
    timers_finish(&t->executor.timers);
    (void)pthread_cond_destroy(&t->changed);
    (void)pthread_mutex_destroy(&t->lock);
}
