// SPDX-License-Identifier: MIT
#include "src/auth/workers.h"

#include <semaphore.h>

#include "src/base/memory.h"
#include "tests/support/tap.h"
#include "tests/support/thread_executor.h"

enum { JOBS = 64 };

static struct workers workers;
static struct thread_executor loops[2];
static sem_t gate, entered, ended; /* what holds a worker up; that it got there; that a job ended */

struct errand {
    struct worker_job job;
    struct thread_executor *loop;
    int submitted;
    int worked, done, on_its_loop;
};

static void wait_for(sem_t *semaphore)
{
    while (sem_wait(semaphore) != 0) {
    }
}

static void work(struct worker_job *job)
{
    container_of(job, struct errand, job)->worked++;
}

static void work_behind_the_gate(struct worker_job *job)
{
    (void)sem_post(&entered);
    wait_for(&gate);
    work(job);
}

static void on_done(struct worker_job *job)
{
    struct errand *errand = container_of(job, struct errand, job);
    errand->done++;
    errand->on_its_loop = executor_inside(&errand->loop->executor);
    (void)sem_post(&ended);
}

static void submit(void *arg)
{
    struct errand *errand = arg;
    errand->submitted = workers_submit(&workers, &errand->loop->executor, &errand->job);
}

static void send(struct errand *errand, struct thread_executor *loop,
                 void (*fn)(struct worker_job *job))
{
    *errand = (struct errand){.job = {.work = fn, .on_done = on_done}, .loop = loop};
    thread_executor_run(loop, submit, errand);
}

static void start(unsigned threads, unsigned waiting_max)
{
    (void)sem_init(&gate, 0, 0);
    (void)sem_init(&entered, 0, 0);
    (void)sem_init(&ended, 0, 0);
    thread_executor_start(&loops[0], 0);
    thread_executor_start(&loops[1], 1);
    check(workers_start(&workers, threads, waiting_max) == 0);
}

/* After this everything that was posted has run. */
static void stop(void)
{
    workers_stop(&workers);
    thread_executor_stop(&loops[0]);
    thread_executor_stop(&loops[1]);
}

static void tells_each_end_once_on_the_loop_that_asked(void)
{
    struct errand errands[JOBS];

    start(3, JOBS);
    for (int i = 0; i < JOBS; i++) {
        send(&errands[i], &loops[i % 2], work);
        check(errands[i].submitted == 0);
    }
    for (int i = 0; i < JOBS; i++) {
        wait_for(&ended);
    }
    stop();
    for (int i = 0; i < JOBS; i++) {
        check(errands[i].worked == 1);
        check(errands[i].done == 1);
        check(errands[i].on_its_loop);
        check(errands[i].job.error == 0);
    }
}

static void takes_no_more_than_may_wait(void)
{
    struct errand held, waiting[2], refused, later;

    start(1, 2);
    send(&held, &loops[0], work_behind_the_gate);
    wait_for(&entered);
    send(&waiting[0], &loops[0], work);
    send(&waiting[1], &loops[1], work);
    send(&refused, &loops[0], work);
    check(refused.submitted == WORKERS_EBUSY);
    (void)sem_post(&gate);
    for (int i = 0; i < 3; i++) {
        wait_for(&ended);
    }
    send(&later, &loops[0], work);
    check(later.submitted == 0);
    wait_for(&ended);
    stop();
    check(held.done == 1 && waiting[0].done == 1 && waiting[1].done == 1 && later.done == 1);
    check(refused.worked == 0 && refused.done == 0);
}

static void *open_the_gate_once_it_stops(void *arg)
{
    bool stopping = false;
    while (!stopping) {
        (void)pthread_mutex_lock(&workers.lock);
        stopping = workers.stopping;
        (void)pthread_mutex_unlock(&workers.lock);
    }
    (void)sem_post(&gate);
    return NULL;
}

static void ends_what_waits_unserved_when_it_stops(void)
{
    struct errand held, waiting;
    pthread_t opener;

    start(1, 2);
    send(&held, &loops[0], work_behind_the_gate);
    wait_for(&entered);
    send(&waiting, &loops[1], work);
    check(pthread_create(&opener, NULL, open_the_gate_once_it_stops, NULL) == 0);
    stop();
    (void)pthread_join(opener, NULL);
    check(held.worked == 1 && held.done == 1 && held.job.error == 0);
    check(waiting.worked == 0 && waiting.done == 1 && waiting.on_its_loop);
    check(waiting.job.error == WORKERS_ESTOPPED);
}

int main(void)
{
    RUN(tells_each_end_once_on_the_loop_that_asked);
    RUN(takes_no_more_than_may_wait);
    RUN(ends_what_waits_unserved_when_it_stops);
    return tap_done();
}
