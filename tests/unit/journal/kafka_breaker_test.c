// SPDX-License-Identifier: MIT
#include "src/journal/kafka_breaker.h"

#include "tests/support/tap.h"

enum { AWAY = 3000 };

static struct kafka_breaker b;

static void start(void)
{
    kafka_breaker_init(&b, AWAY, 10000);
}

static void opens_when_what_waits_has_had_no_answer_for_long(void)
{
    start();
    check(!kafka_breaker_look(&b, 20000, 17001));
    check(kafka_breaker_admits(&b, 20000));
    check(kafka_breaker_look(&b, 20001, 17001));
    check(!kafka_breaker_look(&b, 20002, 17001)); /* only once */
    check(!kafka_breaker_admits(&b, 20002));
}

static void stays_closed_while_nothing_waits(void)
{
    start();
    check(!kafka_breaker_look(&b, 1000000, 0));
    check(kafka_breaker_admits(&b, 1000000));
}

static void stays_closed_while_others_are_answered(void)
{
    start();
    check(!kafka_breaker_succeed(&b, 19000));
    check(!kafka_breaker_look(&b, 20001, 17001));
    check(kafka_breaker_look(&b, 22000, 17001));
}

static void lets_one_probe_through_each_half_second_while_it_is_open(void)
{
    start();
    check(kafka_breaker_break(&b, 11000));
    check(!kafka_breaker_admits(&b, 11499));
    check(kafka_breaker_admits(&b, 11500));
    check(!kafka_breaker_admits(&b, 11500));
    check(!kafka_breaker_admits(&b, 11999));
    check(kafka_breaker_admits(&b, 12000));
}

static void closes_with_the_first_success(void)
{
    start();
    check(kafka_breaker_break(&b, 11000));
    check(kafka_breaker_succeed(&b, 11600));
    check(!kafka_breaker_succeed(&b, 11601));
    check(kafka_breaker_admits(&b, 11602) && kafka_breaker_admits(&b, 11602));
}

static void stays_open_whatever_succeeds_once_it_is_ended(void)
{
    start();
    check(kafka_breaker_end(&b));
    check(!kafka_breaker_end(&b));
    check(!kafka_breaker_succeed(&b, 11000));
    check(b.open && !kafka_breaker_admits(&b, 1000000));
}

static void opens_when_no_broker_is_there_for_long(void)
{
    start();
    kafka_breaker_down(&b, 11000);
    kafka_breaker_down(&b, 13000); /* the first counts */
    check(!kafka_breaker_look(&b, 13999, 0));
    check(kafka_breaker_look(&b, 14000, 0));
}

static void forgets_that_brokers_were_down_when_one_answers(void)
{
    start();
    kafka_breaker_down(&b, 11000);
    check(!kafka_breaker_succeed(&b, 13000));
    check(!kafka_breaker_look(&b, 15000, 0));
}

int main(void)
{
    RUN(opens_when_what_waits_has_had_no_answer_for_long);
    RUN(stays_closed_while_nothing_waits);
    RUN(stays_closed_while_others_are_answered);
    RUN(lets_one_probe_through_each_half_second_while_it_is_open);
    RUN(closes_with_the_first_success);
    RUN(stays_open_whatever_succeeds_once_it_is_ended);
    RUN(opens_when_no_broker_is_there_for_long);
    RUN(forgets_that_brokers_were_down_when_one_answers);
    return tap_done();
}
