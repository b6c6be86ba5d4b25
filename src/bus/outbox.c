// SPDX-License-Identifier: MIT
#include "src/bus/outbox.h"

#include <stdatomic.h>

#include "src/base/memory.h"

static void count(_Atomic uint64_t *counter, uint64_t n)
{
    (void)atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static struct outbox_item *item_of(struct list_node *node)
{
    return node == NULL ? NULL : container_of(node, struct outbox_item, node);
}

/* Takes it out. */
static struct bus_call *unlink_item(struct outbox *o, struct outbox_item *item)
{
    struct bus_call *call = item->call;

    if (o->next == item) {
        o->next = item_of(item->node.next);
    }
    o->bytes -= item->bytes;
    o->sent_bytes -= item->sent ? item->bytes : 0;
    list_queue_remove(&o->items, &item->node);
    free(item);
    return call;
}

/* The oldest that is not sent. Those that are may lie behind it: of a cluster's nodes only one may
 * have gone. */
static struct outbox_item *first_waiting(struct outbox *o)
{
    while (o->next != NULL && o->next->sent) {
        o->next = item_of(o->next->node.next);
    }
    return o->next;
}

static void start_timer(struct outbox *o)
{
    struct outbox_item *item = first_waiting(o);

    if (item == NULL) {
        executor_timer_stop(o->executor, &o->timer);
    } else if (!timer_running(&o->timer)) {
        timers_add(&o->executor->timers, &o->timer, item->until_ms);
    }
}

static void drop_old(struct timer *timer)
{
    struct outbox *o = container_of(timer, struct outbox, timer);
    struct outbox_item *item;

    while ((item = first_waiting(o)) != NULL && item->until_ms <= o->executor->now_ms) {
        count(&o->counts->dropped_old, 1);
        bus_calls_add(o->dropped, unlink_item(o, item), BUS_EDOWN);
    }
    start_timer(o);
}

static void drop_beyond(struct outbox *o)
{
    struct outbox_item *item;

    while (o->bytes > o->limits.keep_bytes_max && (item = first_waiting(o)) != NULL) {
        count(&o->counts->dropped_full, 1);
        bus_calls_add(o->dropped, unlink_item(o, item), BUS_EFULL);
    }
}

void outbox_init(struct outbox *o, struct executor *executor, const struct bus_limits *limits,
                 struct bus_counts *counts, struct bus_calls *dropped)
{
    *o = (struct outbox){.executor = executor, .counts = counts, .dropped = dropped};
    if (limits != NULL) {
        o->limits = *limits;
    }
    if (o->limits.keep_bytes_max == 0) {
        o->limits.keep_bytes_max = OUTBOX_KEEP_BYTES_DEFAULT;
    }
    if (o->limits.keep_ms == 0) {
        o->limits.keep_ms = OUTBOX_KEEP_MS_DEFAULT;
    }
    o->timer.fire = drop_old;
}

void outbox_finish(struct outbox *o)
{
    executor_timer_stop(o->executor, &o->timer);
    while (o->items.first != NULL) {
        bus_calls_add(o->dropped, unlink_item(o, item_of(o->items.first)), BUS_EDOWN);
    }
}

static struct outbox_item *make_item(const struct span *args, size_t count)
{
    size_t content = 0;

    for (size_t i = 0; i < count; i++) {
        content += args[i].len;
    }
    struct outbox_item *item = xmalloc(sizeof *item + count * sizeof args[0] + content);
    *item = (struct outbox_item){.count = count, .bytes = OUTBOX_ITEM_BYTES + content};
    uint8_t *at = (uint8_t *)&item->args[count];
    for (size_t i = 0; i < count; i++) {
        item->args[i] = span_of(at, args[i].len);
        if (args[i].len != 0) {
            memcpy(at, args[i].data, args[i].len);
        }
        at += args[i].len;
    }
    return item;
}

void outbox_add(struct outbox *o, const struct outbox_order *order)
{
    struct outbox_item *item = make_item(order->args, order->count);

    item->kind = order->kind;
    item->entries_max = order->entries_max;
    item->call = order->call;
    item->number = o->numbers++;
    item->until_ms = o->executor->now_ms + o->limits.keep_ms;
    item->late = order->late;
    o->bytes += item->bytes;
    list_queue_add(&o->items, &item->node);
    if (o->next == NULL) {
        o->next = item;
    }
    drop_beyond(o);
    start_timer(o);
}

struct outbox_item *outbox_next(struct outbox *o)
{
    struct outbox_item *item = first_waiting(o);

    if (item == NULL ||
        (o->sent_bytes != 0 && o->sent_bytes + item->bytes > OUTBOX_SENT_BYTES_MAX)) {
        return NULL;
    }
    item->sent = true;
    o->sent_bytes += item->bytes;
    o->next = item_of(item->node.next);
    return item;
}

struct bus_call *outbox_take(struct outbox *o, struct outbox_item *item, bool published)
{
    if (published) {
        uint64_t bytes = item->bytes - OUTBOX_ITEM_BYTES;
        count(&o->counts->published, 1);
        count(&o->counts->bytes_published, bytes);
        count(&o->counts->kept, item->late);
    }
    return unlink_item(o, item);
}

void outbox_lost(struct outbox *o, struct outbox_item *item)
{
    item->sent = false;
    item->late = true;
    o->sent_bytes -= item->bytes;
    if (o->next == NULL || item->number < o->next->number) {
        o->next = item;
    }
    start_timer(o);
}
