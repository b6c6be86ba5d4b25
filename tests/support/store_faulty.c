// SPDX-License-Identifier: MIT
#include "tests/support/store_faulty.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "src/base/memory.h"

struct faulty {
    struct store store;
    struct store *inner;
    struct store_faults faults;
    atomic_uint calls, writes; /* writes: append, adopt and mark */
    atomic_bool away;

    pthread_mutex_t lock; /* for what follows */
    pthread_cond_t changed;
    bool hold;
    unsigned held;
};

static struct faulty *faulty_of(struct store *store)
{
    return container_of(store, struct faulty, store);
}

static bool hit(unsigned every, unsigned n)
{
    return every != 0 && n % every == every - 1;
}

/* ---- calls ---- */

/* A call on its way. The inner store answers it on this executor, which passes that on. It knows
 * all that it needs then, since the faulty store may be closed already. */
struct passed {
    struct executor executor;
    struct executor *outer;
    struct store_call *call;
    struct task *answer; /* of the inner store; NULL: it was never asked */
    struct task task;
    unsigned turns;
    bool fail;
};

#define RESULT_OF(name, member) offsetof(struct name, member) - offsetof(struct name, call)

/* Where a call has what its callback takes over. */
static const size_t result_at[STORE_OPS] = {
    [STORE_HISTORY] = RESULT_OF(store_history, page),
    [STORE_CHANGES] = RESULT_OF(store_changes, page),
    [STORE_FIND] = RESULT_OF(store_find, page),
    [STORE_SEARCH] = RESULT_OF(store_search, page),
    [STORE_ROOMS] = RESULT_OF(store_rooms, page),
    [STORE_ROOM_GET] = RESULT_OF(store_room_get, page),
    [STORE_READS] = RESULT_OF(store_reads, page),
    [STORE_USER_GET] = RESULT_OF(store_user_get, user),
    [STORE_DIRECTS] = RESULT_OF(store_directs, page),
    [STORE_DIRECT_STATE] = RESULT_OF(store_direct_state, page),
};

static void fail(struct store_call *call, bool answered)
{
    void *result = NULL;
    char *at = (char *)call + result_at[call->op];

    call->error = STORE_EIO;
    if (result_at[call->op] == 0) {
        return;
    }
    if (answered) {
        memcpy(&result, at, sizeof result);
        free(result);
        result = NULL;
    }
    memcpy(at, &result, sizeof result);
}

static void turn(struct task *task)
{
    struct passed *passed = container_of(task, struct passed, task);
    struct store_call *call = passed->call;

    if (passed->turns > 0) {
        passed->turns--;
        executor_post(passed->outer, &passed->task);
        return;
    }
    if (passed->fail) {
        fail(call, passed->answer != NULL);
    }
    call->executor = passed->outer;
    free(passed);
    call->on_done(call);
}

static void post(struct executor *ex, struct task *task)
{
    struct passed *passed = container_of(ex, struct passed, executor);

    passed->answer = task;
    executor_post(passed->outer, &passed->task);
}

static bool inside(const struct executor *ex)
{
    return executor_inside(container_of(ex, struct passed, executor)->outer);
}

static const struct executor_ops executor_ops = {.post = post, .inside = inside};

static int start(struct store *store, struct store_call *call)
{
    struct faulty *faulty = faulty_of(store);
    const struct store_faults *faults = &faulty->faults;
    unsigned n = atomic_fetch_add(&faulty->calls, 1);
    bool away = atomic_load(&faulty->away) || hit(faults->fail_before, n);

    if (hit(faults->refuse, n)) {
        return STORE_EBUSY;
    }
    struct passed *passed = xcalloc(1, sizeof *passed);
    *passed = (struct passed){
        .executor = {.ops = &executor_ops, .index = call->executor->index},
        .outer = call->executor,
        .call = call,
        .task.run = turn,
        .turns = faults->delay_turns,
        .fail = away || hit(faults->fail_after, n),
    };
    if (away) {
        executor_post(passed->outer, &passed->task);
        return 0;
    }
    call->executor = &passed->executor;
    int result = faulty->inner->ops->start(faulty->inner, call);
    if (result != 0) {
        call->executor = passed->outer;
        free(passed);
    }
    return result;
}

/* ---- what is waited for ---- */

static void wait_while_held(struct faulty *faulty)
{
    (void)pthread_mutex_lock(&faulty->lock);
    if (faulty->hold) {
        faulty->held++;
        (void)pthread_cond_broadcast(&faulty->changed);
        while (faulty->hold) {
            (void)pthread_cond_wait(&faulty->changed, &faulty->lock);
        }
        faulty->held--;
    }
    (void)pthread_mutex_unlock(&faulty->lock);
}

/* Before a write. Returns whether it is to be passed on; then *after is what it gives if it is done
 * without an error. */
static bool admit(struct faulty *faulty, int *after)
{
    unsigned n = atomic_fetch_add(&faulty->writes, 1);

    wait_while_held(faulty);
    *after = hit(faulty->faults.fail_after, n) ? STORE_EIO : 0;
    return !atomic_load(&faulty->away) && !hit(faulty->faults.fail_before, n);
}

static int append(struct store *store, struct message *const *messages, size_t count)
{
    struct faulty *faulty = faulty_of(store);
    int after;

    if (!admit(faulty, &after)) {
        return STORE_EIO;
    }
    int error = store_append(faulty->inner, messages, count);
    return error != 0 ? error : after;
}

static int adopt(struct store *store, struct store_log *log, const uint64_t *ends)
{
    struct faulty *faulty = faulty_of(store);
    int after;

    if (!admit(faulty, &after)) {
        return STORE_EIO;
    }
    int error = store_adopt(faulty->inner, log, ends);
    return error != 0 ? error : after;
}

static int mark(struct store *store, struct span log, unsigned partition, uint64_t position)
{
    struct faulty *faulty = faulty_of(store);
    int after;

    if (!admit(faulty, &after)) {
        return STORE_EIO;
    }
    int error = store_mark(faulty->inner, log, partition, position);
    return error != 0 ? error : after;
}

/* ---- the store ---- */

static void close_faulty(struct store *store)
{
    struct faulty *faulty = faulty_of(store);

    store_close(faulty->inner);
    (void)pthread_cond_destroy(&faulty->changed);
    (void)pthread_mutex_destroy(&faulty->lock);
    free(faulty);
}

static const struct store_ops ops = {
    .name = "faulty",
    .open = NULL, /* store_faulty_create */
    .append = append,
    .adopt = adopt,
    .mark = mark,
    .start = start,
    .close = close_faulty,
};

struct store *store_faulty_create(struct store *inner, const struct store_faults *faults)
{
    struct faulty *faulty = xcalloc(1, sizeof *faulty);

    faulty->store.ops = &ops;
    faulty->inner = inner;
    faulty->faults = *faults;
    (void)pthread_mutex_init(&faulty->lock, NULL);
    (void)pthread_cond_init(&faulty->changed, NULL);
    return &faulty->store;
}

void store_faulty_away(struct store *store, bool away)
{
    atomic_store(&faulty_of(store)->away, away);
}

void store_faulty_hold(struct store *store, bool hold)
{
    struct faulty *faulty = faulty_of(store);

    (void)pthread_mutex_lock(&faulty->lock);
    faulty->hold = hold;
    (void)pthread_cond_broadcast(&faulty->changed);
    (void)pthread_mutex_unlock(&faulty->lock);
}

void store_faulty_await_held(struct store *store)
{
    struct faulty *faulty = faulty_of(store);

    (void)pthread_mutex_lock(&faulty->lock);
    while (faulty->held == 0) {
        (void)pthread_cond_wait(&faulty->changed, &faulty->lock);
    }
    (void)pthread_mutex_unlock(&faulty->lock);
}
