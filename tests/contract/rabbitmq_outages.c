// SPDX-License-Identifier: MIT
/* Nothing that was acknowledged is lost when the broker is killed or stopped. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/contract/rabbitmq_bed.h"

static unsigned errors_of(unsigned count, int error)
{
    unsigned n = 0;
    for (unsigned i = 0; i < count; i++) {
        n += letters[i].op.error == error;
    }
    return n;
}

/* Appends until one is taken and confirmed, under new ids. */
static void await_return(unsigned i)
{
    for (;;) {
        expected = done_count + 1;
        if (append(i, LETTERS + i, "room") == 0) {
            await(&all_done);
            if (letters[i].op.error == 0) {
                return;
            }
        }
        (void)usleep(50000);
    }
}

static void survives_a_broker_that_is_killed(void)
{
    rabbitmq_raw_wipe(&options);
    start_journal();
    append_and_wait(10);
    check(service_kill(&broker, NULL));
    expected = 20;
    for (unsigned i = 10; i < 20; i++) {
        check(append(i, i, "room") == 0);
    }
    await(&all_done);
    check(errors_of(20, JOURNAL_ESINK) == 10);
    check(append(20, 20, "room") == JOURNAL_EAWAY);
    struct journal_figures figures;
    journal->ops->figures(journal, &figures);
    check(!figures.is_up && figures.refused_away == 1 && figures.failed == 10);
    check(figures.queue_messages == 0 && figures.queue_bytes == 0);
    check(service_up(&broker));
    await_return(21);
    check(states.count[0] > 0 && states.count[1] == 1 && !states.told_password);
    printf("# %s\n# %s\n", states.last[0], states.last[1]);
    start_feed();
    check(read_letters(10) == 10);
    stop_feed();
    stop_journal();
}

/* Sends those that failed or were refused again, under their ids, until none is left. */
static void send_until_acknowledged(void)
{
    bool left = true;

    while (left) {
        left = false;
        for (unsigned i = 0; i < LETTERS; i++) {
            if (letters[i].done == 0 || letters[i].op.error != 0) {
                left = true;
                letters[i].done = 0;
                expected = done_count + 1;
                if (append_letter(i) == 0) {
                    await(&all_done);
                } else {
                    (void)usleep(20000);
                }
            }
        }
    }
}

static void append_what_is_taken(void *arg)
{
    for (unsigned i = 0; i < LETTERS; i++) {
        if (append_letter(i) != 0) {
            letters[i].op.error = JOURNAL_EAWAY;
            letters[i].done = 1;
            expected--;
        }
    }
    if (done_count == expected) {
        (void)sem_post(&all_done);
    }
}

/* Every letter is in the queue; all that were acknowledged at first, before those that failed. */
static void check_all_are_kept(const bool *was_acknowledged)
{
    static bool seen[LETTERS];
    unsigned count = 0, newest = 0;
    bool ordered = true;
    int n;

    memset(seen, 0, sizeof seen);
    while (count < LETTERS && (n = poll_some(feed, LETTERS)) > 0) {
        for (int i = 0; i < n; i++) {
            char digits[13];
            (void)snprintf(digits, sizeof digits, "%.12s",
                           (const char *)entries[i]->message.id.data + 24);
            unsigned letter = (unsigned)strtoul(digits, NULL, 16) % LETTERS;
            if (!seen[letter] && was_acknowledged[letter]) {
                ordered &= letter >= newest;
                newest = letter;
            }
            count += !seen[letter];
            seen[letter] = true;
        }
        check(feed->ops->commit(feed) == 0);
    }
    check(count == LETTERS);
    check(ordered);
}

static void loses_nothing_that_it_acknowledged_when_the_broker_is_killed_under_load(void)
{
    static bool was_acknowledged[LETTERS];
    unsigned acknowledged = 0;

    rabbitmq_raw_wipe(&options);
    start_journal();
    expected = LETTERS;
    thread_executor_run(&loop, append_what_is_taken, NULL);
    await(&some_done);
    check(service_kill(&broker, NULL));
    await(&all_done);
    for (unsigned i = 0; i < LETTERS; i++) {
        was_acknowledged[i] = letters[i].op.error == 0;
        acknowledged += was_acknowledged[i];
    }
    printf("# %u of %u acknowledged before the kill\n", acknowledged, LETTERS);
    check(service_up(&broker));
    send_until_acknowledged();
    start_feed();
    check_all_are_kept(was_acknowledged);
    stop_feed();
    stop_journal();
}

static void notices_a_broker_that_is_stopped(void)
{
    rabbitmq_raw_wipe(&options);
    start_journal();
    append_and_wait(10);
    check(service_pause(&broker, NULL));
    expected = 11;
    check(append(10, 10, "room") == 0);
    await(&all_done);
    check(letters[10].op.error == JOURNAL_ESINK);
    check(append(11, 11, "room") == JOURNAL_EAWAY);
    check(service_resume(&broker, NULL));
    await_return(12);
    stop_journal();
}

static void closes_though_the_broker_is_gone(void)
{
    rabbitmq_raw_wipe(&options);
    start_journal();
    check(service_kill(&broker, NULL));
    check(append(0, 0, "room") == 0);
    stop_journal();
    check(letters[0].done == 1 && letters[0].op.error == JOURNAL_ESINK);
    check(service_up(&broker));
}

void run_outages(void)
{
    RUN(survives_a_broker_that_is_killed);
    RUN(loses_nothing_that_it_acknowledged_when_the_broker_is_killed_under_load);
    RUN(notices_a_broker_that_is_stopped);
    RUN(closes_though_the_broker_is_gone);
}
