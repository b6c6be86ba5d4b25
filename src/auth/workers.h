/* Workers: a few threads for calls that take a core for milliseconds (a password hash), so that no
 * loop does.
 *
 *     loop: workers_submit ──> bounded queue ──> a thread: job->work
 *     loop: job->on_done  <── executor_post ──────┘
 *
 * A job that was taken is told its end exactly once, on the executor that it came from. When the
 * queue is full a job is not taken (WORKERS_EBUSY): the caller says so to whoever asked, and those
 * before it are still served.
 *
 * Threads: start, stop on one; submit on any. Ownership: a job is embedded in its owner, who keeps
 * it until on_done; executors must take tasks until workers_stop has returned. */
// SPDX-License-Identifier: MIT
#ifndef AUTH_WORKERS_H
#define AUTH_WORKERS_H

#include <pthread.h>

#include "protocol/bytes.h"
#include "src/base/executor.h"

enum workers_error {
    WORKERS_EBUSY = -1,    /* as many jobs wait as may: try again later */
    WORKERS_ESTOPPED = -2, /* the server stops; work was not called */
};

struct worker_job {
    void (*work)(struct worker_job *job);    /* on a thread of the pool; may block */
    void (*on_done)(struct worker_job *job); /* on the executor; may free the job */

    int error; /* 0 or WORKERS_ESTOPPED */

    struct executor *executor; /* for the pool */
    struct task task;
    struct worker_job *next;
};

struct workers {
    pthread_t *threads;
    unsigned count;
    unsigned waiting_max;

    pthread_mutex_t lock; /* for what follows; no other is taken under it */
    pthread_cond_t work;
    struct worker_job *head, **tail; /* oldest first */
    unsigned waiting;
    bool stopping;
};

/* threads, waiting_max: at least 1. Returns 0, or -1 when the system gives no thread. */
MUST_USE int workers_start(struct workers *workers, unsigned threads, unsigned waiting_max);

/* Ends the jobs that still wait with WORKERS_ESTOPPED, waits for those under way, joins. */
void workers_stop(struct workers *workers);

/* On the executor's own thread. Returns 0 or WORKERS_EBUSY. */
MUST_USE int workers_submit(struct workers *workers, struct executor *executor,
                            struct worker_job *job);

#endif
