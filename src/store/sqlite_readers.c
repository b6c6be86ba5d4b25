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
    [STORE_DIRECTS] = sqlite_read_directs,
};

static const char begin_sql[] = "BEGIN";
static const char commit_sql[] = "COMMIT";

#define LIMIT_OF(name) offsetof(struct name, limit) - offsetof(struct name, call)

static const size_t limit_at[STORE_WRITES] = {
    [STORE_HISTORY] = LIMIT_OF(store_history), [STORE_CHANGES] = LIMIT_OF(store_changes),
    [STORE_SEARCH] = LIMIT_OF(store_search),   [STORE_ROOMS] = LIMIT_OF(store_rooms),
    [STORE_READS] = LIMIT_OF(store_reads),     [STORE_DIRECTS] = LIMIT_OF(store_directs),
};

/* Callers check what peers send. Should one forget it, a request fails, and not the process. */
static bool in_range(const struct store_call *call)
{
    const struct store_history *h = container_of(call, struct store_history, call);
    unsigned limit = 1;

    if (limit_at[call->op] != 0) {
        memcpy(&limit, (const char *)call + limit_at[call->op], sizeof limit);
    }
    return limit >= 1 && limit <= STORE_PAGE_MAX &&
           (call->op != STORE_HISTORY ||
            (h->before != 0) + (h->after != 0) + (h->around != 0) + h->from_start <= 1);
}

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

    while ((call = sqlite_queue_take(&reader->all->queue)) != NULL) {
        if (!in_range(call)) {
            call->error = STORE_ERANGE;
            sqlite_queue_answer(call);
            continue;
        }
        (void)sqlite_db_step(sqlite_conn_get(&reader->conn, begin_sql));
        if (read_fns[call->op](&reader->conn, call) != SQLITE_OK) {
            tell_problem(reader);
            call->error = STORE_EIO;
        }
        (void)sqlite_db_step(sqlite_conn_get(&reader->conn, commit_sql));
        sqlite_queue_answer(call);
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
    sqlite_queue_init(&readers->queue, options->read_queue_max);
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
    sqlite_queue_stop(&readers->queue);
    for (unsigned i = 0; i < readers->count; i++) {
        struct sqlite_reader *reader = &readers->readers[i];
        (void)pthread_join(reader->thread, NULL);
        sqlite_conn_close(&reader->conn);
    }
    free(readers->readers);
    sqlite_queue_finish(&readers->queue);
}
