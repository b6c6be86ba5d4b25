/* A redis-server and a real loop to talk to it from, in steps of a few turns, on one thread. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_CONTRACT_REDIS_LOOP_H
#define TESTS_CONTRACT_REDIS_LOOP_H

#include "src/base/stream.h"
#include "src/redis/redis.h"
#include "tests/support/redis_server.h"

struct redis_loop {
    struct redis_server server;
    char url[64]; /* its */
    struct executor *executor;
    struct dialer *dialer;
    struct redis *bystander; /* a client of nobody else */
};

/* There is one at a time. */
extern struct redis_loop redis_loop;

void redis_loop_start(void);
void redis_loop_step(void);
void redis_loop_stop(void);

/* kill -9. */
void redis_loop_kill_server(void);
/* With what it had on disk (each write is) or with nothing. */
void redis_loop_start_server(bool keep);

#endif
