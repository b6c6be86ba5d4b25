// SPDX-License-Identifier: MIT
#include "src/store/store_watch.h"

#include "src/base/memory.h"
#include "tests/support/fake_executor.h"
#include "tests/support/tap.h"

/* An inner store that keeps what it is asked until it is told to answer. */
struct inner {
    struct store store;
    struct store_call *asked;
    bool busy;
    unsigned appends, closes;
};

static int inner_start(struct store *store, struct store_call *call)
{
    struct inner *inner = container_of(store, struct inner, store);

    inner->asked = call;
    return inner->busy ? STORE_EBUSY : 0;
}

static int inner_append(struct store *store, struct message *const *messages, size_t count)
{
    container_of(store, struct inner, store)->appends += (unsigned)count;
    return STORE_EFULL;
}

static void inner_close(struct store *store)
{
    container_of(store, struct inner, store)->closes++;
}

static const struct store_ops inner_ops = {
    .name = "inner", .append = inner_append, .start = inner_start, .close = inner_close};

static struct inner inner;
static struct store_watch watch;
static struct fake_executor executors[2];
static struct store_call *done;

static void on_done(struct store_call *call)
{
    check(call->on_done == on_done);
    done = call;
}

static void setup(void)
{
    inner = (struct inner){.store.ops = &inner_ops};
    done = NULL;
    fake_executor_init(&executors[0], 0);
    fake_executor_init(&executors[1], 1);
    store_watch_init(&watch, &inner.store, 2);
}

static void teardown(void)
{
    store_watch_finish(&watch);
    fake_executor_finish(&executors[0]);
    fake_executor_finish(&executors[1]);
}

static uint64_t count(enum store_watch_kind kind)
{
    struct histogram_copy copy = {0};
    uint64_t sum = 0;

    store_watch_read(&watch, kind, &copy);
    for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++) {
        sum += copy.counts[i];
    }
    return sum;
}

static void a_call_is_counted_by_its_kind_when_it_is_done(void)
{
    struct store_history history = {.call.on_done = on_done, .room = SPAN("r"), .limit = 1};
    struct store_search search = {.call.on_done = on_done, .limit = 1};
    struct store_room_put put = {.call.on_done = on_done, .room = SPAN("r")};

    setup();
    check(store_history(&watch.store, &executors[0].executor, &history) == 0);
    check(inner.asked == &history.call && done == NULL && count(STORE_WATCH_READ) == 0);
    history.call.error = STORE_EIO;
    history.call.on_done(&history.call);
    check(done == &history.call && done->error == STORE_EIO && count(STORE_WATCH_READ) == 1);
    check(store_search(&watch.store, &executors[1].executor, &search) == 0);
    search.call.on_done(&search.call);
    check(store_room_put(&watch.store, &executors[1].executor, &put) == 0);
    put.call.on_done(&put.call);
    check(done == &put.call);
    check(count(STORE_WATCH_READ) == 1 && count(STORE_WATCH_SEARCH) == 1);
    check(count(STORE_WATCH_WRITE) == 1);
    teardown();
}

static void a_call_may_be_repeated_from_any_loop(void)
{
    struct store_history history = {.call.on_done = on_done, .room = SPAN("r"), .limit = 1};

    setup();
    for (unsigned i = 0; i < 4; i++) {
        check(store_history(&watch.store, &executors[i % 2].executor, &history) == 0);
        history.call.on_done(&history.call);
    }
    check(count(STORE_WATCH_READ) == 4);
    teardown();
}

static void a_busy_store_leaves_the_call_as_it_was(void)
{
    struct store_history history = {.call.on_done = on_done, .room = SPAN("r"), .limit = 1};

    setup();
    inner.busy = true;
    check(store_history(&watch.store, &executors[0].executor, &history) == STORE_EBUSY);
    check(history.call.on_done == on_done && count(STORE_WATCH_READ) == 0);
    teardown();
}

static void appending_and_closing_are_those_of_the_store(void)
{
    setup();
    check(store_append(&watch.store, NULL, 3) == STORE_EFULL && inner.appends == 3);
    store_close(&watch.store);
    check(inner.closes == 1);
    teardown();
}

int main(void)
{
    RUN(a_call_is_counted_by_its_kind_when_it_is_done);
    RUN(a_call_may_be_repeated_from_any_loop);
    RUN(a_busy_store_leaves_the_call_as_it_was);
    RUN(appending_and_closing_are_those_of_the_store);
    return tap_done();
}
