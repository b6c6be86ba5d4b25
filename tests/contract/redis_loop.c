// SPDX-License-Identifier: MIT
#include "tests/contract/redis_loop.h"

#include <assert.h>

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

void redis_loop_start(void)
{
    int error = loop_init(&loop, 0);
    assert(error == 0);
    step_end.fire = end_step;
    redis_loop.executor = &loop.executor;
    redis_loop.dialer = net_dialer_create(&loop);
    redis_place_make(&redis_loop.place);
    redis_loop.bystander =
        redis_create(redis_loop.dialer, &(struct redis_options){.url = redis_loop.place.url},
                     &(struct bytes){0});
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
    redis_place_remove(&redis_loop.place);
}
