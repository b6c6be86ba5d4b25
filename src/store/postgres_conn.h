/* A connection of store_postgres: a call sends statements together and gets all of their results in
 * one trip to the server and back (libpq's pipelines).
 *
 *   begin ──> put, put ... ──> exchange ──> (put ... exchange) ──> results_drop
 *
 * Nothing waits for longer than until the call's deadline, whatever the server does: the socket
 * does not block, and a server that does not answer in time is left. A connection that is lost is
 * made anew by the next call, or, if that fails, not before a pause, within which calls fail at
 * once.
 *
 * What is put between two exchanges is one transaction unless it begins one itself.
 *
 * Threads: one at a time. Source: postgresql.org/docs/15, "libpq", 34.4 and 34.5. */
// SPDX-License-Identifier: MIT
#ifndef STORE_POSTGRES_CONN_H
#define STORE_POSTGRES_CONN_H

#include "protocol/bytes.h"
#include "src/store/postgres_params.h"

struct pg_conn;   /* libpq's PGconn */
struct pg_result; /* and PGresult */

enum {
    POSTGRES_KEPT_MAX = 40,   /* statements of one connection */
    POSTGRES_RESULTS_MAX = 8, /* statements of one exchange */
    POSTGRES_WHY_BYTES = 256,
};

struct postgres_kept {
    const char *sql;
    bool ready; /* the server has it */
};

/* Zeroed but for the first part it is not connected. */
struct postgres_conn {
    const char *url;     /* borrowed */
    unsigned timeout_ms; /* of one call */

    struct pg_conn *pg;
    struct postgres_kept kept[POSTGRES_KEPT_MAX];
    unsigned kept_count;
    /* What has been put and not been read: the number of a kept statement that is prepared, or -1
     * for one that is run. */
    int expected[2 * POSTGRES_RESULTS_MAX];
    unsigned expected_count;
    bool broken; /* something could not be put */
    bool fresh;  /* connected for this call */
    int64_t deadline_ms;
    int64_t retry_at_ms; /* not connected, and not to be tried before */
    unsigned pause_ms;
    char why[POSTGRES_WHY_BYTES]; /* what has failed last: a line */
    char state[6];                /* SQLSTATE of that; empty: it was no answer of the server's */
};

/* The results of one exchange, in the order of its statements. */
struct postgres_results {
    struct pg_result *of[POSTGRES_RESULTS_MAX];
    unsigned count;
};

/* Begins a call: connects, if need be. Returns 0 or STORE_EIO. */
MUST_USE int postgres_begin(struct postgres_conn *conn);

/* As begin, with another time than timeout_ms for this call. */
MUST_USE int postgres_begin_for(struct postgres_conn *conn, unsigned timeout_ms);

/* Adds a statement to the next exchange. sql: one of few constants, known again by its address.
 * params: NULL for none. */
void postgres_put(struct postgres_conn *conn, const char *sql,
                  const struct postgres_params *params);

/* Sends what was put and waits for its results. Returns 0, or STORE_EIO or STORE_EFULL without
 * results; then nothing of it has happened, but a transaction that was begun is to be rolled back,
 * and a commit that was put may have happened if the server did not answer. */
MUST_USE int postgres_exchange(struct postgres_conn *conn, struct postgres_results *results);

/* Takes zeroed ones, and those of a failed exchange. */
void postgres_results_drop(struct postgres_results *results);

/* The same for statements whose results are not needed. */
MUST_USE int postgres_exchange_only(struct postgres_conn *conn);

/* Ends a transaction that has failed, if there is one. */
void postgres_roll_back(struct postgres_conn *conn);

/* Runs any SQL, several statements too, without a pipeline. *result is that of the last one, if
 * result is not NULL. Returns as exchange. */
MUST_USE int postgres_run(struct postgres_conn *conn, const char *sql, struct pg_result **result);

/* After a failure: was it the connection, of which the server told nothing, and not for want of
 * time? Then what only reads may be tried again. */
bool postgres_was_cut(const struct postgres_conn *conn);

/* Takes NULL. */
void postgres_drop(struct pg_result *result);

/* Of the server: 150002 is 15.2. The connection has begun. */
int postgres_version(const struct postgres_conn *conn);

void postgres_disconnect(struct postgres_conn *conn);

/* Where the URL leads, without the password: "postgresql://user@host:port/database". False if libpq
 * cannot read it; then libpq's reason is appended, or nothing where that could tell a secret. */
bool postgres_place(struct bytes *out, const char *url);

/* ---- reading results ---- */

int postgres_rows(const struct pg_result *result);

/* The affected rows. */
uint64_t postgres_changed(const struct pg_result *result);

/* Integers of any size, and booleans. */
int64_t postgres_number(const struct pg_result *result, int row, int column);

/* Good until the result is dropped; a NUL stands behind it. */
struct span postgres_bytes(const struct pg_result *result, int row, int column);

#endif
