// SPDX-License-Identifier: MIT
/* What happens to an id that is appended again. */
#include "src/journal/recent_appends.h"

#include "tests/support/tap.h"

static struct recent_appends r;

static struct journal_append say(const char *id)
{
    return (struct journal_append){
        .message = {.id = span_cstr(id), .timestamp_ms = 5, .action = MESSAGE_SAY}};
}

static void settle(struct journal_append *op, int error)
{
    op->error = error;
    check(recent_appends_settle(&r, op) == NULL);
}

static void gives_those_that_wait_the_result_of_the_first(void)
{
    struct journal_append first = say("a"), second = say("a"), third = say("a"), other = say("b");

    recent_appends_init(&r, 0);
    second.message.timestamp_ms = 9;
    check(recent_appends_begin(&r, &first) == RECENT_NEW);
    check(recent_appends_begin(&r, &second) == RECENT_WAITS);
    check(recent_appends_begin(&r, &third) == RECENT_WAITS);
    check(recent_appends_begin(&r, &other) == RECENT_NEW);
    first.message.offset = 7;
    check(recent_appends_settle(&r, &first) == &second && second.next == &third);
    check(third.next == NULL && third.error == 0 && second.message.fate == MESSAGE_REPEATED);
    check(second.message.offset == 7 && second.message.timestamp_ms == 5);
    settle(&other, 0);
    recent_appends_finish(&r);
}

static void knows_what_is_done(void)
{
    struct journal_append first = say("a"), again = say("a");

    recent_appends_init(&r, 0);
    check(recent_appends_begin(&r, &first) == RECENT_NEW);
    settle(&first, 0);
    check(recent_appends_begin(&r, &again) == RECENT_DONE);
    check(again.message.fate == MESSAGE_REPEATED);
    recent_appends_finish(&r);
}

static void forgets_what_failed_and_fails_those_that_waited(void)
{
    struct journal_append first = say("a"), second = say("a"), again = say("a");

    recent_appends_init(&r, 0);
    check(recent_appends_begin(&r, &first) == RECENT_NEW);
    check(recent_appends_begin(&r, &second) == RECENT_WAITS);
    first.error = JOURNAL_ESINK;
    check(recent_appends_settle(&r, &first) == &second && second.error == JOURNAL_ESINK);
    check(second.message.fate == MESSAGE_STORED);
    check(recent_appends_begin(&r, &again) == RECENT_NEW);
    settle(&again, 0);
    recent_appends_finish(&r);
}

static void forgets_the_oldest_that_are_done(void)
{
    struct journal_append a = say("a"), b = say("b"), c = say("c"), under_way = say("w");

    recent_appends_init(&r, 2);
    check(recent_appends_begin(&r, &under_way) == RECENT_NEW);
    check(recent_appends_begin(&r, &a) == RECENT_NEW);
    settle(&a, 0);
    check(recent_appends_begin(&r, &b) == RECENT_NEW);
    settle(&b, 0);
    check(recent_appends_begin(&r, &c) == RECENT_NEW);
    settle(&c, 0);
    check(recent_appends_begin(&r, &b) == RECENT_DONE);
    check(recent_appends_begin(&r, &a) == RECENT_NEW);
    settle(&a, JOURNAL_ESINK);
    settle(&under_way, 0);
    recent_appends_finish(&r);
}

static void takes_edits_and_what_has_no_id_as_they_come(void)
{
    struct journal_append edit = say("a"), none = say("");

    recent_appends_init(&r, 0);
    edit.message.action = MESSAGE_EDIT;
    for (int i = 0; i < 2; i++) {
        check(recent_appends_begin(&r, &edit) == RECENT_NEW);
        check(recent_appends_begin(&r, &none) == RECENT_NEW);
    }
    settle(&edit, 0);
    settle(&none, 0);
    recent_appends_finish(&r);
}

int main(void)
{
    RUN(gives_those_that_wait_the_result_of_the_first);
    RUN(knows_what_is_done);
    RUN(forgets_what_failed_and_fails_those_that_waited);
    RUN(forgets_the_oldest_that_are_done);
    RUN(takes_edits_and_what_has_no_id_as_they_come);
    return tap_done();
}
