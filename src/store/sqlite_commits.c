// SPDX-License-Identifier: MIT
#include "src/store/sqlite_commits.h"

#include <stdio.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/store/sqlite_calls.h"

enum { CALLS_PER_COMMIT = 256 };

static sqlite_write_fn const write_fns[STORE_OPS] = {
    [STORE_ROOM_PUT] = sqlite_write_room_put,
    [STORE_MEMBER_PUT] = sqlite_write_member_put,
    [STORE_READ_MARK] = sqlite_write_read_mark,
    [STORE_USER_ADD] = sqlite_write_user_add,
    [STORE_USER_PASSWORD] = sqlite_write_user_password,
    [STORE_DIRECT_STATE] = sqlite_write_direct_state,
};

/* What a write that is not stored after all had to tell. */
static void discard(struct store_call *call)
{
    if (call->op == STORE_DIRECT_STATE) {
        struct store_direct_state *r = container_of(call, struct store_direct_state, call);
        free(r->page);
        r->page = NULL;
    }
}

static void answer(struct store_call *calls, int error)
{
    while (calls != NULL) {
        struct store_call *next = calls->next;
        if (error != 0) {
            calls->error = error;
            discard(calls);
        }
        store_queue_answer(calls);
        calls = next;
    }
}

static int write_all(struct sqlite_writer *writer, struct message *const *messages, size_t count,
                     struct store_call *calls)
{
    int result = sqlite_writer_begin(writer);

    for (size_t i = 0; i < count && result == SQLITE_OK; i++) {
        result = sqlite_writer_append(writer, messages[i]);
    }
    for (struct store_call *call = calls; call != NULL && result == SQLITE_OK; call = call->next) {
        result = write_fns[call->op](writer, call);
    }
    return result == SQLITE_OK ? sqlite_writer_commit(writer) : result;
}

/* Returns 0 or an enum store_error. */
static int commit(struct sqlite_commits *c, struct message *const *messages, size_t count)
{
    char why[256] = "", line[512];
    int error = 0;

    (void)pthread_mutex_lock(c->lock);
    struct store_call *calls = store_queue_take_all(&c->queue, CALLS_PER_COMMIT);
    if (count > 0 || calls != NULL) {
        int result = write_all(c->writer, messages, count, calls);
        if (result != SQLITE_OK) {
            (void)snprintf(why, sizeof why, "%s", sqlite3_errmsg(c->writer->conn.db));
            sqlite_writer_roll_back(c->writer);
            error = result == SQLITE_FULL ? STORE_EFULL : STORE_EIO;
        }
    }
    (void)pthread_mutex_unlock(c->lock);
    if (error != 0 && c->options->on_problem != NULL) {
        (void)snprintf(line, sizeof line, "%s: writing %zu messages: %s", c->options->path, count,
                       why);
        c->options->on_problem(c->options->on_problem_arg, line, true);
    }
    answer(calls, error);
    return error;
}

static void *serve(void *arg)
{
    struct sqlite_commits *c = arg;

    while (store_queue_wait(&c->queue)) {
        (void)commit(c, NULL, 0);
    }
    return NULL;
}

int sqlite_commits_start(struct sqlite_commits *commits)
{
    store_queue_init(&commits->queue, commits->options->write_queue_max);
    if (pthread_create(&commits->thread, NULL, serve, commits) != 0) {
        store_queue_finish(&commits->queue);
        return -1;
    }
    return 0;
}

void sqlite_commits_stop(struct sqlite_commits *commits)
{
    store_queue_stop(&commits->queue);
    (void)pthread_join(commits->thread, NULL);
    store_queue_finish(&commits->queue);
}

int sqlite_commits_append(struct sqlite_commits *commits, struct message *const *messages,
                          size_t count)
{
    int error = commit(commits, messages, count);

    if (error == 0 && count > 0) {
        sqlite_search_wake(commits->search);
    }
    return error;
}
