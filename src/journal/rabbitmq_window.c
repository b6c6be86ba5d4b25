// SPDX-License-Identifier: MIT
#include "src/journal/rabbitmq_window.h"

#include <assert.h>
#include <stdlib.h>

#include "src/base/memory.h"

enum { SLOTS_MIN = 1024 };

static struct rabbitmq_sent *at(const struct rabbitmq_window *w, uint64_t number)
{
    return &w->ring[number & (w->slots - 1)];
}

void rabbitmq_window_finish(struct rabbitmq_window *w)
{
    assert(rabbitmq_window_is_empty(w));
    free(w->ring);
    *w = (struct rabbitmq_window){0};
}

static void grow(struct rabbitmq_window *w)
{
    struct rabbitmq_window wider = *w;

    wider.slots = w->slots != 0 ? w->slots * 2 : SLOTS_MIN;
    wider.ring = xcalloc(wider.slots, sizeof *wider.ring);
    for (uint64_t i = w->head; i != w->tail; i++) {
        *at(&wider, i) = *at(w, i);
    }
    free(w->ring);
    *w = wider;
}

void rabbitmq_window_add(struct rabbitmq_window *w, struct journal_append *op, uint64_t now_ms)
{
    if (w->tail - w->head == w->slots) {
        grow(w);
    }
    *at(w, w->tail++) = (struct rabbitmq_sent){.op = op, .since_ms = now_ms};
}

struct journal_append *rabbitmq_window_next(const struct rabbitmq_window *w)
{
    return w->next != w->tail ? at(w, w->next)->op : NULL;
}

void rabbitmq_window_publish(struct rabbitmq_window *w)
{
    assert(w->next != w->tail);
    w->next++;
}

static void settle_one(struct rabbitmq_window *w, uint64_t number, int error)
{
    struct rabbitmq_sent *sent = at(w, number);

    if (!sent->is_settled) {
        sent->is_settled = true;
        sent->op->error = error;
    }
}

void rabbitmq_window_restart(struct rabbitmq_window *w, uint64_t tag)
{
    for (uint64_t i = w->head; i != w->next; i++) {
        settle_one(w, i, JOURNAL_ESINK);
    }
    w->first = w->next;
    w->first_tag = tag;
}

void rabbitmq_window_settle(struct rabbitmq_window *w, uint64_t tag, bool multiple, int error)
{
    if (tag < w->first_tag || tag - w->first_tag >= w->next - w->first) {
        return;
    }
    uint64_t number = w->first + (tag - w->first_tag);
    if (number < w->head) {
        return;
    }
    for (uint64_t i = multiple ? w->head : number; i <= number; i++) {
        settle_one(w, i, error);
    }
}

uint64_t rabbitmq_window_oldest_ms(const struct rabbitmq_window *w)
{
    return rabbitmq_window_is_empty(w) ? UINT64_MAX : at(w, w->head)->since_ms;
}

void rabbitmq_window_expire(struct rabbitmq_window *w, uint64_t before_ms)
{
    while (w->next != w->tail && at(w, w->next)->since_ms < before_ms) {
        settle_one(w, w->next++, JOURNAL_ESINK);
    }
}

struct journal_append *rabbitmq_window_pop(struct rabbitmq_window *w)
{
    if (w->head == w->next || !at(w, w->head)->is_settled) {
        return NULL;
    }
    return at(w, w->head++)->op;
}
