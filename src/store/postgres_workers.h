/* Threads of store_postgres, each with a connection of its own, that run calls from one queue; with
 * a replica, histories are read there.
 *
 *   start (any) ──> queue ──> thread ──> call on its connection ──> answer
 *
 * Writes have one thread, so that they take effect in their order. */
// SPDX-License-Identifier: MIT
#ifndef STORE_POSTGRES_WORKERS_H
#define STORE_POSTGRES_WORKERS_H

#include "src/store/postgres_conn.h"
#include "src/store/store_queue.h"

/* A server: where it is, and what it is called in lines that people read. */
struct postgres_server {
    char *url, *name;
};

/* What all parts of a store share. */
struct postgres_common {
    struct store_options options; /* with timeout_ms */
    struct postgres_server server;
    struct postgres_server replica; /* NULLs: there is none */
};

/* Tells on_problem what has failed on that connection, if anybody listens. */
void postgres_tell_problem(const struct postgres_common *common, const struct postgres_conn *conn,
                           bool writing);

struct postgres_worker;

struct postgres_workers {
    const struct postgres_common *common; /* borrowed */
    struct store_queue queue;
    struct postgres_worker *workers;
    unsigned count;
};

/* Returns 0, or -1 if there are no threads to be had. */
MUST_USE int postgres_workers_start(struct postgres_workers *workers,
                                    const struct postgres_common *common, unsigned count,
                                    unsigned queue_max);

/* Finishes the calls that were started. */
void postgres_workers_stop(struct postgres_workers *workers);

#endif
