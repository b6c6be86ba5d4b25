// SPDX-License-Identifier: MIT
#include "src/store/sqlite_readers.h"

#include <stdio.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/store/sqlite_calls.h"
#include "src/store/sqlite_search.h"

struct sqlite_reader {
    const struct store_options *options;
    struct sqlite_conn conn;
};

static sqlite_read_fn const read_fns[STORE_WRITES] = {
    [STORE_HISTORY] = sqlite_read_history, [STORE_CHANGES] = sqlite_read_changes,
    [STORE_FIND] = sqlite_read_find,       [STORE_SEARCH] = sqlite_read_search,
    [STORE_ROOMS] = sqlite_read_rooms,     [STORE_ROOM_GET] = sqlite_read_room_get,
    [STORE_READS] = sqlite_read_reads,     [STORE_USER_GET] = sqlite_read_user_get,
    [STORE_DIRECTS] = sqlite_read_directs, [STORE_POSITIONS] = sqlite_read_positions,
};

static const char begin_sql[] = "BEGIN";
static const char commit_sql[] = "COMMIT";

static void tell_problem(const struct sqlite_reader *reader)
{
    const struct store_options *options = reader->options;
    char line[512];

    if (options->on_problem != NULL) {
        (void)snprintf(line, sizeof line, "%s: reading: %s", options->path,
                       sqlite3_errmsg(reader->conn.db));
        options->on_problem(options->on_problem_arg, line, false);
    }
}

static void serve(void *worker, struct store_call *call)
{
    struct sqlite_reader *reader = worker;

    (void)sqlite_db_step(sqlite_conn_get(&reader->conn, begin_sql));
    if (read_fns[call->op](&reader->conn, call) != SQLITE_OK) {
        tell_problem(reader);
        call->error = STORE_EIO;
    }
    (void)sqlite_db_step(sqlite_conn_get(&reader->conn, commit_sql));
}

static void *hire(void *store, struct bytes *why)
{
    const struct store_options *options = store;
    sqlite3 *db = sqlite_db_open_reader(options->path, why);

    if (db == NULL) {
        return NULL;
    }
    struct sqlite_reader *reader = xmalloc(sizeof *reader);
    *reader = (struct sqlite_reader){.options = options, .conn = {.db = db}};
    if (sqlite_search_attach(options->path, db) != SQLITE_OK ||
        sqlite_conn_get(&reader->conn, begin_sql) == NULL ||
        sqlite_conn_get(&reader->conn, commit_sql) == NULL) {
        sqlite_db_explain_failure(why, options->path, db);
        sqlite_conn_close(&reader->conn);
        free(reader);
        return NULL;
    }
    return reader;
}

static void dismiss(void *worker)
{
    struct sqlite_reader *reader = worker;

    sqlite_conn_close(&reader->conn);
    free(reader);
}

const struct store_crew_ops sqlite_crew = {.hire = hire, .serve = serve, .dismiss = dismiss};
