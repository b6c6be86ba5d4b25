// SPDX-License-Identifier: MIT
/* From a feed into a store, either of which may fail. */
#include <sched.h>

#include "tests/unit/persist/persister_bed.h"

static size_t appends(void)
{
    (void)pthread_mutex_lock(&sink.lock);
    size_t n = sink.appends;
    (void)pthread_mutex_unlock(&sink.lock);
    return n;
}

static void what_the_log_has_is_stored_marked_and_committed_in_this_order(void)
{
    setup(9);
    start();
    feed_fake_wait(&feed, 9);
    struct persister_figures figures = stop();
    check(is_stored(9));
    check(sink.marks[0] == 5 && sink.marks[1] == 4);
    check(told.progress == 2 && !told.early);
    check(figures.stored == 9 && figures.repeated == 0 && figures.batches == 1);
    check(figures.feed.lag == 0 && !figures.store_is_away && told.count == 0);
    teardown();
}

static void a_batch_is_no_greater_than_was_asked(void)
{
    setup(ENTRIES);
    start_with((struct persister_options){.log = SPAN("log"), .batch_max = 3});
    feed_fake_wait(&feed, ENTRIES);
    (void)stop();
    check(is_stored(ENTRIES) && sink.greatest_batch == 3 && feed_fake_seen(&feed).max == 3);
    teardown();
}

static void a_batch_that_is_not_full_is_stored_all_the_same(void)
{
    setup(1);
    start();
    feed_fake_wait(&feed, 1);
    feed_fake_grow(&feed, 2);
    feed_fake_wait(&feed, 2);
    (void)stop();
    check(is_stored(2) && sink.appends == 2);
    teardown();
}

static void a_feed_without_places_is_committed_and_not_marked(void)
{
    setup(5);
    start_with((struct persister_options){.log = {0}});
    feed_fake_wait(&feed, 5);
    (void)stop();
    check(is_stored(5) && sink.mark_calls == 0 && told.progress == 0);
    teardown();
}

static void while_the_store_is_away_the_feed_is_paused_and_polled(void)
{
    setup(7);
    sink.append_error = STORE_EFULL;
    sink.append_errors = 4;
    start();
    feed_fake_wait(&feed, 7);
    struct persister_figures figures = stop();
    struct feed_seen seen = feed_fake_seen(&feed);
    check(is_stored(7) && sink.appends == 5 && figures.stored == 7 && figures.retries == 4);
    check(seen.pauses == 4 && seen.resumes == 4 && seen.polls_paused >= 4 && seen.commits == 1);
    check(told.count == 2); /* away, and back: no more */
    check(was_told("the store is away: no space left for the store"));
    check(was_told("the store is back"));
    teardown();
}

static void a_store_that_cannot_manage_so_many_in_its_time_is_given_fewer(void)
{
    setup(ENTRIES);
    sink.append_error = STORE_EIO;
    sink.most = 20;
    start();
    feed_fake_wait(&feed, ENTRIES);
    struct persister_figures figures = stop();
    check(is_stored(ENTRIES) && figures.retries > 0);
    check(figures.stored + figures.repeated == ENTRIES);
    teardown();
}

static void what_was_stored_before_a_failure_is_not_stored_twice(void)
{
    setup(7);
    sink.append_error = STORE_EIO;
    sink.append_errors = 2;
    sink.fails_after = true;
    start();
    feed_fake_wait(&feed, 7);
    struct persister_figures figures = stop();
    check(is_stored(7) && figures.stored == 0 && figures.repeated == 7);
    teardown();
}

static void a_mark_that_fails_brings_the_batch_again_before_it_is_committed(void)
{
    setup(4);
    sink.mark_error = STORE_EIO;
    sink.mark_errors = 3;
    start();
    feed_fake_wait(&feed, 4);
    struct persister_figures figures = stop();
    check(is_stored(4) && figures.stored == 4 && figures.retries == 3 && figures.repeated == 12);
    check(feed_fake_seen(&feed).commits == 1 && sink.marks[0] == 2 && sink.marks[1] == 2);
    teardown();
}

static void a_batch_that_is_another_readers_by_now_is_dropped(void)
{
    setup(6);
    feed_fake_break(&feed, (struct feed_fault){0}, (struct feed_fault){FEED_ELOST, 1},
                    (struct feed_fault){0});
    start();
    feed_fake_wait(&feed, 6);
    struct persister_figures figures = stop();
    check(is_stored(6) && figures.lost == 1 && figures.repeated == 6 && figures.retries == 0);
    teardown();
}

static void a_commit_that_fails_loses_nothing(void)
{
    setup(3);
    feed_fake_break(&feed, (struct feed_fault){0}, (struct feed_fault){FEED_EAWAY, 1},
                    (struct feed_fault){0});
    start_with((struct persister_options){.log = SPAN("log"), .batch_max = 2});
    feed_fake_wait(&feed, 3);
    (void)stop();
    check(is_stored(3) && sink.marks[0] == 2 && sink.marks[1] == 1);
    teardown();
}

static void a_broker_that_is_away_is_waited_for(void)
{
    setup(3);
    feed_fake_break(&feed, (struct feed_fault){FEED_EAWAY, 5}, (struct feed_fault){0},
                    (struct feed_fault){0});
    start();
    feed_fake_wait(&feed, 3);
    (void)stop();
    check(is_stored(3) && told.count == 2 && was_told("the log's broker is away"));
    check(was_told("the log's broker is back"));
    teardown();
}

static void it_stops_at_once_while_the_store_is_away(void)
{
    struct persister_figures figures;

    setup(3);
    sink.append_error = STORE_EIO;
    sink.append_errors = ~0u;
    start_with((struct persister_options){
        .log = SPAN("log"), .retry_min_ms = 100000000, .retry_max_ms = 100000000});
    while (feed_fake_seen(&feed).pauses == 0) {
        (void)sched_yield();
    }
    persister_figures(persister, &figures);
    check(figures.store_is_away && figures.stored == 0 && figures.feed.lag == 3);
    persister_destroy(persister);
    check(sink.count == 0 && feed_fake_seen(&feed).commits == 0 && appends() == 1);
    teardown();
}

static void *destroy(void *arg)
{
    persister_destroy(arg);
    return NULL;
}

static void the_batch_under_way_is_finished_when_it_stops(void)
{
    sem_t entered, leave;
    pthread_t destroyer;

    setup(6);
    (void)sem_init(&entered, 0, 0);
    (void)sem_init(&leave, 0, 0);
    sink.entered = &entered;
    sink.leave = &leave;
    start_with((struct persister_options){.log = SPAN("log"), .batch_max = 4});
    while (sem_wait(&entered) != 0) {
    }
    check(pthread_create(&destroyer, NULL, destroy, persister) == 0);
    for (int i = 0; i < 8; i++) { /* should it go on */
        (void)sem_post(&leave);
    }
    (void)pthread_join(destroyer, NULL);
    check(sink.count >= 4 && feed_fake_seen(&feed).commits >= 1 && sink.marks[0] >= 2);
    (void)sem_destroy(&entered);
    (void)sem_destroy(&leave);
    teardown();
}

static void nothing_is_destroyed_harmlessly(void)
{
    persister_destroy(NULL);
    check(true);
}

int main(void)
{
    RUN(what_the_log_has_is_stored_marked_and_committed_in_this_order);
    RUN(a_batch_is_no_greater_than_was_asked);
    RUN(a_batch_that_is_not_full_is_stored_all_the_same);
    RUN(a_feed_without_places_is_committed_and_not_marked);
    RUN(while_the_store_is_away_the_feed_is_paused_and_polled);
    RUN(a_store_that_cannot_manage_so_many_in_its_time_is_given_fewer);
    RUN(what_was_stored_before_a_failure_is_not_stored_twice);
    RUN(a_mark_that_fails_brings_the_batch_again_before_it_is_committed);
    RUN(a_batch_that_is_another_readers_by_now_is_dropped);
    RUN(a_commit_that_fails_loses_nothing);
    RUN(a_broker_that_is_away_is_waited_for);
    RUN(it_stops_at_once_while_the_store_is_away);
    RUN(the_batch_under_way_is_finished_when_it_stops);
    RUN(nothing_is_destroyed_harmlessly);
    return tap_done();
}
