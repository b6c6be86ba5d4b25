// SPDX-License-Identifier: MIT
#include "src/server/reload.h"

#include <semaphore.h>
#include <signal.h>
#include <unistd.h>

#include "tests/support/tap.h"

static sem_t told;
static _Atomic pthread_t told_on;

static void tell(void *arg)
{
    told_on = pthread_self();
    (void)sem_post(arg);
}

static void tells_of_each_signal_on_its_own_thread(void)
{
    struct reload r;

    reload_start(&r, tell, &told);
    for (int i = 0; i < 3; i++) {
        check(kill(getpid(), SIGHUP) == 0);
        check(sem_wait(&told) == 0);
        check(!pthread_equal(told_on, pthread_self()));
    }
    reload_stop(&r);
}

static void tells_of_one_that_came_before_the_start(void)
{
    struct reload r;

    check(kill(getpid(), SIGHUP) == 0);
    reload_start(&r, tell, &told);
    check(sem_wait(&told) == 0);
    reload_stop(&r);
}

static void tells_of_nothing_once_it_has_stopped(void)
{
    struct reload r, never = {.started = false};
    int count;

    reload_stop(&never);
    reload_start(&r, tell, &told);
    reload_stop(&r);
    reload_stop(&r);
    check(sem_getvalue(&told, &count) == 0 && count == 0);
}

int main(void)
{
    reload_block();
    if (sem_init(&told, 0, 0) < 0) {
        return 1;
    }
    RUN(tells_of_each_signal_on_its_own_thread);
    RUN(tells_of_one_that_came_before_the_start);
    RUN(tells_of_nothing_once_it_has_stopped);
    return tap_done();
}
