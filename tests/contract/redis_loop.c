// SPDX-License-Identifier: MIT
#include "tests/contract/redis_loop.h"

#include <assert.h>
#include <stdio.h>

#include "src/net/dialer.h"
#include "src/net/loop.h"

enum { STEP_MS = 2 };

struct redis_loop redis_loop;
static struct loop loop;
static struct timer step_end;

static void end_step(struct timer *timer)
{
    loop_stop(&loop);
}

void redis_loop_kill_server(void)
{
    redis_server_kill(&redis_loop.server);
}

void redis_loop_start_server(bool keep)
{
    static const char *const options[] = {"--appendonly", "yes", "--appendfsync", "always", NULL};

    if (!keep) {
        redis_server_wipe(&redis_loop.server);
    }
    redis_server_start(&redis_loop.server, options);
    redis_server_wait(&redis_loop.server);
}

void redis_loop_start(void)
{
    int error = loop_init(&loop, 0);
    assert(error == 0);
    step_end.fire = end_step;
    redis_loop.executor = &loop.executor;
    redis_loop.dialer = net_dialer_create(&loop);
    redis_loop_start_server(true);
    (void)snprintf(redis_loop.url, sizeof redis_loop.url, "redis://127.0.0.1:%u",
                   redis_loop.server.port);
    redis_loop.bystander = redis_create(
        redis_loop.dialer, &(struct redis_options){.url = redis_loop.url}, &(struct bytes){0});
}

void redis_loop_step(void)
{
    atomic_store(&loop.stopping, false);
    executor_timer_start(&loop.executor, &step_end, STEP_MS);
    loop_run(&loop);
}

void redis_loop_stop(void)
{
    redis_destroy(redis_loop.bystander);
    redis_loop_step();
    net_dialer_destroy(redis_loop.dialer);
    loop_finish(&loop);
    redis_server_finish(&redis_loop.server);
}
