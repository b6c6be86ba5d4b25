/* A redis-server and a real loop to talk to it from, in steps of a few turns, on one thread. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_CONTRACT_REDIS_LOOP_H
#define TESTS_CONTRACT_REDIS_LOOP_H

#include "src/base/stream.h"
#include "src/redis/redis.h"
#include "tests/support/redis_place.h"

struct redis_loop {
    struct redis_place place;
    struct executor *executor;
    struct dialer *dialer;
    struct redis *bystander; /* a client of nobody else */
};

/* There is one at a time. */
extern struct redis_loop redis_loop;

void redis_loop_start(void);
void redis_loop_step(void);
void redis_loop_stop(void);

#endif
