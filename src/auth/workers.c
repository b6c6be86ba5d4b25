// SPDX-License-Identifier: MIT
#include "src/auth/workers.h"

#include <assert.h>
#include <stdlib.h>

#include "src/base/memory.h"

static void deliver(struct task *task)
{
    struct worker_job *job = container_of(task, struct worker_job, task);
    job->on_done(job);
}

static void end(struct worker_job *job, int error)
{
    job->error = error;
    job->task.run = deliver;
    executor_post(job->executor, &job->task);
}

/* Under the lock, with something in the queue. */
static struct worker_job *pop(struct workers *workers)
{
    struct worker_job *job = workers->head;

    workers->head = job->next;
    if (workers->head == NULL) {
        workers->tail = &workers->head;
    }
    workers->waiting--;
    return job;
}

/* Waits for a job; NULL when it is time to stop. */
static struct worker_job *take(struct workers *workers)
{
    (void)pthread_mutex_lock(&workers->lock);
    while (workers->head == NULL && !workers->stopping) {
        (void)pthread_cond_wait(&workers->work, &workers->lock);
    }
    struct worker_job *job = workers->stopping ? NULL : pop(workers);
    (void)pthread_mutex_unlock(&workers->lock);
    return job;
}

static void *serve(void *arg)
{
    struct workers *workers = arg;
    struct worker_job *job;

    while ((job = take(workers)) != NULL) {
        job->work(job);
        end(job, 0);
    }
    return NULL;
}

int workers_start(struct workers *workers, unsigned threads, unsigned waiting_max)
{
    assert(threads > 0);
    assert(waiting_max > 0);
    *workers = (struct workers){
        .threads = xcalloc(threads, sizeof *workers->threads),
        .waiting_max = waiting_max,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .work = PTHREAD_COND_INITIALIZER,
        .tail = &workers->head,
    };
    for (; workers->count < threads; workers->count++) {
        if (pthread_create(&workers->threads[workers->count], NULL, serve, workers) != 0) {
            workers_stop(workers);
            return -1;
        }
    }
    return 0;
}

void workers_stop(struct workers *workers)
{
    (void)pthread_mutex_lock(&workers->lock);
    workers->stopping = true;
    (void)pthread_cond_broadcast(&workers->work);
    (void)pthread_mutex_unlock(&workers->lock);
    for (unsigned i = 0; i < workers->count; i++) {
        (void)pthread_join(workers->threads[i], NULL);
    }
    while (workers->head != NULL) {
        end(pop(workers), WORKERS_ESTOPPED);
    }
    free(workers->threads);
    (void)pthread_cond_destroy(&workers->work);
    (void)pthread_mutex_destroy(&workers->lock);
}

int workers_submit(struct workers *workers, struct executor *executor, struct worker_job *job)
{
    int result = WORKERS_EBUSY;

    job->executor = executor;
    job->next = NULL;
    (void)pthread_mutex_lock(&workers->lock);
    assert(!workers->stopping);
    if (workers->waiting < workers->waiting_max) {
        *workers->tail = job;
        workers->tail = &job->next;
        workers->waiting++;
        (void)pthread_cond_signal(&workers->work);
        result = 0;
    }
    (void)pthread_mutex_unlock(&workers->lock);
    return result;
}
