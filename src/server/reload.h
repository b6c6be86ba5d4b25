/* Reload: tells of SIGHUP on a thread of its own, where files may be read without a loop waiting.
 *
 *     reload_block()  before there is any other thread: nobody else gets the signal
 *     reload_start(&r, fn, arg) ... fn(arg) for each SIGHUP (several that come at once count as
 * one) reload_stop(&r)  fn is not running any more, and never will
 *
 * A SIGHUP between block and start is told at the start. Ownership: the caller's memory. */
// SPDX-License-Identifier: MIT
#ifndef SERVER_RELOAD_H
#define SERVER_RELOAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct reload {
    void (*fn)(void *arg);
    void *arg;
    pthread_t thread;
    bool started;
    atomic_bool stopping;
};

void reload_block(void);
void reload_start(struct reload *r, void (*fn)(void *arg), void *arg);

/* Takes one that was never started (zeroed). */
void reload_stop(struct reload *r);

#endif
