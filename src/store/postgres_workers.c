// SPDX-License-Identifier: MIT
#include "src/store/postgres_workers.h"

#include <stdio.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/store/postgres_calls.h"

struct postgres_worker {
    const struct postgres_common *common;
    struct postgres_conn conn, replica;
};

struct call_kind {
    postgres_call_fn run;
    bool from_replica;
};

static const struct call_kind kinds[STORE_OPS] = {
    [STORE_HISTORY] = {postgres_read_history, true},
    [STORE_CHANGES] = {postgres_read_changes, true},
    [STORE_FIND] = {postgres_read_find, true},
    [STORE_SEARCH] = {postgres_read_search, true},
    [STORE_DIRECTS] = {postgres_read_directs, true},
    [STORE_POSITIONS] = {postgres_read_positions, true},
    [STORE_ROOMS] = {postgres_read_rooms, false},
    [STORE_ROOM_GET] = {postgres_read_room_get, false},
    [STORE_READS] = {postgres_read_reads, false},
    [STORE_USER_GET] = {postgres_read_user_get, false},
    [STORE_ROOM_PUT] = {postgres_write_room_put, false},
    [STORE_MEMBER_PUT] = {postgres_write_member_put, false},
    [STORE_READ_MARK] = {postgres_write_read_mark, false},
    [STORE_USER_ADD] = {postgres_write_user_add, false},
    [STORE_USER_PASSWORD] = {postgres_write_user_password, false},
    [STORE_DIRECT_STATE] = {postgres_write_direct_state, false},
};

void postgres_tell_problem(const struct postgres_common *common, const struct postgres_conn *conn,
                           bool writing)
{
    const struct store_options *options = &common->options;
    bool replica = conn->url != common->server.url;
    char line[1024];

    if (options->on_problem != NULL) {
        (void)snprintf(line, sizeof line, "%s%s: %s: %s", replica ? "the replica " : "",
                       replica ? common->replica.name : common->server.name,
                       writing ? "writing" : "reading", conn->why);
        options->on_problem(options->on_problem_arg, line, writing);
    }
}

/* A try; an open transaction is ended. */
static int try_call(struct postgres_conn *conn, struct store_call *call)
{
    int error = postgres_begin(conn);

    if (error == 0) {
        error = kinds[call->op].run(conn, call);
        postgres_roll_back(conn);
    }
    return error;
}

static void serve(void *arg, struct store_call *call)
{
    struct postgres_worker *worker = arg;
    bool away = kinds[call->op].from_replica && worker->replica.url != NULL;
    struct postgres_conn *conn = away ? &worker->replica : &worker->conn;
    bool writing = call->op >= STORE_WRITES;
    int error = try_call(conn, call);

    if (error != 0 && !writing && !conn->fresh && postgres_was_cut(conn)) {
        error = try_call(conn, call);
    }
    if (error != 0) {
        postgres_tell_problem(worker->common, conn, writing);
        call->error = error;
    }
}

/* It connects when it has something to do. */
static void *hire(void *store, struct bytes *why)
{
    const struct postgres_common *common = store;
    unsigned timeout_ms = common->options.timeout_ms;
    struct postgres_worker *worker = xmalloc(sizeof *worker);

    *worker = (struct postgres_worker){
        .common = common,
        .conn = {.url = common->server.url, .timeout_ms = timeout_ms},
        .replica = {.url = common->replica.url, .timeout_ms = timeout_ms},
    };
    return worker;
}

static void dismiss(void *arg)
{
    struct postgres_worker *worker = arg;

    postgres_disconnect(&worker->conn);
    postgres_disconnect(&worker->replica);
    free(worker);
}

const struct store_crew_ops postgres_crew = {
    .hire = hire, .serve = serve, .dismiss = dismiss, .writes = true};
