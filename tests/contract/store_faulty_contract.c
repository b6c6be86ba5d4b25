// SPDX-License-Identifier: MIT
/* What the faulty store (tests/support/store_faulty.h) does to those who use it. */
#include <pthread.h>

#include "src/base/memory.h"

#include "tests/contract/store_fixture.h"

static void begin(struct store_faults faults)
{
    setup();
    store = store_faulty_create(store, &faults);
}

static int add(const char *id)
{
    struct message m = message(id, "one", "1");
    int error = put(&m, 1);
    return error != 0 ? error : (int)m.offset;
}

static int find(const char *id)
{
    struct store_find r = {.id = span_cstr(id)};
    int error = CALL(&r, STORE_FIND);
    int count = r.page == NULL ? -1 : (int)r.page->count;

    free(r.page);
    check((error == 0) == (count >= 0));
    return error != 0 ? error : count;
}

static void fails_before_and_after_something_was_done(void)
{
    begin((struct store_faults){.fail_before = 2, .fail_after = 3});
    check(add("a") == 1);
    check(add("b") == STORE_EIO);
    check(add("c") == STORE_EIO);
    check(find("a") == 1);
    check(find("a") == STORE_EIO && find("a") == STORE_EIO && find("a") == STORE_EIO);
    check(find("b") == 0);
    check(find("b") == STORE_EIO);
    check(find("c") == 1);
    teardown();
}

static void refuses_calls(void)
{
    begin((struct store_faults){.refuse = 2});
    check(add("a") == 1);
    check(find("a") == 1);
    check(find("a") == STORE_EBUSY);
    check(find("a") == 1);
    teardown();
}

enum { DELAY = 5 };

/* A call, and a task that counts the loop's turns beside it. */
static struct late {
    struct store_find find;
    struct task task;
    unsigned turns, turns_before;
    bool done;
} late;

static void late_done(struct store_call *call)
{
    late.turns_before = late.turns;
    late.done = true;
}

static void count_turn(struct task *task)
{
    late.turns++;
    if (!late.done) {
        executor_post(&loop.executor, task);
    }
}

static void start_late(void *arg)
{
    late.find = (struct store_find){.id = SPAN("a"), .call.on_done = late_done};
    check(store_find(store, &loop.executor, &late.find) == 0);
    late.task.run = count_turn;
    executor_post(&loop.executor, &late.task);
}

static void answers_late(void)
{
    begin((struct store_faults){.delay_turns = DELAY});
    store_faulty_away(store, true); /* so that it is only the delay that counts */
    thread_executor_run(&loop, start_late, NULL);
    teardown();
    check(late.done && late.turns_before == DELAY);
}

static void fails_while_it_is_away(void)
{
    struct store_log log = {.name = SPAN("chat"), .partitions = 1};

    begin((struct store_faults){0});
    store_faulty_away(store, true);
    check(add("a") == STORE_EIO && find("a") == STORE_EIO);
    check(store_adopt(store, &log, (const uint64_t[]){0}) == STORE_EIO);
    check(put_mark("chat", 0, 1) == STORE_EIO);
    store_faulty_away(store, false);
    check(put_mark("chat", 0, 1) == STORE_EMISSING);
    check(find("a") == 0 && add("a") == 1 && find("a") == 1);
    teardown();
}

static void *add_held(void *arg)
{
    *(int *)arg = add("a");
    return NULL;
}

static void holds_up_who_appends_and_then_is_what_it_is_by_then(void)
{
    pthread_t thread;
    int got = 0;

    begin((struct store_faults){0});
    store_faulty_hold(store, true);
    check(pthread_create(&thread, NULL, add_held, &got) == 0);
    store_faulty_await_held(store);
    check(find("a") == 0);
    store_faulty_away(store, true);
    store_faulty_hold(store, false);
    (void)pthread_join(thread, NULL);
    store_faulty_away(store, false);
    check(got == STORE_EIO && find("a") == 0);
    check(add("a") == 1);
    teardown();
}

static void suite(void)
{
    RUN(fails_before_and_after_something_was_done);
    RUN(refuses_calls);
    RUN(answers_late);
    RUN(fails_while_it_is_away);
    RUN(holds_up_who_appends_and_then_is_what_it_is_by_then);
}

int main(void)
{
    kind = &store_place_sqlite;
    ops = &store_sqlite;
    suite();
    return tap_done();
}
