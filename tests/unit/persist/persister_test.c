// SPDX-License-Identifier: MIT
/* From a feed that a test has written into a store that fails as it is told. */
#include "src/persist/persister.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "tests/support/feed_fake.h"
#include "tests/support/tap.h"

enum { ENTRIES = 40, LINES = 16 };

/* A store that knows the ids it has, keeps their order, and fails as it is told. */
static struct {
    struct store store;
    pthread_mutex_t lock; /* for what follows */
    char ids[ENTRIES][8];
    size_t count, greatest_batch, appends;
    uint64_t marks[STORE_PARTITIONS_MAX];
    size_t mark_calls;
    int append_error, mark_error;
    unsigned append_errors, mark_errors; /* the next that many fail; ~0u: all */
    size_t most;                         /* fails with more at once; 0: any number */
    bool fails_after;                    /* although it has stored them */
    bool tells_none;                     /* of those that are invalid */
    sem_t *entered, *leave;              /* of an append; NULL: it does not wait */
} sink;

static struct feed_fake feed;
static struct feed_entry entries[ENTRIES];
static char ids[ENTRIES][8];
static struct persister *persister;

static struct {
    pthread_mutex_t lock;
    char lines[LINES][128];
    unsigned count;
    bool early; /* progress was told of what was not marked, or was committed */
    unsigned progress;
} told = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* ---- the store ---- */

static bool has(struct span id)
{
    for (size_t i = 0; i < sink.count; i++) {
        if (span_eq(span_cstr(sink.ids[i]), id)) {
            return true;
        }
    }
    return false;
}

static bool is_bad(const struct message *m)
{
    return span_eq(m->content, SPAN("bad"));
}

static void keep(struct message *m)
{
    m->fate = has(m->id) ? MESSAGE_REPEATED : MESSAGE_STORED;
    if (m->fate == MESSAGE_STORED) {
        memcpy(sink.ids[sink.count++], m->id.data, m->id.len);
    }
}

static bool take_fault(unsigned *left)
{
    bool hit = *left != 0;

    *left -= hit && *left != ~0u;
    return hit;
}

static int write_batch(struct message *const *messages, size_t count)
{
    bool bad = false,
         fail = take_fault(&sink.append_errors) || (sink.most != 0 && count > sink.most);

    sink.appends++;
    sink.greatest_batch = count > sink.greatest_batch ? count : sink.greatest_batch;
    if (fail && !sink.fails_after) {
        return sink.append_error;
    }
    for (size_t i = 0; i < count; i++) {
        bad |= is_bad(messages[i]);
        messages[i]->fate =
            is_bad(messages[i]) && !sink.tells_none ? MESSAGE_INVALID : MESSAGE_STORED;
    }
    if (bad) {
        return STORE_EINVALID;
    }
    for (size_t i = 0; i < count; i++) {
        keep(messages[i]);
    }
    return fail ? sink.append_error : 0;
}

static int append(struct store *store, struct message *const *messages, size_t count)
{
    if (sink.entered != NULL) {
        (void)sem_post(sink.entered);
        while (sem_wait(sink.leave) != 0) {
        }
    }
    (void)pthread_mutex_lock(&sink.lock);
    int error = write_batch(messages, count);
    (void)pthread_mutex_unlock(&sink.lock);
    return error;
}

static int mark(struct store *store, struct span log, unsigned partition, uint64_t position)
{
    (void)pthread_mutex_lock(&sink.lock);
    bool fail = take_fault(&sink.mark_errors);
    sink.mark_calls++;
    if (!fail && span_eq(log, SPAN("log")) && sink.marks[partition] < position) {
        sink.marks[partition] = position;
    }
    (void)pthread_mutex_unlock(&sink.lock);
    return fail ? sink.mark_error : 0;
}

static const struct store_ops sink_ops = {.name = "sink", .append = append, .mark = mark};

static size_t appends(void)
{
    (void)pthread_mutex_lock(&sink.lock);
    size_t n = sink.appends;
    (void)pthread_mutex_unlock(&sink.lock);
    return n;
}

/* ---- the persister's listener ---- */

static void on_problem(void *arg, const char *line)
{
    (void)pthread_mutex_lock(&told.lock);
    if (told.count < LINES) {
        (void)snprintf(told.lines[told.count++], sizeof told.lines[0], "%s", line);
    }
    (void)pthread_mutex_unlock(&told.lock);
}

static void on_progress(void *arg, unsigned partition, uint64_t position)
{
    (void)pthread_mutex_lock(&sink.lock);
    bool marked = sink.marks[partition] >= position;
    (void)pthread_mutex_unlock(&sink.lock);
    told.early |= !marked || feed_fake_seen(&feed).commits != 0;
    told.progress++;
}

static bool was_told(const char *what)
{
    bool found = false;

    (void)pthread_mutex_lock(&told.lock);
    for (unsigned i = 0; i < told.count; i++) {
        found |= strstr(told.lines[i], what) != NULL;
    }
    (void)pthread_mutex_unlock(&told.lock);
    return found;
}

/* ---- the bed ---- */

/* A log of that many entries, in two partitions by turns. */
static void setup(size_t count)
{
    memset(&sink, 0, sizeof sink);
    sink.store.ops = &sink_ops;
    (void)pthread_mutex_init(&sink.lock, NULL);
    told.count = told.progress = 0;
    told.early = false;
    for (unsigned i = 0; i < ENTRIES; i++) {
        (void)snprintf(ids[i], sizeof ids[i], "%u", i);
        entries[i] = (struct feed_entry){.message = {.id = span_cstr(ids[i]), .room = SPAN("room")},
                                         .partition = i % 2,
                                         .position = i / 2};
        entries[i].message.placed = i / 2 + 1;
    }
    feed_fake_init(&feed, entries, count, NULL);
}

static void start_with(struct persister_options options)
{
    options.feed = &feed.feed;
    options.store = &sink.store;
    options.linger_ms = 1;
    options.retry_min_ms = options.retry_min_ms != 0 ? options.retry_min_ms : 1;
    options.retry_max_ms = options.retry_max_ms != 0 ? options.retry_max_ms : 4;
    options.on_problem = on_problem;
    options.on_progress = on_progress;
    persister = persister_create(&options);
}

static void start(void)
{
    start_with((struct persister_options){.log = SPAN("log")});
}

/* Each of the log once, in its order, but for those that are bad. */
static bool is_stored(size_t count)
{
    size_t at = 0;

    for (size_t i = 0; i < count; i++) {
        if (!is_bad(&entries[i].message) && entries[i].reason == NULL &&
            (at == sink.count || strcmp(sink.ids[at++], ids[i]) != 0)) {
            return false;
        }
    }
    return at == sink.count;
}

static struct persister_figures stop(void)
{
    struct persister_figures figures;

    persister_figures(persister, &figures);
    persister_destroy(persister);
    return figures;
}

static void teardown(void)
{
    feed_fake_finish(&feed);
    (void)pthread_mutex_destroy(&sink.lock);
}

/* ---- */

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

static void what_nobody_can_read_goes_to_the_dead_letters(void)
{
    setup(6);
    entries[1].reason = "no JSON object";
    entries[4].reason = "of no form that is known here";
    start();
    feed_fake_wait(&feed, 6);
    struct persister_figures figures = stop();
    struct feed_seen seen = feed_fake_seen(&feed);
    check(is_stored(6) && sink.count == 4 && figures.stored == 4 && figures.rejected == 2);
    check(seen.rejected_count == 2);
    check(seen.rejected[0].partition == 1 && seen.rejected[0].position == 0);
    check(strcmp(seen.rejected[0].reason, "no JSON object") == 0);
    check(strcmp(seen.rejected[1].reason, "of no form that is known here") == 0);
    check(sink.marks[0] == 3 && sink.marks[1] == 3);
    check(was_told("2 records rejected to the dead letters: no JSON object"));
    teardown();
}

static void what_the_feed_has_moved_is_marked_and_not_stored(void)
{
    setup(4);
    entries[1].moved = true;
    entries[1].message.id = SPAN("");
    entries[3].moved = true;
    start();
    feed_fake_wait(&feed, 4);
    struct persister_figures figures = stop();
    check(sink.count == 2 && strcmp(sink.ids[0], "0") == 0 && strcmp(sink.ids[1], "2") == 0);
    check(sink.marks[0] == 2 && sink.marks[1] == 2 && feed_fake_seen(&feed).rejected_count == 0);
    check(figures.stored == 2);
    teardown();
}

static void check_that_the_bad_are_rejected(bool tells_none)
{
    setup(8);
    sink.tells_none = tells_none;
    entries[0].message.content = entries[5].message.content = SPAN("bad");
    entries[7].message.content = SPAN("bad");
    start();
    feed_fake_wait(&feed, 8);
    struct persister_figures figures = stop();
    struct feed_seen seen = feed_fake_seen(&feed);
    check(is_stored(8) && sink.count == 5 && figures.stored == 5 && figures.rejected == 3);
    check(seen.rejected_count == 3 && seen.rejected[1].position == 2 && seen.pauses == 0);
    check(strcmp(seen.rejected[0].reason, store_strerror(STORE_EINVALID)) == 0);
    check(sink.marks[0] == 4 && sink.marks[1] == 4);
    teardown();
}

static void what_the_store_can_never_keep_goes_there_too_and_the_rest_is_stored(void)
{
    check_that_the_bad_are_rejected(false);
}

static void a_store_that_does_not_tell_which_is_asked_one_by_one(void)
{
    check_that_the_bad_are_rejected(true);
}

static void a_batch_of_nothing_but_the_unreadable_asks_no_store(void)
{
    setup(2);
    entries[0].reason = entries[1].reason = "no JSON object";
    start();
    feed_fake_wait(&feed, 2);
    (void)stop();
    check(sink.appends == 0 && sink.marks[0] == 1 && sink.marks[1] == 1);
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

static void dead_letters_that_are_away_lose_nothing_and_do_not_spin(void)
{
    setup(5);
    entries[2].reason = "no JSON object";
    feed_fake_break(&feed, (struct feed_fault){0}, (struct feed_fault){0},
                    (struct feed_fault){FEED_EAWAY, 3});
    start();
    feed_fake_wait(&feed, 5);
    struct persister_figures figures = stop();
    struct feed_seen seen = feed_fake_seen(&feed);
    check(is_stored(5) && figures.rejected == 1 && seen.rejected_count == 1);
    check(figures.retries == 3 && seen.pauses == 3 && seen.commits == 1);
    check(told.progress == 2 && !told.early); /* nobody counts on what is neither here nor there */
    check(was_told("the place for what cannot be stored is away"));
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

static void a_lost_reject_drops_the_batch_unmarked(void)
{
    setup(3);
    entries[1].reason = "no JSON object";
    feed_fake_break(&feed, (struct feed_fault){0}, (struct feed_fault){0},
                    (struct feed_fault){FEED_ELOST, 1});
    start();
    feed_fake_wait(&feed, 3);
    struct persister_figures figures = stop();
    check(is_stored(3) && figures.lost == 1 && sink.mark_calls == 2);
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
    RUN(what_nobody_can_read_goes_to_the_dead_letters);
    RUN(what_the_feed_has_moved_is_marked_and_not_stored);
    RUN(what_the_store_can_never_keep_goes_there_too_and_the_rest_is_stored);
    RUN(a_store_that_does_not_tell_which_is_asked_one_by_one);
    RUN(a_batch_of_nothing_but_the_unreadable_asks_no_store);
    RUN(while_the_store_is_away_the_feed_is_paused_and_polled);
    RUN(a_store_that_cannot_manage_so_many_in_its_time_is_given_fewer);
    RUN(what_was_stored_before_a_failure_is_not_stored_twice);
    RUN(a_mark_that_fails_brings_the_batch_again_before_it_is_committed);
    RUN(dead_letters_that_are_away_lose_nothing_and_do_not_spin);
    RUN(a_batch_that_is_another_readers_by_now_is_dropped);
    RUN(a_lost_reject_drops_the_batch_unmarked);
    RUN(a_commit_that_fails_loses_nothing);
    RUN(a_broker_that_is_away_is_waited_for);
    RUN(it_stops_at_once_while_the_store_is_away);
    RUN(the_batch_under_way_is_finished_when_it_stops);
    RUN(nothing_is_destroyed_harmlessly);
    return tap_done();
}
