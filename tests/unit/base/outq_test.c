// SPDX-License-Identifier: MIT
#include "src/base/outq.h"

#include <stdlib.h>

#include "tests/support/tap.h"

static bool overflowed;

static void on_full(struct outq *q)
{
    overflowed = true;
}

static void push_text(struct outq *q, const char *text)
{
    struct frame *f = frame_copy(span_cstr(text));
    check(outq_push(q, f));
    frame_release(f);
}

static void append(struct cork *c, const char *text)
{
    cork_append(c, span_cstr(text), NULL, 0, on_full);
}

/* What would be sent, as one string. */
static const char *content(struct outq *q)
{
    static char text[4096];
    struct iovec iov[64];
    size_t len = 0;
    int n = outq_iovec(q, iov, 64);
    for (int i = 0; i < n; i++) {
        memcpy(text + len, iov[i].iov_base, iov[i].iov_len);
        len += iov[i].iov_len;
    }
    text[len] = '\0';
    check(len == outq_bytes(q));
    return text;
}

static void sends_frames_in_order_and_holds_them_until_sent(void)
{
    struct outq q = {0};
    struct frame *f = frame_copy(SPAN("abc"));
    check(outq_push(&q, f) && outq_push(&q, f));
    check(atomic_load(&f->refs) == 3);
    check(strcmp(content(&q), "abcabc") == 0);
    outq_consume(&q, 4);
    check(atomic_load(&f->refs) == 2);
    check(strcmp(content(&q), "bc") == 0);
    outq_consume(&q, 2);
    check(outq_empty(&q) && q.segments == NULL);
    check(atomic_load(&f->refs) == 1);
    frame_release(f);
}

static void one_append_reaches_every_queue_of_the_cork(void)
{
    struct outq a = {0}, b = {0};
    struct cork c;
    cork_init(&c);
    check(cork_open(&c, &a));
    append(&c, "1");
    check(cork_open(&c, &b)); /* joined later: sees only what comes from now on */
    append(&c, "2");
    append(&c, "3");
    cork_seal(&c);
    check(strcmp(content(&a), "123") == 0);
    check(strcmp(content(&b), "23") == 0);
    check(a.count == 1);
    outq_clear(&a);
    outq_consume(&b, 2);
    check(outq_empty(&b));
}

static void keeps_the_order_when_something_comes_in_between(void)
{
    struct outq a = {0}, b = {0};
    struct cork c;
    cork_init(&c);
    check(cork_open(&c, &a) && cork_open(&c, &b));
    append(&c, "1");
    push_text(&a, "[ack]");
    append(&c, "2");
    append(&c, "3");
    push_text(&a, "[end]");
    cork_seal(&c);
    check(strcmp(content(&a), "1[ack]23[end]") == 0);
    check(strcmp(content(&b), "123") == 0);
    outq_clear(&a);
    outq_clear(&b);
}

static void two_corks_take_turns_on_one_queue(void)
{
    struct outq q = {0};
    struct cork x, y;
    cork_init(&x);
    cork_init(&y);
    check(cork_open(&x, &q));
    append(&x, "x1");
    check(cork_open(&y, &q));
    append(&y, "y1");
    append(&x, "x2");
    append(&x, "x3");
    append(&y, "y2");
    cork_seal(&x);
    cork_seal(&y);
    check(strcmp(content(&q), "x1y1x2x3y2") == 0);
    outq_clear(&q);
}

static void leaves_out_those_who_are_to_be_skipped(void)
{
    struct outq a = {0}, b = {0};
    struct outq *skip[] = {&b};
    struct cork c;
    cork_init(&c);
    check(cork_open(&c, &a) && cork_open(&c, &b));
    append(&c, "1");
    cork_append(&c, SPAN("2"), skip, 1, on_full);
    cork_append(&c, SPAN("3"), skip, 1, on_full);
    append(&c, "4");
    cork_seal(&c);
    check(strcmp(content(&a), "1234") == 0);
    check(strcmp(content(&b), "14") == 0);
    outq_clear(&a);
    outq_clear(&b);
}

static void moves_segments_one_by_one_without_copying_them(void)
{
    struct outq q = {0}, to = {0};
    struct cork c;
    cork_init(&c);
    push_text(&to, "0");
    push_text(&q, "abc");
    outq_consume(&q, 1);
    check(cork_open(&c, &q));
    append(&c, "12");
    push_text(&q, "d");
    cork_seal(&c);
    check(outq_shift(&q, &to));
    check(strcmp(content(&to), "0bc") == 0 && strcmp(content(&q), "12d") == 0);
    check(outq_shift(&q, &to) && outq_shift(&q, &to));
    check(strcmp(content(&to), "0bc12d") == 0 && to.count == 4);
    check(outq_empty(&q) && q.segments == NULL);
    outq_clear(&to);
}

static void an_open_segment_that_got_nothing_vanishes(void)
{
    struct outq q = {0};
    struct cork c;
    cork_init(&c);
    check(cork_open(&c, &q));
    push_text(&q, "x");
    check(q.count == 1);
    cork_seal(&c);
    check(strcmp(content(&q), "x") == 0);
    outq_clear(&q);
}

static void outgrows_its_first_buffer(void)
{
    struct outq q = {0};
    struct cork c;
    char line[101];
    memset(line, 'x', 100);
    line[100] = '\0';
    cork_init(&c);
    check(cork_open(&c, &q));
    for (int i = 0; i < 30; i++) {
        append(&c, line);
    }
    cork_seal(&c);
    check(outq_bytes(&q) == 3000);
    outq_consume(&q, 2999);
    check(strcmp(content(&q), "x") == 0);
    outq_clear(&q);
}

static void refuses_more_segments_than_its_bound(void)
{
    struct outq q = {0};
    struct frame *f = frame_copy(SPAN("x"));
    struct cork c;
    unsigned n = 0;
    while (n <= OUTQ_SEGMENTS_MAX && outq_push(&q, f)) {
        n++;
    }
    check(n == OUTQ_SEGMENTS_MAX);
    cork_init(&c);
    check(!cork_open(&c, &q));
    cork_seal(&c);
    outq_clear(&q);
    check(atomic_load(&f->refs) == 1);

    cork_init(&c);
    check(cork_open(&c, &q));
    append(&c, "1");
    while (outq_push(&q, f)) {
    }
    overflowed = false;
    append(&c, "2");
    check(overflowed);
    cork_seal(&c);
    outq_clear(&q);
    frame_release(f);
}

static void moves_to_another_queue(void)
{
    struct outq a = {0}, b = {0};
    push_text(&a, "12");
    outq_move(&a, &b);
    check(outq_empty(&a) && strcmp(content(&b), "12") == 0);
    outq_clear(&b);
}

int main(void)
{
    RUN(sends_frames_in_order_and_holds_them_until_sent);
    RUN(one_append_reaches_every_queue_of_the_cork);
    RUN(keeps_the_order_when_something_comes_in_between);
    RUN(two_corks_take_turns_on_one_queue);
    RUN(leaves_out_those_who_are_to_be_skipped);
    RUN(moves_segments_one_by_one_without_copying_them);
    RUN(an_open_segment_that_got_nothing_vanishes);
    RUN(outgrows_its_first_buffer);
    RUN(refuses_more_segments_than_its_bound);
    RUN(moves_to_another_queue);
    return tap_done();
}
