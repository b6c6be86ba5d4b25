// SPDX-License-Identifier: MIT
/* Each record once, in the order of the log, whatever comes first: its report or the log. */
#include "src/journal/kafka_sequence.h"

#include "tests/support/tap.h"

enum { WINDOW = 16, FIRST = 100 };

static const uint64_t secret[2] = {1, 2};
static struct kafka_sequence s;
static struct kafka_spot first;

static void start(void)
{
    kafka_sequence_init(&s, FIRST, WINDOW, secret);
}

/* Each says another time. */
static struct kafka_spot at(uint64_t offset)
{
    return (struct kafka_spot){offset, (int64_t)(offset + 5000)};
}

static bool is_new(uint64_t offset, uint64_t hash)
{
    const struct kafka_spot spot = at(offset);
    return kafka_sequence_is_new(&s, &spot, hash);
}

static bool brings(uint64_t offset, uint64_t hash)
{
    return kafka_sequence_pass(&s, offset) && is_new(offset, hash);
}

static enum kafka_turn report(uint64_t offset, uint64_t hash)
{
    const struct kafka_spot spot = at(offset);
    return kafka_sequence_report(&s, &spot, hash, &first);
}

/* Was what counts said there, and then? */
static bool first_is(uint64_t offset)
{
    return first.offset == offset && first.timestamp_ms == at(offset).timestamp_ms;
}

static void tells_own_records_in_turn_and_skips_them_in_the_log(void)
{
    start();
    check(report(100, 7) == KAFKA_IN_TURN && first_is(100));
    check(report(101, 8) == KAFKA_IN_TURN && first_is(101));
    check(!brings(100, 7) && !brings(101, 8));
    check(s.next == 102);
    kafka_sequence_finish(&s);
}

static void leaves_an_own_record_behind_others_to_the_log(void)
{
    start();
    check(report(101, 8) == KAFKA_LATER && first_is(101));
    check(brings(100, 7));
    check(brings(101, 8));
    check(report(102, 9) == KAFKA_IN_TURN);
    kafka_sequence_finish(&s);
}

static void is_not_in_turn_with_a_report_that_comes_behind_the_log(void)
{
    start();
    check(brings(100, 7));
    check(report(100, 7) == KAFKA_LATER && first_is(100));
    check(s.next == 101);
    kafka_sequence_finish(&s);
}

static void passes_over_positions_that_hold_no_record(void)
{
    start();
    check(brings(105, 7));
    check(report(106, 8) == KAFKA_IN_TURN);
    kafka_sequence_finish(&s);
}

static void tells_what_was_appended_twice_once_if_the_log_is_ahead(void)
{
    start();
    check(brings(100, 7)); /* it had failed, so it was appended again */
    check(report(101, 7) == KAFKA_REPEATED && first_is(100));
    check(!brings(101, 7));
    check(s.next == 102);
    kafka_sequence_finish(&s);
}

static void tells_what_was_appended_twice_once_if_the_report_is_ahead(void)
{
    start();
    check(report(101, 7) == KAFKA_LATER);
    check(brings(100, 7)); /* the first in the log is the one that counts */
    check(!brings(101, 7));
    check(report(102, 7) == KAFKA_REPEATED && first_is(100));
    kafka_sequence_finish(&s);
}

static void tells_marks_each_time(void)
{
    start();
    check(brings(100, 0) && brings(101, 0));
    check(report(102, 0) == KAFKA_IN_TURN);
    kafka_sequence_finish(&s);
}

/* Whatever own appends were noted early: what counts is how far it is away. */
static void forgets_after_as_many_positions_at_every_node(void)
{
    for (int own = 0; own < 2; own++) {
        start();
        if (own == 1) {
            check(report(100, 7) == KAFKA_IN_TURN);
            for (uint64_t i = 0; i < WINDOW / 2; i++) {
                check(report(102 + i, 1000 + i) == KAFKA_LATER);
            }
        }
        check(own == 1 || brings(100, 7));
        for (uint64_t i = 0; i < WINDOW - 2; i++) {
            check(brings(101 + i, 999 + i));
        }
        check(!brings(100 + WINDOW - 1, 7));
        check(brings(100 + WINDOW, 7));
        check(!brings(100 + WINDOW + 1, 7)); /* from where it was told last */
        kafka_sequence_finish(&s);
    }
}

static void stays_bounded_and_finds_the_latest(void)
{
    start();
    for (uint64_t i = 0; i < 10000; i++) {
        check(brings(FIRST + i, i + 1));
        check(i == 0 || !is_new(FIRST + i + 1, i));
    }
    check(s.recent.map.count == 2 * WINDOW);
    check(kafka_recent_find(&s.recent, 10000, &first) && first_is(FIRST + 9999));
    check(!kafka_recent_find(&s.recent, 1, &first));
    kafka_sequence_finish(&s);
}

static void knows_what_says_the_same(void)
{
    struct message say = {.id = SPAN("id"), .user_id = SPAN("ann"), .content = SPAN("1")};
    struct message again = say, edit = say, later = say, other = say, mark = say, nameless = say;

    again.content = SPAN("2");
    again.user_id = SPAN("bob");
    edit.action = later.action = MESSAGE_EDIT;
    edit.edited_ms = 5;
    later.edited_ms = 6;
    other.action = MESSAGE_DELETE;
    mark.action = MESSAGE_MARK;
    nameless.id = SPAN("");
    uint64_t hash = kafka_recent_hash(secret, &say);
    check(hash != 0 && hash == kafka_recent_hash(secret, &again));
    check(hash != kafka_recent_hash(secret, &edit));
    check(kafka_recent_hash(secret, &edit) != kafka_recent_hash(secret, &later));
    hash = kafka_recent_hash(secret, &other);
    check(hash == kafka_recent_hash(secret, &other));
    other.user_id = SPAN("bob");
    check(hash != kafka_recent_hash(secret, &other));
    check(kafka_recent_hash(secret, &mark) == 0 && kafka_recent_hash(secret, &nameless) == 0);
}

int main(void)
{
    RUN(tells_own_records_in_turn_and_skips_them_in_the_log);
    RUN(leaves_an_own_record_behind_others_to_the_log);
    RUN(is_not_in_turn_with_a_report_that_comes_behind_the_log);
    RUN(passes_over_positions_that_hold_no_record);
    RUN(tells_what_was_appended_twice_once_if_the_log_is_ahead);
    RUN(tells_what_was_appended_twice_once_if_the_report_is_ahead);
    RUN(tells_marks_each_time);
    RUN(forgets_after_as_many_positions_at_every_node);
    RUN(stays_bounded_and_finds_the_latest);
    RUN(knows_what_says_the_same);
    return tap_done();
}
