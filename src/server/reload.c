// SPDX-License-Identifier: MIT
#include "src/server/reload.h"

#include <assert.h>
#include <signal.h>
#include <stddef.h>

static sigset_t hangup(void)
{
    sigset_t set;

    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGHUP);
    return set;
}

void reload_block(void)
{
    const sigset_t set = hangup();
    int error = pthread_sigmask(SIG_BLOCK, &set, NULL);
    assert(error == 0);
}

static void *wait_for_signals(void *arg)
{
    struct reload *r = arg;
    const sigset_t set = hangup();
    int number;

    while (sigwait(&set, &number) == 0 && !atomic_load(&r->stopping)) {
        r->fn(r->arg);
    }
    return NULL;
}

void reload_start(struct reload *r, void (*fn)(void *arg), void *arg)
{
    *r = (struct reload){.fn = fn, .arg = arg, .started = true};
    int error = pthread_create(&r->thread, NULL, wait_for_signals, r);
    assert(error == 0);
}

void reload_stop(struct reload *r)
{
    if (r->started) {
        atomic_store(&r->stopping, true);
        (void)pthread_kill(r->thread, SIGHUP);
        (void)pthread_join(r->thread, NULL);
        r->started = false;
    }
}
