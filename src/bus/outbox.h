/* Outbox: what has been published and not been answered yet, in its order. It holds what is under
 * way, to repeat it when the connection breaks, and what waits for the bus to come up.
 *
 *   outbox_add ──> waiting ── outbox_next ──> sent ── outbox_take: answered
 *                     ^                         └─ outbox_lost: to be sent again, at its old place
 *                     └─ dropped: the oldest first when there are more than keep_bytes_max,
 *                        or each after keep_ms
 *
 * No more than SENT_BYTES_MAX are sent at a time, so that what a slow back-end does not take waits
 * here, under the same bounds, and not in the connection. What is sent is never dropped.
 *
 * Ownership: items are the outbox's; what they say is copied. Threads: the executor's own. */
// SPDX-License-Identifier: MIT
#ifndef BUS_OUTBOX_H
#define BUS_OUTBOX_H

#include "src/base/list.h"
#include "src/bus/calls.h"

enum {
    OUTBOX_KEEP_BYTES_DEFAULT = 64 << 20,
    OUTBOX_KEEP_MS_DEFAULT = 60000,
    OUTBOX_SENT_BYTES_MAX = 8 << 20,
    OUTBOX_ITEM_BYTES = 128, /* what an item counts beside its content */
};

enum outbox_kind {
    OUTBOX_CHANNEL, /* channel, payload */
    OUTBOX_SHARD,   /* the same */
    OUTBOX_ENTRY,   /* stream, name, value, name, value... */
};

struct outbox_item {
    struct list_node node;
    enum outbox_kind kind;
    uint64_t entries_max; /* of OUTBOX_ENTRY */
    struct bus_call *call;
    uint64_t number; /* counts up */
    uint64_t until_ms;
    size_t bytes;
    bool sent;
    bool late; /* it could not be sent at once, or has to be sent again */
    size_t count;
    struct span args[];
};

struct outbox {
    struct list_queue items;  /* oldest first */
    struct outbox_item *next; /* all before it are sent; NULL: all are */
    size_t bytes, sent_bytes; /* of all; of those that are sent */
    uint64_t numbers;         /* given out */
    struct bus_limits limits; /* without zeros */
    struct bus_counts *counts;
    struct executor *executor;
    struct timer timer;        /* when the oldest that waits is too old, while any does */
    struct bus_calls *dropped; /* where to complete calls of what is dropped */
};

/* limits may be NULL: the defaults. counts and dropped outlive it. */
void outbox_init(struct outbox *o, struct executor *executor, const struct bus_limits *limits,
                 struct bus_counts *counts, struct bus_calls *dropped);

/* Everything in it is dropped, not counted, its calls with BUS_EDOWN. */
void outbox_finish(struct outbox *o);

/* What is to be sent; args are copied. */
struct outbox_order {
    enum outbox_kind kind;
    uint64_t entries_max; /* of OUTBOX_ENTRY */
    const struct span *args;
    size_t count;
    bool late; /* the bus is down */
    struct bus_call *call;
};

void outbox_add(struct outbox *o, const struct outbox_order *order);

/* The next to be sent, which is sent now; NULL: none, or enough is. */
struct outbox_item *outbox_next(struct outbox *o);

/* It has been answered. Frees it, returns its call. */
struct bus_call *outbox_take(struct outbox *o, struct outbox_item *item, bool published);

/* No answer will come. */
void outbox_lost(struct outbox *o, struct outbox_item *item);

#endif
