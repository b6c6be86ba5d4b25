// SPDX-License-Identifier: MIT
#include "src/store/store_watch.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "src/base/memory.h"

const char *store_watch_name(enum store_watch_kind kind)
{
    static const char *const names[] = {"read", "search", "write"};

    return names[kind];
}

static uint64_t clock_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static enum store_watch_kind kind_of(enum store_op op)
{
    return op == STORE_SEARCH   ? STORE_WATCH_SEARCH
           : op >= STORE_WRITES ? STORE_WATCH_WRITE
                                : STORE_WATCH_READ;
}

/* From here on the call is the caller's again, who may free or repeat it. */
static void on_watched(struct store_call *call)
{
    struct store_watch *watch = call->watch;
    struct store_watch_times *times = &watch->times[call->executor->index];

    histogram_add(&times->of[kind_of(call->op)], clock_us() - call->began_us);
    call->on_done = call->on_watched;
    call->on_done(call);
}

static struct store_watch *watch_of(struct store *store)
{
    return container_of(store, struct store_watch, store);
}

static int start(struct store *store, struct store_call *call)
{
    struct store_watch *watch = watch_of(store);

    assert(call->executor->index < watch->executors);
    call->watch = watch;
    call->began_us = clock_us();
    call->on_watched = call->on_done;
    call->on_done = on_watched;
    int rc = watch->inner->ops->start(watch->inner, call);
    if (rc < 0) {
        call->on_done = call->on_watched;
    }
    return rc;
}

static int append(struct store *store, struct message *const *messages, size_t count)
{
    return store_append(watch_of(store)->inner, messages, count);
}

static int adopt(struct store *store, struct store_log *log, const uint64_t *ends)
{
    return store_adopt(watch_of(store)->inner, log, ends);
}

static int mark(struct store *store, struct span log, unsigned partition, uint64_t position)
{
    return store_mark(watch_of(store)->inner, log, partition, position);
}

static void close_inner(struct store *store)
{
    store_close(watch_of(store)->inner);
}

/* Not found by name: there is nothing to open. */
static const struct store_ops ops = {
    .name = "watch",
    .append = append,
    .adopt = adopt,
    .mark = mark,
    .start = start,
    .close = close_inner,
};

void store_watch_init(struct store_watch *watch, struct store *inner, unsigned executors)
{
    *watch = (struct store_watch){.store.ops = &ops, .inner = inner, .executors = executors};
    watch->times = xcalloc(executors, sizeof *watch->times);
}

void store_watch_finish(struct store_watch *watch)
{
    free(watch->times);
    *watch = (struct store_watch){.inner = NULL};
}

void store_watch_read(const struct store_watch *watch, enum store_watch_kind kind,
                      struct histogram_copy *copy)
{
    for (unsigned i = 0; i < watch->executors; i++) {
        histogram_read(&watch->times[i].of[kind], copy);
    }
}
