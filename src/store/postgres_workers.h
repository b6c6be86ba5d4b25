/* What the threads of store_postgres do with a call: each runs it on a connection of its own; with
 * a replica, histories are read there. */
// SPDX-License-Identifier: MIT
#ifndef STORE_POSTGRES_WORKERS_H
#define STORE_POSTGRES_WORKERS_H

#include "src/store/postgres_conn.h"
#include "src/store/store_crew.h"

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

/* The store of its workers is the struct postgres_common. */
extern const struct store_crew_ops postgres_crew;

#endif
