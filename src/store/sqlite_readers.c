// SPDX-License-Identifier: MIT
#include "src/store/sqlite_readers.h"

#include <stdio.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/store/sqlite_calls.h"
#include "src/store/sqlite_search.h"

struct sqlite_reader {
    struct sqlite_readers *all;
    struct sqlite_conn conn;
    pthread_t thread;
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
    const struct store_options *options = reader->all->options;
    char line[512];

    if (options->on_problem != NULL) {
        (void)snprintf(line, sizeof line, "%s: reading: %s", options->path,
                       sqlite3_errmsg(reader->conn.db));
        options->on_problem(options->on_problem_arg, line, false);
    }
}

static void *serve(void *arg)
{
    struct sqlite_reader *reader = arg;
    struct store_call *call;

    while ((call = store_queue_take(&reader->all->queue)) != NULL) {
        if (!store_call_is_in_range(call)) {
            call->error = STORE_ERANGE;
            store_queue_answer(call);
            continue;
        }
        (void)sqlite_db_step(sqlite_conn_get(&reader->conn, begin_sql));
        if (read_fns[call->op](&reader->conn, call) != SQLITE_OK) {
            tell_problem(reader);
            call->error = STORE_EIO;
        }
        (void)sqlite_db_step(sqlite_conn_get(&reader->conn, commit_sql));
        store_queue_answer(call);
    }
    return NULL;
}

static int start_one(struct sqlite_readers *readers, struct bytes *why)
{
    const char *path = readers->options->path;
    struct sqlite_reader *reader = &readers->readers[readers->count];
    sqlite3 *db = sqlite_db_open_reader(path, why);

    *reader = (struct sqlite_reader){.all = readers, .conn = {.db = db}};
    if (db == NULL) {
        return -1;
    }
    if (sqlite_search_attach(path, db) != SQLITE_OK ||
        sqlite_conn_get(&reader->conn, begin_sql) == NULL ||
        sqlite_conn_get(&reader->conn, commit_sql) == NULL) {
        sqlite_db_explain_failure(why, path, db);
        sqlite_conn_close(&reader->conn);
        return -1;
    }
    if (pthread_create(&reader->thread, NULL, serve, reader) != 0) {
        sqlite_db_explain(why, path, "cannot start a reader: no thread");
        sqlite_conn_close(&reader->conn);
        return -1;
    }
    readers->count++;
    return 0;
}

int sqlite_readers_start(struct sqlite_readers *readers, const struct store_options *options,
                         unsigned wanted, struct bytes *why)
{
    *readers = (struct sqlite_readers){
        .options = options,
        .readers = xcalloc(wanted, sizeof *readers->readers),
    };
    store_queue_init(&readers->queue, options->read_queue_max);
    while (readers->count < wanted) {
        if (start_one(readers, why) != 0) {
            sqlite_readers_stop(readers);
            return -1;
        }
    }
    return 0;
}

void sqlite_readers_stop(struct sqlite_readers *readers)
{
    store_queue_stop(&readers->queue);
    for (unsigned i = 0; i < readers->count; i++) {
        struct sqlite_reader *reader = &readers->readers[i];
        (void)pthread_join(reader->thread, NULL);
        sqlite_conn_close(&reader->conn);
    }
    free(readers->readers);
    store_queue_finish(&readers->queue);
}
