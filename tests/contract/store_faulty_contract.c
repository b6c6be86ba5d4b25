// SPDX-License-Identifier: MIT
/* What the faulty store (tests/support/store_faulty.h) does to those who use it. */
#include <pthread.h>

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

static void refuses_and_answers_late(void)
{
    begin((struct store_faults){.refuse = 2, .delay_turns = 5});
    check(add("a") == 1);
    check(find("a") == 1);
    check(find("a") == STORE_EBUSY);
    check(find("a") == 1);
    teardown();
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

static void holds_up_who_appends_until_it_is_let_go(void)
{
    pthread_t thread;
    int got = 0;

    begin((struct store_faults){0});
    store_faulty_hold(store, true);
    check(pthread_create(&thread, NULL, add_held, &got) == 0);
    store_faulty_await_held(store);
    check(find("a") == 0);
    store_faulty_hold(store, false);
    (void)pthread_join(thread, NULL);
    check(got == 1 && find("a") == 1);
    teardown();
}

static void suite(void)
{
    RUN(fails_before_and_after_something_was_done);
    RUN(refuses_and_answers_late);
    RUN(fails_while_it_is_away);
    RUN(holds_up_who_appends_until_it_is_let_go);
}

int main(void)
{
    kind = &store_place_sqlite;
    ops = &store_sqlite;
    suite();
    return tap_done();
}
