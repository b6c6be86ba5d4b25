// SPDX-License-Identifier: MIT
#include "src/chat/limiter.h"

#include <pthread.h>
#include <stdatomic.h>

#include "tests/support/tap.h"

static const uint64_t secret[2] = {1, 2};

static bool allow(struct limiter *l, const char *key, unsigned max, uint64_t now_ms)
{
    return limiter_allow(l, LIMIT_MESSAGES, span_cstr(key), max, now_ms);
}

static void refuses_what_is_too_much_until_the_minute_is_over(void)
{
    struct limiter *l = limiter_create(secret);
    check(allow(l, "a", 2, 1000) && allow(l, "a", 2, 30000));
    check(!allow(l, "a", 2, 30001) && !allow(l, "a", 2, 1000 + LIMITER_WINDOW_MS - 1));
    check(allow(l, "a", 2, 1000 + LIMITER_WINDOW_MS));
    check(allow(l, "a", 2, 1001 + LIMITER_WINDOW_MS));
    check(!allow(l, "a", 2, 1002 + LIMITER_WINDOW_MS));
    limiter_destroy(l);
}

static void counts_each_key_and_class_by_itself(void)
{
    struct limiter *l = limiter_create(secret);
    check(allow(l, "a", 1, 0) && !allow(l, "a", 1, 0));
    check(allow(l, "b", 1, 0));
    check(limiter_allow(l, LIMIT_TYPING, SPAN("a"), 1, 0));
    check(!limiter_allow(l, LIMIT_TYPING, SPAN("a"), 1, 0));
    limiter_destroy(l);
}

static void counts_nothing_without_a_limit(void)
{
    struct limiter *l = limiter_create(secret);
    for (unsigned i = 0; i < 1000; i++) {
        check(allow(l, "a", 0, 0));
    }
    check(allow(l, "a", 1, 0));
    limiter_destroy(l);
}

/* Loops take the time once per turn, each for itself. */
static void is_not_confused_by_a_loop_that_is_behind(void)
{
    struct limiter *l = limiter_create(secret);
    check(allow(l, "a", 2, 5000) && allow(l, "a", 2, 4999));
    check(!allow(l, "a", 2, 5000) && !allow(l, "a", 2, 4999));
    limiter_destroy(l);
}

static void takes_a_limit_that_is_changed(void)
{
    struct limiter *l = limiter_create(secret);
    check(allow(l, "a", 1, 0) && !allow(l, "a", 1, 0));
    check(allow(l, "a", 2, 0) && !allow(l, "a", 1, 0));
    limiter_destroy(l);
}

/* So many users that each of the shards is full. */
static unsigned crowd(struct limiter *l, const char *name, uint64_t now_ms)
{
    enum { KEYS = 32 * 8192 + 40000 };
    unsigned refused = 0;
    char key[16];

    for (unsigned i = 0; i < KEYS; i++) {
        (void)snprintf(key, sizeof key, "%s%u", name, i);
        refused += !allow(l, key, 1, now_ms);
        refused += allow(l, key, 1, now_ms);
    }
    return refused;
}

static void counts_newcomers_when_it_is_full_and_forgets_the_oldest(void)
{
    struct limiter *l = limiter_create(secret);
    check(allow(l, "first", 1, 0) && !allow(l, "first", 1, 0));
    check(crowd(l, "k", 1) == 0);
    check(!allow(l, "k302143", 1, 2) && allow(l, "first", 1, 2));
    check(crowd(l, "n", 2 * LIMITER_WINDOW_MS) == 0); /* the minute is over: there is room again */
    limiter_destroy(l);
}

static void forgets_no_address_because_of_users(void)
{
    static const enum limiter_class classes[] = {LIMIT_CONNECTIONS, LIMIT_LOGINS};
    struct limiter *l = limiter_create(secret);
    for (unsigned i = 0; i < 2; i++) {
        check(limiter_allow(l, classes[i], SPAN("127.0.0.1"), 1, 0));
    }
    check(crowd(l, "k", 1) == 0);
    for (unsigned i = 0; i < 2; i++) {
        check(!limiter_allow(l, classes[i], SPAN("127.0.0.1"), 1, 2));
    }
    limiter_destroy(l);
}

static void goes_on_after_a_minute_in_another_order(void)
{
    struct limiter *l = limiter_create(secret);
    char key[16];
    for (unsigned round = 0; round < 4; round++) {
        for (unsigned i = 0; i < 1000; i++) {
            (void)snprintf(key, sizeof key, "k%u", (i * 7 + round) % 1000);
            check(allow(l, key, 1, round * LIMITER_WINDOW_MS));
            check(!allow(l, key, 1, round * LIMITER_WINDOW_MS));
        }
    }
    limiter_destroy(l);
}

static struct limiter *shared;
static atomic_uint allowed;

static void *try_often(void *arg)
{
    for (unsigned i = 0; i < 1000; i++) {
        atomic_fetch_add(&allowed, allow(shared, "a", 500, 1000 + i % 2));
    }
    return NULL;
}

static void counts_together_what_threads_ask(void)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    shared = limiter_create(secret);
    for (unsigned i = 0; i < THREADS; i++) {
        check(pthread_create(&threads[i], NULL, try_often, NULL) == 0);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    check(allowed == 500);
    limiter_destroy(shared);
}

int main(void)
{
    RUN(refuses_what_is_too_much_until_the_minute_is_over);
    RUN(counts_each_key_and_class_by_itself);
    RUN(counts_nothing_without_a_limit);
    RUN(is_not_confused_by_a_loop_that_is_behind);
    RUN(takes_a_limit_that_is_changed);
    RUN(counts_newcomers_when_it_is_full_and_forgets_the_oldest);
    RUN(forgets_no_address_because_of_users);
    RUN(goes_on_after_a_minute_in_another_order);
    RUN(counts_together_what_threads_ask);
    return tap_done();
}
