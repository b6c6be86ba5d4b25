// SPDX-License-Identifier: MIT
/* Who is answered from where, with a store whose pages say how often it was asked. */
#include "src/persist/history_cache.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/persist/history_page.h"
#include "src/store/store_queue.h"
#include "tests/support/fake_executor.h"
#include "tests/support/following_fake.h"
#include "tests/support/keyspace_fake.h"
#include "tests/support/tap.h"
#include "tests/support/thread_executor.h"

/* Answers with one message, whose offset says the how manieth read it was. */
static struct {
    struct store store;
    struct store_call *held; /* the latest, while is_slow */
    unsigned reads, others, appends, closes;
    int error;
    bool is_slow, is_empty, is_direct;
    size_t content_bytes;
} inner;

static struct following_fake journal;
static struct keyspace_fake keyspace;
static struct history_cache cache, other_node;
static struct fake_executor loops[2];
static unsigned done_count;
static uint64_t got; /* which read the last answer is of; 0: it has failed, or holds nothing */
static int got_error;

static const uint8_t content[10000];

static struct message_page *make_page(struct span room)
{
    struct message m = {.id = SPAN("id"), .room = room, .offset = inner.reads};

    m.content = span_of(content, inner.content_bytes);
    m.recipient = inner.is_direct ? SPAN("somebody") : SPAN("");
    struct message_page *page = xcalloc(1, sizeof *page + sizeof m + message_bytes(&m));
    page->count = inner.is_empty ? 0 : 1;
    message_keep(&m, &page->messages[1]);
    page->messages[0] = m;
    return page;
}

static int inner_start(struct store *store, struct store_call *call)
{
    struct store_history *history = container_of(call, struct store_history, call);

    if (call->op != STORE_HISTORY) {
        inner.others++;
        return STORE_EBUSY;
    }
    inner.reads++;
    if (inner.error == STORE_EBUSY) {
        return STORE_EBUSY;
    }
    call->error = inner.error;
    history->page = inner.error == 0 ? make_page(history->room) : NULL;
    history->more = true;
    if (inner.is_slow) {
        inner.held = call;
    } else {
        store_queue_answer(call);
    }
    return 0;
}

static int inner_append(struct store *store, struct message *const *messages, size_t count)
{
    inner.appends += (unsigned)count;
    return 0;
}

static void inner_close(struct store *store)
{
    inner.closes++;
}

static const struct store_ops inner_ops = {
    .name = "inner", .append = inner_append, .start = inner_start, .close = inner_close};

static void turn(void)
{
    bool some = true;

    while (some) {
        some = false;
        for (unsigned i = 0; i < 2; i++) {
            some |= fake_executor_has_tasks(&loops[i]);
            fake_executor_turn(&loops[i], loops[i].executor.now_ms);
        }
    }
}

static void on_done(struct store_call *call)
{
    struct store_history *history = container_of(call, struct store_history, call);

    check(executor_inside(call->executor));
    done_count++;
    got_error = call->error;
    got = 0;
    if (call->error == 0 && history->page->count > 0) {
        check(history->more && span_eq(history->page->messages[0].room, history->room));
        got = history->page->messages[0].offset;
    }
    free(history->page);
    history->page = NULL;
}

static void setup_with(struct history_cache_options options)
{
    memset(&inner, 0, sizeof inner);
    inner.store.ops = &inner_ops;
    done_count = 0;
    following_fake_init(&journal);
    following_fake_tell(&journal, 1, 10);
    fake_executor_init(&loops[0], 0);
    fake_executor_init(&loops[1], 1);
    keyspace_fake_init(&keyspace, &loops[0].executor);
    (void)fake_executor_enter(&loops[1]);
    options.inner = &inner.store;
    options.scope = SPAN("test");
    history_cache_init(&cache, &options);
    history_cache_init(&other_node, &options);
}

static void setup(void)
{
    setup_with((struct history_cache_options){.journal = &journal.journal});
}

static void setup_shared(void)
{
    setup_with((struct history_cache_options){.journal = &journal.journal,
                                              .keyspace = &keyspace.keyspace,
                                              .keyspace_executor = &loops[0].executor});
}

static void teardown(void)
{
    store_close(&cache.store);
    store_close(&other_node.store);
    turn();
    check(inner.closes == 2);
    keyspace_fake_finish(&keyspace);
    (void)fake_executor_enter(NULL);
    fake_executor_finish(&loops[0]);
    fake_executor_finish(&loops[1]);
}

static struct store_history newest_of(struct span room)
{
    return (struct store_history){.call.on_done = on_done, .room = room, .limit = 50};
}

/* Which read the answer is of. */
static uint64_t ask(struct history_cache *node, struct store_history history)
{
    unsigned before = done_count;

    got = 0;
    got_error = store_history(&node->store, &loops[1].executor, &history);
    check(done_count == before); /* never inside the start */
    turn();
    check(done_count == before + (got_error != STORE_EBUSY));
    return got;
}

static uint64_t ask_room(struct history_cache *node, struct span room)
{
    return ask(node, newest_of(room));
}

/* A record of the room, told on all nodes. */
static void say(struct span room, uint64_t place)
{
    history_cache_saw(&cache, room, place);
    history_cache_saw(&other_node, room, place);
    following_fake_tell(&journal, 1, place);
}

static struct history_cache_figures figures(void)
{
    struct history_cache_figures figures;

    history_cache_figures(&cache, &figures);
    return figures;
}

/* ---- memory ---- */

static void a_room_where_nothing_happens_is_read_once(void)
{
    setup();
    check(ask_room(&cache, SPAN("1")) == 1 && ask_room(&cache, SPAN("1")) == 1);
    check(inner.reads == 1 && figures().hits == 1 && figures().misses == 1);
    check(ask_room(&cache, SPAN("5")) == 2); /* of the same partition */
    teardown();
}

static void what_happens_in_a_room_makes_its_page_stale_and_no_others(void)
{
    setup();
    check(ask_room(&cache, SPAN("1")) == 1 && ask_room(&cache, SPAN("5")) == 2);
    say(SPAN("1"), 11);
    check(ask_room(&cache, SPAN("1")) == 3 && ask_room(&cache, SPAN("1")) == 3);
    check(ask_room(&cache, SPAN("5")) == 2);
    check(figures().stale == 1 && figures().pages == 2);
    teardown();
}

static void what_happens_during_a_read_makes_its_page_stale(void)
{
    struct store_history history = newest_of(SPAN("1"));

    setup();
    inner.is_slow = true;
    check(store_history(&cache.store, &loops[1].executor, &history) == 0);
    say(SPAN("1"), 11);
    store_queue_answer(inner.held);
    turn();
    inner.is_slow = false;
    check(got == 1);
    check(ask_room(&cache, SPAN("1")) == 2 && ask_room(&cache, SPAN("1")) == 2);
    teardown();
}

static void a_late_answer_does_not_replace_a_newer_page(void)
{
    struct store_history history = newest_of(SPAN("1"));

    setup();
    inner.is_slow = true;
    check(store_history(&cache.store, &loops[1].executor, &history) == 0);
    inner.is_slow = false;
    say(SPAN("1"), 11);
    check(ask_room(&cache, SPAN("1")) == 2);
    store_queue_answer(inner.held);
    turn();
    check(got == 1 && ask_room(&cache, SPAN("1")) == 2);
    teardown();
}

static void a_page_may_be_complete_before_its_record_is_told(void)
{
    setup();
    following_fake_tell(&journal, 1, 11); /* told elsewhere in a moment */
    check(ask_room(&cache, SPAN("1")) == 1);
    history_cache_saw(&cache, SPAN("1"), 11);
    check(ask_room(&cache, SPAN("1")) == 1);
    teardown();
}

static void reads_of_other_shapes_have_pages_of_their_own(void)
{
    struct store_history history = newest_of(SPAN("1"));

    setup();
    check(ask(&cache, history) == 1);
    history.limit = 20;
    check(ask(&cache, history) == 2 && ask(&cache, history) == 2);
    history.bytes_max = 1000;
    check(ask(&cache, history) == 3 && ask(&cache, history) == 3);
    history.with_deleted = true;
    check(ask(&cache, history) == 4 && ask(&cache, history) == 4);
    teardown();
}

static void pages_that_are_not_the_newest_are_the_stores(void)
{
    struct store_history histories[5];
    struct store_find find = {.call.on_done = on_done};

    setup();
    for (unsigned i = 0; i < 5; i++) {
        histories[i] = newest_of(SPAN("1"));
    }
    histories[0].before = histories[1].after = histories[2].around = 5;
    histories[3].from_start = true;
    histories[4].limit = HISTORY_PAGE_MESSAGES_MAX + 1;
    for (unsigned i = 0; i < 5; i++) {
        check(ask(&cache, histories[i]) == 2 * i + 1 && ask(&cache, histories[i]) == 2 * i + 2);
    }
    check(store_find(&cache.store, &loops[1].executor, &find) == STORE_EBUSY && inner.others == 1);
    check(figures().pages == 0);
    teardown();
}

static void what_is_empty_or_direct_or_failed_is_not_kept(void)
{
    setup();
    inner.is_empty = true;
    check(ask_room(&cache, SPAN("1")) == 0 && ask_room(&cache, SPAN("1")) == 0);
    inner.is_empty = false;
    inner.is_direct = true;
    check(ask_room(&cache, SPAN("1")) == 3 && ask_room(&cache, SPAN("1")) == 4);
    inner.is_direct = false;
    inner.error = STORE_EIO;
    check(ask_room(&cache, SPAN("1")) == 0 && got_error == STORE_EIO);
    inner.error = STORE_EBUSY;
    check(ask_room(&cache, SPAN("1")) == 0 && got_error == STORE_EBUSY);
    inner.error = 0;
    check(ask_room(&cache, SPAN("1")) == 7 && ask_room(&cache, SPAN("1")) == 7);
    teardown();
}

static void memory_is_bounded_and_keeps_what_was_used_last(void)
{
    char room[8];

    setup_with((struct history_cache_options){.journal = &journal.journal, .bytes_max = 40000});
    inner.content_bytes = 4000;
    check(ask_room(&cache, SPAN("1")) == 1);
    for (unsigned i = 0; i < 30; i++) {
        (void)snprintf(room, sizeof room, "r%u", i);
        (void)ask_room(&cache, span_cstr(room));
        check(ask_room(&cache, SPAN("1")) == 1);
        check(figures().bytes <= 40000 && figures().pages <= 9);
    }
    check(figures().pages >= 8);
    inner.content_bytes = 6000; /* more than an eighth */
    check(ask_room(&cache, SPAN("x")) == 32 && ask_room(&cache, SPAN("x")) == 33);
    teardown();
}

static void behind_a_gap_pages_are_read_anew(void)
{
    setup();
    check(ask_room(&cache, SPAN("1")) == 1);
    history_cache_gap(&cache);
    check(ask_room(&cache, SPAN("1")) == 2 && ask_room(&cache, SPAN("1")) == 3);
    say(SPAN("5"), 20);
    check(ask_room(&cache, SPAN("1")) == 4 && ask_room(&cache, SPAN("1")) == 4);
    teardown();
}

static void without_a_journal_the_appends_tell(void)
{
    struct message m = {.room = SPAN("1")}, *messages[] = {&m};
    struct store_history history = newest_of(SPAN("1"));

    setup_with((struct history_cache_options){.journal = NULL});
    check(ask_room(&cache, SPAN("1")) == 1 && ask_room(&cache, SPAN("2")) == 2);
    check(store_append(&cache.store, messages, 1) == 0 && inner.appends == 1);
    check(ask_room(&cache, SPAN("1")) == 3 && ask_room(&cache, SPAN("1")) == 3);
    check(ask_room(&cache, SPAN("2")) == 2);
    m.action = MESSAGE_MARK;
    check(store_append(&cache.store, messages, 1) == 0);
    check(ask_room(&cache, SPAN("1")) == 3);
    m.action = MESSAGE_EDIT;
    check(store_append(&cache.store, messages, 1) == 0);
    inner.is_slow = true;
    check(store_history(&cache.store, &loops[1].executor, &history) == 0);
    check(store_append(&cache.store, messages, 1) == 0);
    store_queue_answer(inner.held);
    turn();
    inner.is_slow = false;
    check(got == 4 && ask_room(&cache, SPAN("1")) == 5 && ask_room(&cache, SPAN("1")) == 5);
    teardown();
}

/* ---- a keyspace that nodes share ---- */

static void what_one_node_has_read_another_need_not(void)
{
    setup_shared();
    (void)ask_room(&other_node, SPAN("1"));
    check(ask_room(&cache, SPAN("1")) == 1 && inner.reads == 1 && figures().shared_hits == 1);
    check(ask_room(&cache, SPAN("1")) == 1 && figures().hits == 1); /* it is in memory now */
    teardown();
}

static void a_page_of_another_node_is_stale_where_more_has_been_told(void)
{
    setup_shared();
    (void)ask_room(&other_node, SPAN("1"));
    (void)ask_room(&cache, SPAN("5"));
    say(SPAN("1"), 11);
    check(ask_room(&cache, SPAN("1")) == 3 && figures().stale == 1);
    check(ask_room(&other_node, SPAN("1")) == 3); /* which the first has put there */
    teardown();
}

static void a_page_from_before_this_node_began_is_stale(void)
{
    setup_shared();
    (void)ask_room(&other_node, SPAN("1"));
    following_fake_tell(&journal, 1, 15); /* nobody here knows of which rooms */
    check(ask_room(&cache, SPAN("1")) == 2);
    teardown();
}

static void a_page_from_further_on_than_this_node_is_none(void)
{
    setup_shared();
    following_fake_tell(&journal, 1, 15);
    (void)ask_room(&other_node, SPAN("1"));
    following_fake_tell(&journal, 1, 12);
    check(ask_room(&cache, SPAN("1")) == 2);
    teardown();
}

static void what_is_no_page_is_a_miss(void)
{
    struct span key = SPAN("history:50:0:0:test:1");

    setup_shared();
    keyspace_fake_set(&keyspace, SPAN(""), key, SPAN("{\"json\":1}"), 1000);
    check(ask_room(&cache, SPAN("1")) == 1 && figures().malformed == 1);
    struct span value = keyspace_fake_get(&keyspace, SPAN(""), key);
    check(span_starts(value, SPAN("RHP"))); /* a page is there now */
    teardown();
}

static void a_keyspace_that_is_away_is_done_without(void)
{
    setup_shared();
    keyspace.down = true;
    check(ask_room(&cache, SPAN("1")) == 1 && ask_room(&cache, SPAN("1")) == 1);
    teardown();
}

static void a_keyspace_that_hangs_holds_nobody_up(void)
{
    struct store_history history = newest_of(SPAN("1"));

    setup_shared();
    keyspace.hung = true;
    check(store_history(&cache.store, &loops[1].executor, &history) == 0);
    turn();
    check(done_count == 0 && inner.reads == 0);
    fake_executor_turn(&loops[0], loops[0].executor.now_ms + 200);
    turn();
    check(done_count == 1 && got == 1 && inner.reads == 1);
    keyspace_fake_wake(&keyspace);
    turn();
    check(done_count == 1 && inner.reads == 1 && ask_room(&cache, SPAN("1")) == 1);
    teardown();
}

static void a_keyspace_that_is_closed_is_done_without(void)
{
    setup_shared();
    history_cache_leave_keyspace(&cache);
    keyspace.keyspace.ops = NULL;
    check(ask_room(&cache, SPAN("1")) == 1 && ask_room(&cache, SPAN("1")) == 1);
    check(inner.reads == 1);
    teardown();
}

static void pages_of_the_keyspace_have_their_time(void)
{
    setup_with((struct history_cache_options){.journal = &journal.journal,
                                              .keyspace = &keyspace.keyspace,
                                              .keyspace_executor = &loops[0].executor,
                                              .ttl_ms = 500});
    (void)ask_room(&other_node, SPAN("1"));
    loops[0].executor.now_ms += 499;
    check(keyspace_fake_get(&keyspace, SPAN(""), SPAN("history:50:0:0:test:1")).data != NULL);
    loops[0].executor.now_ms += 1;
    check(keyspace_fake_get(&keyspace, SPAN(""), SPAN("history:50:0:0:test:1")).data == NULL);
    teardown();
}

static void a_read_under_way_fails_when_the_store_is_closed(void)
{
    struct store_history history = newest_of(SPAN("1"));

    setup_shared();
    got_error = 0;
    check(store_history(&cache.store, &loops[1].executor, &history) == 0);
    teardown();
    check(done_count == 1 && got_error == STORE_EIO && inner.reads == 0);
}

/* ---- several threads ---- */

enum { READS = 2000 };

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

static const struct store_ops live_ops = {
    .name = "live", .append = live_append, .start = live_start, .close = inner_close};

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

    memset(&inner, 0, sizeof inner);
    inner.store.ops = &live_ops;
    (void)sem_init(&crowd_done, 0, 0);
    history_cache_init(&cache, &(struct history_cache_options){.inner = &inner.store});
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
    RUN(a_room_where_nothing_happens_is_read_once);
    RUN(what_happens_in_a_room_makes_its_page_stale_and_no_others);
    RUN(what_happens_during_a_read_makes_its_page_stale);
    RUN(a_late_answer_does_not_replace_a_newer_page);
    RUN(a_page_may_be_complete_before_its_record_is_told);
    RUN(reads_of_other_shapes_have_pages_of_their_own);
    RUN(pages_that_are_not_the_newest_are_the_stores);
    RUN(what_is_empty_or_direct_or_failed_is_not_kept);
    RUN(memory_is_bounded_and_keeps_what_was_used_last);
    RUN(behind_a_gap_pages_are_read_anew);
    RUN(without_a_journal_the_appends_tell);
    RUN(what_one_node_has_read_another_need_not);
    RUN(a_page_of_another_node_is_stale_where_more_has_been_told);
    RUN(a_page_from_before_this_node_began_is_stale);
    RUN(a_page_from_further_on_than_this_node_is_none);
    RUN(what_is_no_page_is_a_miss);
    RUN(a_keyspace_that_is_away_is_done_without);
    RUN(a_keyspace_that_hangs_holds_nobody_up);
    RUN(a_keyspace_that_is_closed_is_done_without);
    RUN(pages_of_the_keyspace_have_their_time);
    RUN(a_read_under_way_fails_when_the_store_is_closed);
    RUN(what_was_told_is_in_what_is_read_on_all_threads);
    return tap_done();
}
