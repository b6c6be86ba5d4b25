// SPDX-License-Identifier: MIT
/* Who is answered from the memory of a node, with a store whose pages say how often it was asked. A
 * keyspace that nodes share: history_cache_shared_test.c; threads: history_cache_threads_test.c. */
#include "src/persist/history_cache.h"

#include <stdio.h>

#include "src/persist/history_page.h"
#include "src/store/store_queue.h"
#include "tests/unit/persist/history_bed.h"

static void setup(void)
{
    setup_with((struct history_cache_options){.journal = &journal.journal});
}

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
    return tap_done();
}
