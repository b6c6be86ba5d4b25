/* Window: appends on their way through a channel with publisher confirms, in their order.
 *
 *     head ........ next ........ tail
 *      │ published   │ not yet      │
 *      └─ pop: once the first has been confirmed, refused or has failed
 *
 * Confirms come in any order, for one delivery tag or for all up to it; appends leave in the order
 * in which they came. Delivery tags count from 1 in each connection.
 *
 * Ownership: it holds pointers to appends of the owner's. Threads: one. */
// SPDX-License-Identifier: MIT
#ifndef JOURNAL_RABBITMQ_WINDOW_H
#define JOURNAL_RABBITMQ_WINDOW_H

#include "src/journal/journal.h"

struct rabbitmq_window {
    struct rabbitmq_sent {
        struct journal_append *op; /* op->error is set once it is settled */
        uint64_t since_ms;
        bool is_settled;
    } * ring;
    size_t slots;              /* a power of two, or 0 */
    uint64_t head, next, tail; /* counted since the start */
    uint64_t first_tag;        /* of the append number first */
    uint64_t first;
};

void rabbitmq_window_finish(struct rabbitmq_window *w);

void rabbitmq_window_add(struct rabbitmq_window *w, struct journal_append *op, uint64_t now_ms);

static inline bool rabbitmq_window_is_empty(const struct rabbitmq_window *w)
{
    return w->head == w->tail;
}

/* How many are published and not settled yet, or settled behind such a one. */
static inline size_t rabbitmq_window_published(const struct rabbitmq_window *w)
{
    return w->next - w->head;
}

/* The next to publish, or NULL. */
struct journal_append *rabbitmq_window_next(const struct rabbitmq_window *w);

/* It has been published. */
void rabbitmq_window_publish(struct rabbitmq_window *w);

/* A new channel, whose next tag is that one; what the last one had published fails. */
void rabbitmq_window_restart(struct rabbitmq_window *w, uint64_t tag);

/* Settles by a confirm (error 0) or a refusal. Tags that are not under way are ignored. */
void rabbitmq_window_settle(struct rabbitmq_window *w, uint64_t tag, bool multiple, int error);

/* When the oldest came, or UINT64_MAX. */
uint64_t rabbitmq_window_oldest_ms(const struct rabbitmq_window *w);

/* While nothing is published: those that came before then fail. */
void rabbitmq_window_expire(struct rabbitmq_window *w, uint64_t before_ms);

/* The oldest, once it is settled; or NULL. */
struct journal_append *rabbitmq_window_pop(struct rabbitmq_window *w);

#endif
