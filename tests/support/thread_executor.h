/* An executor that runs on a thread of its own, for tests of what crosses threads: posted tasks,
 * timers by the real clock, turn hooks. Everything that a test asserts about results belongs on its
 * thread, or behind thread_executor_run. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_SUPPORT_THREAD_EXECUTOR_H
#define TESTS_SUPPORT_THREAD_EXECUTOR_H

#include <pthread.h>

#include "src/base/executor.h"

struct thread_executor {
    struct executor executor;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct task *head, **tail;
    bool stopping;
};

void thread_executor_start(struct thread_executor *t, unsigned index);

/* Calls fn(arg) on the executor's thread, ends the turn, and returns then. */
void thread_executor_run(struct thread_executor *t, void (*fn)(void *arg), void *arg);

/* Runs what has been posted, joins. */
void thread_executor_stop(struct thread_executor *t);

#endif
