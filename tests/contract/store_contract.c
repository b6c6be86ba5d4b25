// SPDX-License-Identifier: MIT
/* What store.h promises of appends, pages and queues, asked of every store. */
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "tests/contract/store_fixture.h"

/* Appends one message; returns its offset, 0 when it failed. */
static uint64_t add(const char *id, const char *room)
{
    struct message m = message(id, room, "\"hello\"");
    return append(&m);
}

static struct message_page *page(const char *room, uint64_t before, unsigned limit)
{
    return store_place_page(&loop, store, span_cstr(room), before, limit, 0);
}

static void check_same(const struct message *got, const struct message *want)
{
    check(span_eq(got->id, want->id));
    check(span_eq(got->room, want->room));
    check(got->offset == want->offset);
    check(span_eq(got->user_id, want->user_id));
    check(span_eq(got->username, want->username));
    check(span_eq(got->content, want->content));
    check(span_eq(got->type, want->type));
    check(got->timestamp_ms == want->timestamp_ms);
}

static void gives_every_field_back_after_a_restart(void)
{
    struct message a = message("018bcfe5-6800-7000-8000-000000000001", "lobby", "\"hello\"");
    struct message b = message("not a uuid", "lobby", "\"hello\"");
    struct message c =
        message("018BCFE5-6800-7000-8000-000000000001", "lobby", "\"hello\""); /* upper case */
    struct message *batch[] = {&a, &b, &c};

    setup();
    b.user_id = SPAN("");
    b.username = SPAN("a\0b \xf0\x9f\x90\xa6");
    b.content = SPAN("{\"x\":[1,null]}");
    b.timestamp_ms = 0;
    check(store_append(store, batch, 3) == 0);
    restart();
    struct message_page *p = page("lobby", 0, 10);
    check(p != NULL && p->count == 3);
    if (p != NULL && p->count == 3) {
        check_same(&p->messages[2], &a);
        check_same(&p->messages[1], &b);
        check_same(&p->messages[0], &c);
    }
    free(p);
    teardown();
}

static void counts_offsets_from_one_in_each_room_and_on_after_a_restart(void)
{
    setup();
    check(add("a", "one") == 1);
    check(add("b", "one") == 2);
    check(add("c", "two") == 1);
    check(add("d", "") == 1);
    restart();
    check(add("e", "one") == 3);
    check(add("f", "two") == 2);
    teardown();
}

static void gives_the_first_offset_to_an_id_that_comes_again(void)
{
    struct message m[3] = {message("b", "one", "\"hello\""), message("c", "one", "\"hello\""),
                           message("b", "one", "\"hello\"")};
    struct message *batch[] = {&m[0], &m[1], &m[2]};

    setup();
    check(add("a", "one") == 1);
    check(add("a", "one") == 1);
    check(store_append(store, batch, 3) == 0);
    check(m[0].offset == 2 && m[1].offset == 3 && m[2].offset == 2);
    restart();
    check(add("c", "one") == 3);
    check(add("d", "one") == 4);
    struct message_page *p = page("one", 0, 10);
    check(p != NULL && p->count == 4);
    free(p);
    teardown();
}

static void stores_an_empty_batch(void)
{
    setup();
    check(store_append(store, NULL, 0) == 0);
    check(add("a", "one") == 1);
    teardown();
}

static void pages_backwards_from_the_newest_without_gap_or_repeat(void)
{
    char id[16];
    uint64_t before = 0, want = 25;

    setup();
    for (int i = 1; i <= 25; i++) {
        (void)snprintf(id, sizeof id, "m%d", i);
        check(add(id, "one") == (uint64_t)i);
        (void)snprintf(id, sizeof id, "other%d", i);
        check(add(id, "two") == (uint64_t)i);
    }
    for (;;) {
        struct message_page *p = page("one", before, 10);
        if (p == NULL || p->count == 0) {
            free(p);
            break;
        }
        for (size_t i = 0; i < p->count; i++) {
            (void)snprintf(id, sizeof id, "m%d", (int)want);
            check(p->messages[i].offset == want && span_eq(p->messages[i].id, span_cstr(id)));
            want--;
        }
        before = p->messages[p->count - 1].offset;
        free(p);
    }
    check(want == 0);
    teardown();
}

static void gives_an_empty_page_of_a_room_that_nobody_wrote_to(void)
{
    setup();
    struct message_page *p = page("nowhere", 0, 10);
    check(p != NULL && p->count == 0);
    free(p);
    teardown();
}

static void ends_a_page_that_holds_enough_bytes_but_never_before_its_first_message(void)
{
    setup();
    check(add("a", "one") == 1 && add("b", "one") == 2 && add("c", "one") == 3);
    struct message_page *p = store_place_page(&loop, store, SPAN("one"), 0, 10, 1);
    check(p != NULL && p->count == 1 && p->messages[0].offset == 3);
    free(p);
    p = store_place_page(&loop, store, SPAN("one"), 0, 10, 21);
    check(p != NULL && p->count == 2);
    free(p);
    teardown();
}

enum { READS = 2000 };

static struct many {
    struct store_history requests[READS];
    unsigned started, refused;
    atomic_uint done;
    bool on_loop;
} many;

static void one_of_many_done(struct store_call *call)
{
    struct store_history *request = container_of(call, struct store_history, call);

    many.on_loop &= executor_inside(&loop.executor);
    check(call->error == 0 && request->page != NULL && request->page->count == 1);
    free(request->page);
    atomic_fetch_add(&many.done, 1);
}

static void start_many(void *arg)
{
    for (unsigned i = 0; i < times(READS); i++) {
        many.requests[i] = (struct store_history){
            .room = SPAN("one"), .limit = 1, .call = {.on_done = one_of_many_done}};
        int result = store_history(store, &loop.executor, &many.requests[i]);
        many.started += result == 0;
        many.refused += result == STORE_EBUSY;
    }
    check(atomic_load(&many.done) == 0); /* later, even when the reader was fast */
}

static void run_many(unsigned queue_max)
{
    memset(&many, 0, sizeof many);
    many.on_loop = true;
    setup();
    store_close(store);
    struct store_options options = store_place_options(&place);
    options.readers = 1;
    options.read_queue_max = queue_max;
    store = store_place_open_with(ops, &options);
    check(store != NULL && add("a", "one") == 1);
    thread_executor_run(&loop, start_many, NULL);
    store_close(store);
    store = NULL;
    teardown();
    check(many.started + many.refused == times(READS));
    check(atomic_load(&many.done) == many.started);
    check(many.on_loop);
}

static void finishes_the_reads_that_were_started_before_it_closes(void)
{
    run_many(READS);
    check(many.refused == 0);
}

static void refuses_reads_when_too_many_wait_and_then_never_calls_back(void)
{
    run_many(2);
    check(many.refused > 0 && many.started >= 2);
}

/* ---- writes beside appends ---- */

enum { WRITES = 500, APPENDS = 200 };

static struct writes {
    struct store_room_put rooms[WRITES];
    struct store_read_mark marks[WRITES];
    char names[WRITES][8];
    unsigned started, refused;
    atomic_uint done, failed;
} writes;

static void write_done(struct store_call *call)
{
    atomic_fetch_add(&writes.failed, call->error != 0);
    atomic_fetch_add(&writes.done, 1);
}

static void start_write(struct store_call *call, enum store_op op)
{
    call->on_done = write_done;
    int result = store_start(store, &loop.executor, call, op);
    writes.started += result == 0;
    writes.refused += result == STORE_EBUSY;
}

static void start_writes(void *arg)
{
    for (unsigned i = 0; i < times(WRITES); i++) {
        (void)snprintf(writes.names[i], sizeof writes.names[i], "r%u", i);
        writes.rooms[i] = (struct store_room_put){.room = span_cstr(writes.names[i])};
        start_write(&writes.rooms[i].call, STORE_ROOM_PUT);
        writes.marks[i] =
            (struct store_read_mark){.room = SPAN("one"), .user_id = SPAN("u"), .offset = 1};
        start_write(&writes.marks[i].call, STORE_READ_MARK);
    }
}

static void writes_beside_appends_without_losing_either(void)
{
    char id[16];

    memset(&writes, 0, sizeof writes);
    setup();
    check(add("first", "one") == 1);
    thread_executor_run(&loop, start_writes, NULL);
    for (unsigned i = 0; i < times(APPENDS); i++) {
        (void)snprintf(id, sizeof id, "m%u", i);
        check(add(id, "one") == (uint64_t)i + 2);
    }
    restart(); /* finishes what was started */
    struct store_rooms r = {.which = STORE_ROOMS_MADE, .limit = STORE_PAGE_MAX};
    check(store_place_call(&loop, store, &r.call, STORE_ROOMS) == 0 &&
          r.page->count == times(WRITES));
    free(r.page);
    struct message_page *p = page("one", 0, STORE_PAGE_MAX);
    check(p != NULL && p->count == times(APPENDS) + 1);
    free(p);
    teardown();
    check(writes.refused == 0 && atomic_load(&writes.done) == 2 * times(WRITES));
    check(atomic_load(&writes.failed) == 0);
}

static void fails_no_write_beside_an_append_that_it_cannot_keep(void)
{
    struct message never = message("never", "one", "1");

    memset(&writes, 0, sizeof writes);
    never.placed = UINT64_MAX;
    setup();
    check(add("first", "one") == 1);
    thread_executor_run(&loop, start_writes, NULL);
    while (atomic_load(&writes.done) < writes.started) {
        check(put(&never, 1) == STORE_EINVALID);
    }
    teardown();
    check(writes.refused == 0 && atomic_load(&writes.failed) == 0);
}

static void refuses_writes_when_too_many_wait_and_then_never_calls_back(void)
{
    memset(&writes, 0, sizeof writes);
    setup();
    store_close(store);
    struct store_options options = store_place_options(&place);
    options.write_queue_max = 2;
    store = store_place_open_with(ops, &options);
    check(store != NULL && add("first", "one") == 1);
    thread_executor_run(&loop, start_writes, NULL);
    store_close(store);
    store = NULL;
    teardown();
    check(writes.refused > 0 && writes.started + writes.refused == 2 * times(WRITES));
    check(atomic_load(&writes.done) == writes.started);
}

static void suite(void)
{
    RUN(gives_every_field_back_after_a_restart);
    RUN(counts_offsets_from_one_in_each_room_and_on_after_a_restart);
    RUN(gives_the_first_offset_to_an_id_that_comes_again);
    RUN(stores_an_empty_batch);
    RUN(pages_backwards_from_the_newest_without_gap_or_repeat);
    RUN(gives_an_empty_page_of_a_room_that_nobody_wrote_to);
    RUN(ends_a_page_that_holds_enough_bytes_but_never_before_its_first_message);
    RUN(finishes_the_reads_that_were_started_before_it_closes);
    RUN(refuses_reads_when_too_many_wait_and_then_never_calls_back);
    RUN(writes_beside_appends_without_losing_either);
    RUN(fails_no_write_beside_an_append_that_it_cannot_keep);
    RUN(refuses_writes_when_too_many_wait_and_then_never_calls_back);
}

int main(void)
{
    return ask_each_store(ALONE, suite);
}
