// SPDX-License-Identifier: MIT
#include "src/store/sqlite_commits.h"

#include <stdio.h>
#include <stdlib.h>

#include "src/base/memory.h"

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

/* Stops at what is refused. */
static int write_all(struct sqlite_writer *writer, struct sqlite_work *work,
                     struct store_call *calls)
{
    int result = sqlite_writer_begin(writer);

    if (result == SQLITE_OK && work != NULL) {
        result = work->write(writer, work);
        if (work->error != 0) {
            return result;
        }
    }
    for (struct store_call *call = calls; call != NULL && result == SQLITE_OK; call = call->next) {
        result = write_fns[call->op](writer, call);
    }
    return result == SQLITE_OK ? sqlite_writer_commit(writer) : result;
}

enum { WHY_BYTES = 256 };

/* One transaction. Returns 0 or an enum store_error; of a failure *why tells. */
static int transact(struct sqlite_commits *c, struct sqlite_work *work, struct store_call *calls,
                    char why[WHY_BYTES])
{
    int result = write_all(c->writer, work, calls);
    int refusal = work != NULL ? work->error : 0;

    if (result == SQLITE_OK && refusal == 0) {
        return 0;
    }
    if (result != SQLITE_OK) {
        (void)snprintf(why, WHY_BYTES, "%s", sqlite3_errmsg(c->writer->conn.db));
    }
    sqlite_writer_roll_back(c->writer);
    return result == SQLITE_OK ? refusal : result == SQLITE_FULL ? STORE_EFULL : STORE_EIO;
}

static void tell_problem(const struct sqlite_commits *c, size_t messages, const char *why)
{
    char line[512];

    if (c->options->on_problem != NULL) {
        (void)snprintf(line, sizeof line, "%s: writing %zu messages: %s", c->options->path,
                       messages, why);
        c->options->on_problem(c->options->on_problem_arg, line, true);
    }
}

/* Returns 0 or an enum store_error, of the work. What is refused does not take the calls along. */
static int commit(struct sqlite_commits *c, struct sqlite_work *work)
{
    char why[WHY_BYTES] = "";
    int error = 0, calls_error = 0;

    (void)pthread_mutex_lock(c->lock);
    struct store_call *calls = store_queue_take_all(&c->queue, CALLS_PER_COMMIT);
    if (work != NULL || calls != NULL) {
        error = calls_error = transact(c, work, calls, why);
    }
    if (calls != NULL && work != NULL && work->error != 0) {
        calls_error = transact(c, NULL, calls, why);
    }
    (void)pthread_mutex_unlock(c->lock);
    if (why[0] != 0) {
        tell_problem(c, work != NULL ? work->messages : 0, why);
    }
    answer(calls, calls_error);
    return error;
}

static void *serve(void *arg)
{
    struct sqlite_commits *c = arg;

    while (store_queue_wait(&c->queue)) {
        (void)commit(c, NULL);
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

int sqlite_commits_run(struct sqlite_commits *commits, struct sqlite_work *work)
{
    work->error = 0;
    return commit(commits, work);
}

struct append {
    struct sqlite_work work;
    struct message *const *messages;
};

static int write_messages(struct sqlite_writer *writer, struct sqlite_work *work)
{
    struct append *append = container_of(work, struct append, work);
    int result = SQLITE_OK;

    for (size_t i = 0; i < work->messages && result == SQLITE_OK && work->error == 0; i++) {
        result = sqlite_writer_append(writer, append->messages[i]);
        if (result == SQLITE_OK && append->messages[i]->fate == MESSAGE_INVALID) {
            work->error = STORE_EINVALID;
        }
    }
    return result;
}

int sqlite_commits_append(struct sqlite_commits *commits, struct message *const *messages,
                          size_t count)
{
    struct append append = {.work = {.write = write_messages, .messages = count},
                            .messages = messages};

    if (count == 0) {
        return 0;
    }
    int error = sqlite_commits_run(commits, &append.work);
    if (error == 0) {
        sqlite_search_wake(commits->search);
    }
    return error;
}
