// SPDX-License-Identifier: MIT
/* Confirms in any order, appends in theirs. */
#include "src/journal/rabbitmq_window.h"

#include "tests/support/tap.h"

enum { OPS = 3000 };

static struct journal_append ops[OPS];
static struct rabbitmq_window w;

static void add(int first, int count)
{
    for (int i = first; i < first + count; i++) {
        ops[i].error = 1; /* nothing is said of it yet */
        rabbitmq_window_add(&w, &ops[i], (uint64_t)i);
    }
}

static void publish(int count)
{
    for (int i = 0; i < count; i++) {
        check(rabbitmq_window_next(&w) != NULL);
        rabbitmq_window_publish(&w);
    }
}

/* Pops and checks the ops from first on, which have that error; then comes none. */
static void pops(int first, int count, int error)
{
    for (int i = first; i < first + count; i++) {
        check(rabbitmq_window_pop(&w) == &ops[i]);
        check(ops[i].error == error);
    }
}

static void hands_back_in_order_whatever_the_order_of_confirms(void)
{
    rabbitmq_window_restart(&w, 2);
    add(0, 6);
    publish(5);
    rabbitmq_window_settle(&w, 4, false, 0); /* the third */
    check(rabbitmq_window_pop(&w) == NULL);
    rabbitmq_window_settle(&w, 3, true, 0); /* the first two */
    pops(0, 3, 0);
    check(rabbitmq_window_pop(&w) == NULL && rabbitmq_window_published(&w) == 2);
    rabbitmq_window_settle(&w, 6, true, JOURNAL_ESINK);
    pops(3, 2, JOURNAL_ESINK);
    check(rabbitmq_window_next(&w) == &ops[5] && rabbitmq_window_oldest_ms(&w) == 5);
    publish(1);
    rabbitmq_window_settle(&w, 7, false, 0);
    pops(5, 1, 0);
    rabbitmq_window_finish(&w);
}

static void ignores_tags_that_are_not_under_way(void)
{
    static const uint64_t strange[] = {0, 1, 4, UINT64_MAX};

    rabbitmq_window_restart(&w, 2);
    add(0, 3);
    publish(2);
    for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
        rabbitmq_window_settle(&w, strange[i], true, 0);
        rabbitmq_window_settle(&w, strange[i], false, 0);
    }
    check(rabbitmq_window_pop(&w) == NULL);
    rabbitmq_window_settle(&w, 2, false, 0);
    pops(0, 1, 0);
    rabbitmq_window_settle(&w, 2, false, JOURNAL_ESINK); /* again, when it has left */
    rabbitmq_window_settle(&w, 3, false, 0);
    pops(1, 1, 0);
    rabbitmq_window_expire(&w, UINT64_MAX);
    pops(2, 1, JOURNAL_ESINK);
    rabbitmq_window_finish(&w);
}

static void fails_what_was_published_on_a_connection_that_is_over(void)
{
    rabbitmq_window_restart(&w, 1);
    add(0, 4);
    publish(2);
    rabbitmq_window_settle(&w, 2, false, 0);
    rabbitmq_window_restart(&w, 0);
    pops(0, 1, JOURNAL_ESINK);
    pops(1, 1, 0);
    check(rabbitmq_window_pop(&w) == NULL);
    rabbitmq_window_expire(&w, 3); /* the third came at 2 */
    pops(2, 1, JOURNAL_ESINK);
    rabbitmq_window_restart(&w, 1);
    publish(1);
    rabbitmq_window_settle(&w, 1, false, 0);
    pops(3, 1, 0);
    check(rabbitmq_window_is_empty(&w) && rabbitmq_window_oldest_ms(&w) == UINT64_MAX);
    rabbitmq_window_finish(&w);
}

static void grows_while_it_is_in_use(void)
{
    rabbitmq_window_restart(&w, 1);
    add(0, 700);
    publish(700);
    rabbitmq_window_settle(&w, 600, true, 0);
    pops(0, 600, 0);
    add(700, OPS - 700);
    publish(OPS - 700);
    rabbitmq_window_settle(&w, OPS, true, 0);
    pops(600, OPS - 600, 0);
    check(rabbitmq_window_is_empty(&w));
    rabbitmq_window_finish(&w);
}

int main(void)
{
    RUN(hands_back_in_order_whatever_the_order_of_confirms);
    RUN(ignores_tags_that_are_not_under_way);
    RUN(fails_what_was_published_on_a_connection_that_is_over);
    RUN(grows_while_it_is_in_use);
    return tap_done();
}
