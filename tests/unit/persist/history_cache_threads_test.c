// SPDX-License-Identifier: MIT
/* A cache that several threads ask. */
#include "src/persist/history_cache.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/store/store_queue.h"
#include "tests/support/tap.h"
#include "tests/support/thread_executor.h"

enum { READS = 2000 };

static struct store below;
static struct history_cache cache;
static struct thread_executor crowd[2];
static atomic_uint_fast64_t stored; /* what the store below has */
static sem_t crowd_done;

static int live_start(struct store *store, struct store_call *call)
{
    struct store_history *history = container_of(call, struct store_history, call);
    struct message_page *page = xcalloc(1, sizeof *page + sizeof page->messages[0]);

    page->count = 1;
    page->messages[0] = (struct message){.room = history->room, .offset = atomic_load(&stored)};
    history->page = page;
    store_queue_answer(call);
    return 0;
}

static int live_append(struct store *store, struct message *const *messages, size_t count)
{
    (void)atomic_fetch_add(&stored, 1);
    return 0;
}

static void live_close(struct store *store)
{
}

static const struct store_ops live_ops = {
    .name = "live", .append = live_append, .start = live_start, .close = live_close};

/* What was told before the read began has to be in it. */
struct reader {
    struct store_history history;
    struct thread_executor *loop;
    unsigned left;
    uint64_t told;
};

static atomic_uint_fast64_t told;

static void read_on(void *arg)
{
    struct reader *r = arg;

    r->told = atomic_load(&told);
    check(store_history(&cache.store, &r->loop->executor, &r->history) == 0);
}

static void on_crowd_read(struct store_call *call)
{
    struct reader *r = container_of(call, struct reader, history.call);

    check(call->error == 0 && r->history.page->messages[0].offset >= r->told);
    free(r->history.page);
    if (--r->left > 0) {
        read_on(r);
    } else {
        (void)sem_post(&crowd_done);
    }
}

static void what_was_told_is_in_what_is_read_on_all_threads(void)
{
    struct reader readers[2];
    struct message m = {.room = SPAN("1")}, *messages[] = {&m};
    struct history_cache_figures figures;

    below.ops = &live_ops;
    (void)sem_init(&crowd_done, 0, 0);
    history_cache_init(&cache, &(struct history_cache_options){.inner = &below});
    check(store_append(&cache.store, messages, 1) == 0);
    for (unsigned i = 0; i < 2; i++) {
        thread_executor_start(&crowd[i], i);
        readers[i] = (struct reader){
            .history = {.call.on_done = on_crowd_read, .room = SPAN("1"), .limit = 50},
            .loop = &crowd[i],
            .left = READS};
        thread_executor_run(&crowd[i], read_on, &readers[i]);
    }
    for (unsigned i = 0; i < READS / 4; i++) {
        check(store_append(&cache.store, messages, 1) == 0);
        (void)atomic_fetch_add(&told, 1);
        (void)sched_yield();
    }
    for (unsigned i = 0; i < 2; i++) {
        while (sem_wait(&crowd_done) != 0) {
        }
    }
    history_cache_figures(&cache, &figures);
    check(figures.hits + figures.misses == 2 * (uint64_t)READS && figures.hits > 0);
    store_close(&cache.store);
    for (unsigned i = 0; i < 2; i++) {
        thread_executor_stop(&crowd[i]);
    }
    (void)sem_destroy(&crowd_done);
}

int main(void)
{
    RUN(what_was_told_is_in_what_is_read_on_all_threads);
    return tap_done();
}
