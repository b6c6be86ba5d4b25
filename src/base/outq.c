// SPDX-License-Identifier: MIT
#include "src/base/outq.h"

#include <assert.h>
#include <stdlib.h>

#include "src/base/memory.h"

enum { OUTQ_CAP_MIN = 4, CORK_FRAME_CAP = 512, SEGMENT_OPEN = -1 };

struct outq_segment {
    struct frame *frame;
    uint32_t begin;
    uint32_t end; /* (uint32_t)SEGMENT_OPEN: wherever the frame ends */
};

static bool segment_open(const struct outq_segment *s)
{
    return s->end == (uint32_t)SEGMENT_OPEN;
}

static uint32_t segment_len(const struct outq_segment *s)
{
    return (segment_open(s) ? s->frame->len : s->end) - s->begin;
}

static struct outq_segment *segment_at(const struct outq *q, unsigned i)
{
    return &q->segments[q->first + i];
}

static void remember_broken(struct cork *c, struct outq *q)
{
    if (c->broken_count == c->broken_cap) {
        c->broken_cap = c->broken_cap == 0 ? 16 : c->broken_cap * 2;
        c->broken = xreallocarray(c->broken, c->broken_cap, sizeof *c->broken);
    }
    c->broken[c->broken_count++] = q;
}

/* Ends an open segment at the back of the queue. While its cork is live, that is told; once the
 * cork is sealed the segment simply gets the end that it has. */
static void end_open_segment(struct outq *q)
{
    struct outq_segment *last = q->count == 0 ? NULL : segment_at(q, q->count - 1U);

    if (last == NULL || !segment_open(last)) {
        return;
    }
    last->end = last->frame->len;
    if (last->frame->cork != NULL) {
        remember_broken(last->frame->cork, q);
    }
    if (last->end == last->begin) { /* nothing came since it was opened */
        frame_release(last->frame);
        q->count--;
    }
}

static bool make_room(struct outq *q)
{
    if (q->first + q->count < q->cap) {
        return true;
    }
    if (q->first > 0) {
        memmove(q->segments, segment_at(q, 0), q->count * sizeof *q->segments);
        q->first = 0;
        return true;
    }
    if (q->cap >= OUTQ_SEGMENTS_MAX) {
        return false;
    }
    q->cap = (uint16_t)(q->cap == 0 ? OUTQ_CAP_MIN : q->cap * 2);
    q->segments = xreallocarray(q->segments, q->cap, sizeof *q->segments);
    return true;
}

static bool push_segment(struct outq *q, struct frame *f, uint32_t begin, uint32_t end)
{
    end_open_segment(q);
    if (!make_room(q)) {
        return false;
    }
    q->segments[q->first + q->count++] =
        (struct outq_segment){.frame = frame_hold(f), .begin = begin, .end = end};
    return true;
}

bool outq_push(struct outq *q, struct frame *f)
{
    assert(f->cork == NULL);
    return push_segment(q, f, 0, f->len);
}

size_t outq_bytes(const struct outq *q)
{
    size_t n = 0;
    for (unsigned i = 0; i < q->count; i++) {
        n += segment_len(segment_at(q, i));
    }
    return n;
}

int outq_iovec(const struct outq *q, struct iovec *iov, int max)
{
    int n = 0;
    for (unsigned i = 0; i < q->count && n < max; i++) {
        struct outq_segment *s = segment_at(q, i);
        iov[n++] = (struct iovec){s->frame->data + s->begin, segment_len(s)};
    }
    return n;
}

struct span outq_front(const struct outq *q, const struct frame **frame)
{
    assert(q->count > 0);
    struct outq_segment *s = segment_at(q, 0);
    *frame = s->frame;
    return span_of(s->frame->data + s->begin, segment_len(s));
}

static void put_into(struct outq_segment *s, const struct twin *twin)
{
    struct frame *plain = s->frame;

    s->end = twin_place(twin, segment_open(s) ? plain->len : s->end);
    s->begin = twin_place(twin, s->begin);
    s->frame = frame_hold(twin->frame);
    frame_release(plain);
}

void outq_convert(struct outq *q, int max,
                  const struct twin *(*choose)(void *arg, struct frame *f, size_t len), void *arg)
{
    for (int i = 0; i < max && i < q->count; i++) {
        struct outq_segment *s = segment_at(q, (unsigned)i);
        assert(s->frame->cork == NULL);
        const struct twin *twin = choose(arg, s->frame, segment_len(s));
        if (twin != NULL && twin->frame != NULL) {
            put_into(s, twin);
        }
    }
}

static void free_when_empty(struct outq *q)
{
    if (q->count == 0) {
        free(q->segments);
        *q = (struct outq){0};
    }
}

void outq_consume(struct outq *q, size_t n)
{
    while (q->count > 0) {
        struct outq_segment *s = segment_at(q, 0);
        uint32_t len = segment_len(s);
        if (n < len) {
            s->begin += (uint32_t)n;
            return;
        }
        assert(!segment_open(s) || s->frame->cork == NULL);
        n -= len;
        frame_release(s->frame);
        q->first++;
        q->count--;
    }
    assert(n == 0);
    free_when_empty(q);
}

void outq_clear(struct outq *q)
{
    for (unsigned i = 0; i < q->count; i++) {
        frame_release(segment_at(q, i)->frame);
    }
    q->count = 0;
    free_when_empty(q);
}

bool outq_shift(struct outq *q, struct outq *to)
{
    assert(q->count > 0);
    const struct outq_segment *s = segment_at(q, 0);
    uint32_t len = segment_len(s);

    assert(!segment_open(s) || s->frame->cork == NULL);
    if (!push_segment(to, s->frame, s->begin, s->begin + len)) {
        return false;
    }
    outq_consume(q, len);
    return true;
}

void outq_move(struct outq *q, struct outq *to)
{
    assert(outq_empty(to));
    outq_clear(to);
    *to = *q;
    *q = (struct outq){0};
}

void cork_init(struct cork *c)
{
    *c = (struct cork){.frame = frame_create(CORK_FRAME_CAP)};
    c->frame->cork = c;
}

bool cork_open(struct cork *c, struct outq *q)
{
    assert(c->frame->cork == c);
    return push_segment(q, c->frame, c->frame->len, (uint32_t)SEGMENT_OPEN);
}

static bool listed(struct outq *const *list, size_t count, const struct outq *q)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i] == q) {
            return true;
        }
    }
    return false;
}

static bool tail_is_open_on(const struct outq *q, const struct frame *f)
{
    const struct outq_segment *last = q->count == 0 ? NULL : segment_at(q, q->count - 1U);
    return last != NULL && segment_open(last) && last->frame == f;
}

static void reopen_broken(struct cork *c, struct outq *const *skip, size_t skip_count,
                          void (*on_full)(struct outq *q))
{
    unsigned kept = 0;
    for (unsigned i = 0; i < c->broken_count; i++) {
        struct outq *q = c->broken[i];
        if (listed(skip, skip_count, q)) {
            c->broken[kept++] = q;
        } else if (!push_segment(q, c->frame, c->frame->len, (uint32_t)SEGMENT_OPEN)) {
            on_full(q);
        }
    }
    c->broken_count = kept;
}

void cork_append(struct cork *c, struct span content, struct outq *const *skip, size_t skip_count,
                 void (*on_full)(struct outq *q))
{
    assert(c->frame->cork == c);
    for (size_t i = 0; i < skip_count; i++) {
        if (tail_is_open_on(skip[i], c->frame)) {
            end_open_segment(skip[i]);
        }
    }
    if (c->broken_count > 0) {
        reopen_broken(c, skip, skip_count, on_full);
    }
    frame_append(c->frame, content);
}

void cork_seal(struct cork *c)
{
    assert(c->frame->cork == c);
    c->frame->cork = NULL;
    frame_release(c->frame);
    free(c->broken);
    *c = (struct cork){0};
}
