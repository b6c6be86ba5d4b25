// SPDX-License-Identifier: MIT
/* What cannot be stored goes to the dead letters, and keeps nothing else from being stored. */
#include <string.h>

#include "src/base/sound.h"
#include "tests/unit/persist/persister_bed.h"

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

/* Foreign records come so, and members are not told of them (chat/following). */
static void what_no_client_could_have_said_goes_there_as_well(void)
{
    static const char longer[NAME_BYTES_MAX + 1];

    setup(6);
    struct message unknown = entries[0].message;
    entries[0].message.user_id = span_of(longer, sizeof longer);
    entries[2].message.room = SPAN("\x01lobby");
    entries[3].message.content = SPAN("");
    entries[5].message.dialect = DIALECT_COUNT;
    unknown.user_id = entries[0].message.user_id;
    start();
    feed_fake_wait(&feed, 6);
    struct persister_figures figures = stop();
    struct feed_seen seen = feed_fake_seen(&feed);
    check(sink.count == 2 && strcmp(sink.ids[0], "1") == 0 && strcmp(sink.ids[1], "4") == 0);
    check(figures.stored == 2 && figures.rejected == 4 && seen.rejected_count == 4);
    check(strcmp(seen.rejected[0].reason, message_fault(&unknown)) == 0);
    for (unsigned i = 1; i < 4; i++) {
        check(strcmp(seen.rejected[i].reason, seen.rejected[i - 1].reason) != 0);
    }
    check(sink.marks[0] == 3 && sink.marks[1] == 3);
    check(was_told("4 records rejected to the dead letters: its id, user"));
    teardown();
}

static void what_the_feed_has_moved_is_marked_and_not_stored(void)
{
    setup(4);
    entries[1].moved = true;
    entries[1].message = (struct message){.room = SPAN("room")};
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

static void what_comes_again_later_is_not_rejected_so_far(void)
{
    setup(4);
    entries[0].reason = "no JSON object";
    entries[2].reason = "of no form that is known here";
    feed_fake_break(&feed, (struct feed_fault){0}, (struct feed_fault){0},
                    (struct feed_fault){FEED_LATER, 1});
    start();
    feed_fake_wait(&feed, 4);
    struct persister_figures figures = stop();
    check(figures.stored == 2 && figures.deferred == 1 && figures.rejected == 1);
    check(sink.marks[0] == 2 && sink.marks[1] == 2 && figures.retries == 0);
    check(was_told("1 records rejected to the dead letters: of no form that is known here"));
    check(!was_told("records rejected to the dead letters: no JSON object"));
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

int main(void)
{
    RUN(what_nobody_can_read_goes_to_the_dead_letters);
    RUN(what_no_client_could_have_said_goes_there_as_well);
    RUN(what_the_feed_has_moved_is_marked_and_not_stored);
    RUN(what_the_store_can_never_keep_goes_there_too_and_the_rest_is_stored);
    RUN(a_store_that_does_not_tell_which_is_asked_one_by_one);
    RUN(a_batch_of_nothing_but_the_unreadable_asks_no_store);
    RUN(dead_letters_that_are_away_lose_nothing_and_do_not_spin);
    RUN(what_comes_again_later_is_not_rejected_so_far);
    RUN(a_lost_reject_drops_the_batch_unmarked);
    return tap_done();
}
