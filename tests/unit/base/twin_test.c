// SPDX-License-Identifier: MIT
#include "src/base/twin.h"

#include <pthread.h>

#include "src/base/outq.h"
#include "tests/support/tap.h"

enum { FORM = 15, OTHER_FORM = 9, THREADS = 4, ROUNDS = 200 };

/* "aaaa" and "cccc" are "A" and "C" in the twin; "bb" and "d" are as they were. */
static const struct twin_mark marks[] = {{4, 1}, {10, 4}};

static struct twin *twin_of_letters(unsigned form)
{
    return twin_create(form, frame_copy(SPAN("AbbCd")), marks, 2);
}

static struct frame *letters(void)
{
    struct frame *f = frame_copy(SPAN("aaaabbccccd"));
    check(twin_find(f, FORM) == NULL);
    (void)twin_keep(f, twin_of_letters(FORM));
    return f;
}

static void finds_each_place_between_two_messages(void)
{
    struct frame *f = letters();
    const struct twin *twin = twin_find(f, FORM);

    check(twin_place(twin, 0) == 0);
    check(twin_place(twin, 4) == 1);
    check(twin_place(twin, 6) == 3);
    check(twin_place(twin, 10) == 4);
    check(twin_place(twin, 11) == 5);
    frame_release(f);
}

static void what_comes_before_the_first_mark_stays_where_it_is(void)
{
    static const struct twin_mark late = {7, 4};
    struct frame *f = frame_copy(SPAN("abbbbbbc"));
    const struct twin *twin = twin_keep(f, twin_create(FORM, frame_copy(SPAN("aB..c")), &late, 1));

    check(twin_place(twin, 0) == 0 && twin_place(twin, 1) == 1 && twin_place(twin, 8) == 5);
    frame_release(f);
}

static void keeps_one_for_each_form(void)
{
    struct frame *f = letters();
    const struct twin *first = twin_find(f, FORM);

    check(twin_find(f, OTHER_FORM) == NULL);
    check(twin_keep(f, twin_of_letters(FORM)) == first); /* the late one is freed */
    const struct twin *other = twin_keep(f, twin_create(OTHER_FORM, NULL, NULL, 0));
    check(other != first && twin_find(f, OTHER_FORM) == other && twin_find(f, FORM) == first);
    frame_release(f);
}

static void lives_on_in_the_queues_that_have_it(void)
{
    struct frame *f = letters();
    struct frame *held = frame_hold(twin_find(f, FORM)->frame);

    check(atomic_load(&held->refs) == 2);
    frame_release(f);
    check(atomic_load(&held->refs) == 1 && held->len == 5);
    frame_release(held);
}

/* ---- made by several threads at a time ---- */

static struct frame *shared;

static void *make_twin(void *arg)
{
    const struct twin *twin = twin_keep(shared, twin_of_letters(FORM));
    bool good = twin == twin_find(shared, FORM) && twin_place(twin, 11) == 5 &&
                span_eq(span_of(twin->frame->data, twin->frame->len), SPAN("AbbCd"));
    return good ? shared : NULL;
}

static void threads_that_make_it_at_a_time_get_the_same(void)
{
    for (int round = 0; round < ROUNDS; round++) {
        pthread_t threads[THREADS];
        shared = frame_copy(SPAN("aaaabbccccd"));
        for (int i = 0; i < THREADS; i++) {
            check(pthread_create(&threads[i], NULL, make_twin, NULL) == 0);
        }
        for (int i = 0; i < THREADS; i++) {
            void *result;
            check(pthread_join(threads[i], &result) == 0 && result == shared);
        }
        check(twin_find(shared, FORM)->next == NULL);
        frame_release(shared);
    }
}

/* ---- in queues ---- */

static void on_full(struct outq *q)
{
    check(!"full");
}

static const struct twin *choose_letters(void *arg, struct frame *f, size_t len)
{
    unsigned *calls = arg;

    (*calls)++;
    if (f->len != 11) {
        return NULL;
    }
    const struct twin *twin = twin_find(f, FORM);
    return twin != NULL ? twin : twin_keep(f, twin_of_letters(FORM));
}

static bool queued(const struct outq *q, const char *want)
{
    struct iovec iov[8];
    char text[64] = "";
    size_t len = 0;
    int n = outq_iovec(q, iov, 8);

    for (int i = 0; i < n; i++) {
        memcpy(text + len, iov[i].iov_base, iov[i].iov_len);
        len += iov[i].iov_len;
    }
    return len == outq_bytes(q) && strcmp(text, want) == 0;
}

static void queues_that_begin_anywhere_in_a_cork_share_one(void)
{
    struct outq a = {0}, b = {0};
    struct cork c;
    unsigned calls = 0;

    cork_init(&c);
    check(cork_open(&c, &a));
    cork_append(&c, SPAN("aaaabb"), NULL, 0, on_full);
    check(cork_open(&c, &b));
    cork_append(&c, SPAN("cccc"), NULL, 0, on_full);
    struct frame *alone = frame_copy(SPAN("1"));
    check(outq_push(&a, alone)); /* ends a's segment for a while */
    cork_append(&c, SPAN("d"), NULL, 0, on_full);
    cork_seal(&c);
    outq_convert(&a, 8, choose_letters, &calls);
    outq_convert(&b, 8, choose_letters, &calls);
    check(queued(&a, "AbbC1d") && queued(&b, "Cd"));
    check(calls == 4);
    frame_release(alone);
    outq_clear(&a);
    outq_clear(&b);
}

static void no_more_than_the_oldest_are_converted(void)
{
    struct outq q = {0};
    struct frame *f = letters();
    unsigned calls = 0;

    check(outq_push(&q, f) && outq_push(&q, f));
    outq_convert(&q, 1, choose_letters, &calls);
    check(calls == 1 && queued(&q, "AbbCdaaaabbccccd"));
    outq_consume(&q, 5);
    frame_release(f);
    outq_clear(&q);
}

static void a_twin_that_is_no_different_changes_nothing(void)
{
    struct outq q = {0};
    struct frame *f = frame_copy(SPAN("abcdefghijk"));
    unsigned calls = 0;

    (void)twin_keep(f, twin_create(FORM, NULL, NULL, 0));
    check(outq_push(&q, f));
    outq_convert(&q, 1, choose_letters, &calls);
    check(calls == 1 && queued(&q, "abcdefghijk"));
    frame_release(f);
    outq_clear(&q);
}

int main(void)
{
    RUN(finds_each_place_between_two_messages);
    RUN(what_comes_before_the_first_mark_stays_where_it_is);
    RUN(keeps_one_for_each_form);
    RUN(lives_on_in_the_queues_that_have_it);
    RUN(threads_that_make_it_at_a_time_get_the_same);
    RUN(queues_that_begin_anywhere_in_a_cork_share_one);
    RUN(no_more_than_the_oldest_are_converted);
    RUN(a_twin_that_is_no_different_changes_nothing);
    return tap_done();
}
