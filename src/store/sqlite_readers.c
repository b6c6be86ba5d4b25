// SPDX-License-Identifier: MIT
#include "src/store/sqlite_readers.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/store/sqlite_page.h"

enum {
    READERS_DEFAULT = 2,
    WAITING_MAX_DEFAULT = 4096,
};

struct sqlite_reader {
    struct sqlite_readers *all;
    sqlite3 *db;
    sqlite3_stmt *page;
    pthread_t thread;
};

/* Waits for a request; NULL when there are none and none will come. */
static struct store_call *take(struct sqlite_readers *readers)
{
    (void)pthread_mutex_lock(&readers->lock);
    while (readers->head == NULL && !readers->stopping) {
        (void)pthread_cond_wait(&readers->work, &readers->lock);
    }
    struct store_call *request = readers->head;
    if (request != NULL) {
        readers->head = request->next;
        if (readers->head == NULL) {
            readers->tail = &readers->head;
        }
        readers->waiting--;
    }
    (void)pthread_mutex_unlock(&readers->lock);
    return request;
}

static void tell_problem(const struct sqlite_reader *reader)
{
    const struct store_options *options = reader->all->options;
    char line[512];

    if (options->on_problem != NULL) {
        (void)snprintf(line, sizeof line, "%s: reading history: %s", options->path,
                       sqlite3_errmsg(reader->db));
        options->on_problem(options->on_problem_arg, line);
    }
}

static void deliver(struct task *task)
{
    struct store_call *call = container_of(task, struct store_call, task);
    call->on_done(call);
}

static void *serve(void *arg)
{
    struct sqlite_reader *reader = arg;
    struct store_call *call;

    while ((call = take(reader->all)) != NULL) {
        struct store_history *request = container_of(call, struct store_history, call);
        if (call->op != STORE_HISTORY || sqlite_page_read(reader->page, request) != SQLITE_OK) {
            tell_problem(reader);
            call->error = STORE_EIO;
        }
        call->task.run = deliver;
        executor_post(call->executor, &call->task);
    }
    return NULL;
}

static int start_one(struct sqlite_readers *readers, struct bytes *why)
{
    const char *path = readers->options->path;
    struct sqlite_reader *reader = &readers->readers[readers->count];

    *reader = (struct sqlite_reader){.all = readers, .db = sqlite_db_open_reader(path, why)};
    if (reader->db == NULL) {
        return -1;
    }
    reader->page = sqlite_db_prepare(reader->db, sqlite_page_sql);
    if (reader->page == NULL || pthread_create(&reader->thread, NULL, serve, reader) != 0) {
        bytes_clear(why);
        bytes_add_cstr(why, path);
        bytes_add_cstr(why, ": cannot start a reader: ");
        bytes_add_cstr(why, reader->page == NULL ? sqlite3_errmsg(reader->db) : "no thread");
        (void)sqlite3_finalize(reader->page);
        (void)sqlite3_close(reader->db);
        return -1;
    }
    readers->count++;
    return 0;
}

int sqlite_readers_start(struct sqlite_readers *readers, const struct store_options *options,
                         struct bytes *why)
{
    unsigned wanted = options->readers != 0 ? options->readers : READERS_DEFAULT;

    *readers = (struct sqlite_readers){
        .options = options,
        .readers = xcalloc(wanted, sizeof *readers->readers),
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .work = PTHREAD_COND_INITIALIZER,
        .tail = &readers->head,
    };
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
    (void)pthread_mutex_lock(&readers->lock);
    readers->stopping = true;
    (void)pthread_cond_broadcast(&readers->work);
    (void)pthread_mutex_unlock(&readers->lock);
    for (unsigned i = 0; i < readers->count; i++) {
        struct sqlite_reader *reader = &readers->readers[i];
        (void)pthread_join(reader->thread, NULL);
        (void)sqlite3_finalize(reader->page);
        (void)sqlite3_close(reader->db);
    }
    assert(readers->head == NULL);
    free(readers->readers);
    (void)pthread_cond_destroy(&readers->work);
    (void)pthread_mutex_destroy(&readers->lock);
}

int sqlite_readers_start_call(struct sqlite_readers *readers, struct store_call *request)
{
    unsigned max = readers->options->read_queue_max;
    int result = STORE_EBUSY;

    (void)pthread_mutex_lock(&readers->lock);
    if (readers->waiting < (max != 0 ? max : WAITING_MAX_DEFAULT)) {
        *readers->tail = request;
        readers->tail = &request->next;
        readers->waiting++;
        (void)pthread_cond_signal(&readers->work);
        result = 0;
    }
    (void)pthread_mutex_unlock(&readers->lock);
    return result;
}
