// SPDX-License-Identifier: MIT
/* Pages in a keyspace that nodes share. */
#include "src/persist/history_cache.h"

#include "tests/unit/persist/history_bed.h"

static void setup_shared(void)
{
    setup_with((struct history_cache_options){.journal = &journal.journal,
                                              .keyspace = &keyspace.keyspace,
                                              .keyspace_executor = &loops[0].executor});
}

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

int main(void)
{
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
    return tap_done();
}
