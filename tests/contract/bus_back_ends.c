// SPDX-License-Identifier: MIT
#include <assert.h>

#include "tests/contract/bus_bed.h"
#include "tests/contract/redis_loop.h"
#include "tests/support/bus_hub.h"
#include "tests/support/fake_executor.h"

enum { HUB_STEP_MS = 5, LONG_MS = 3600 * 1000 };

/* The hub: each member on an executor of its own. */

static struct bus_hub *hub;
static struct fake_executor executors[MEMBERS_MAX];
static unsigned executors_used;
static uint64_t now_ms;

static void start_hub(void)
{
    hub = bus_hub_create(7);
    now_ms = 1000;
    executors_used = 0;
}

static void start_slow_hub(void)
{
    start_hub();
    bus_hub_faults(hub, &(struct bus_hub_faults){.delay_ms_max = 20});
}

static void step_hub(void)
{
    now_ms += HUB_STEP_MS;
    for (unsigned i = 0; i < executors_used; i++) {
        fake_executor_turn(&executors[i], now_ms);
    }
}

static void stop_hub(void)
{
    step_hub();
    bus_hub_destroy(hub);
    for (unsigned i = 0; i < executors_used; i++) {
        fake_executor_finish(&executors[i]);
    }
}

static struct bus *join_hub(struct member *m, const struct bus_limits *limits,
                            const struct bus_handlers *handlers)
{
    assert(executors_used < MEMBERS_MAX);
    struct fake_executor *fe = &executors[executors_used];
    fake_executor_init(fe, executors_used);
    fake_executor_turn(fe, now_ms);
    executors_used++;
    return bus_hub_join(hub, &fe->executor, limits, handlers, &m->counts);
}

static void restart_hub(bool keep)
{
    bus_hub_restart(hub, LONG_MS, keep);
}

static void bring_hub_back(void)
{
    bus_hub_restart(hub, HUB_STEP_MS, true);
}

const struct back_end hub_back_end = {"hub",    start_hub,   stop_hub,      join_hub,
                                      step_hub, restart_hub, bring_hub_back};
const struct back_end slow_hub_back_end = {"hub that takes its time",
                                           start_slow_hub,
                                           stop_hub,
                                           join_hub,
                                           step_hub,
                                           restart_hub,
                                           bring_hub_back};

/* Redis: all on one loop. */

static bool keep_data;

static struct bus *join_redis(struct member *m, const struct bus_limits *limits,
                              const struct bus_handlers *handlers)
{
    return bus_redis_open(redis_loop.dialer, &(struct redis_options){.url = redis_loop.url}, limits,
                          handlers, &m->counts, &(struct bytes){0});
}

static void kill_redis(bool keep)
{
    keep_data = keep;
    redis_loop_kill_server();
}

static void start_redis_again(void)
{
    redis_loop_start_server(keep_data);
}

const struct back_end redis_back_end = {"redis",          redis_loop_start, redis_loop_stop,
                                        join_redis,       redis_loop_step,  kill_redis,
                                        start_redis_again};
