// SPDX-License-Identifier: MIT
#include "src/cluster/interest.h"

#include <assert.h>
#include <stdlib.h>

/* A room with members here. */
struct interest {
    struct cluster_nsp *n;
    struct bus_call subscribing;
    unsigned loops; /* with members */
    bool pending;   /* subscribing has not called back */
    bool in_map;    /* not any more: freed as soon as it has */
    struct list_queue waiting;
    size_t name_len;
    char name[];
};

/* Somebody who is told when a room is heard. */
struct waiter {
    struct list_node node;
    struct task *done;
    struct executor *executor; /* where done runs */
    struct rookery_namespace *nsp;
    size_t room_len;
    char room[];
};

/* ---- on loop 0 ---- */

static struct span key_of_interest(const void *value)
{
    const struct interest *i = value;
    return span_of(i->name, i->name_len);
}

void interests_init(struct cluster_nsp *n)
{
    map_init(&n->interests, key_of_interest, n->cluster->hash_secret);
}

static void tell(struct waiter *w)
{
    executor_post(w->executor, w->done);
    free(w);
}

static void tell_waiters(struct list_queue *waiters)
{
    struct list_node *node;

    while ((node = waiters->first) != NULL) {
        list_queue_remove(waiters, node);
        tell(container_of(node, struct waiter, node));
    }
}

static void destroy(struct interest *i)
{
    tell_waiters(&i->waiting);
    free(i);
}

void interests_finish(struct cluster_nsp *n)
{
    struct interest *i;

    for (uint32_t at = 0; (i = map_next(&n->interests, &at)) != NULL;) {
        assert(!i->pending); /* the bus is closed */
        destroy(i);
    }
    map_finish(&n->interests);
}

static void on_subscribed(struct bus_call *call)
{
    struct interest *i = container_of(call, struct interest, subscribing);

    i->pending = false;
    tell_waiters(&i->waiting);
    if (!i->in_map) {
        destroy(i);
    }
}

/* The channel of the room, in cluster->subscribed; false if it has none. */
static bool find_channel(struct cluster_nsp *n, struct span room, enum bus_kind *kind)
{
    struct cluster *c = n->cluster;

    bytes_clear(&c->subscribed);
    return c->wire->room_channel != NULL && c->wire->room_channel(n, room, &c->subscribed, kind);
}

static struct interest *open_room(struct cluster_nsp *n, struct span room)
{
    struct cluster *c = n->cluster;
    struct interest *i = xcalloc(1, sizeof *i + room.len);
    enum bus_kind kind;

    i->n = n;
    i->in_map = true;
    i->name_len = room.len;
    memcpy(i->name, room.data, room.len);
    map_add(&n->interests, i);
    cluster_count_one(&c->counts.rooms);
    if (c->bus != NULL && find_channel(n, room, &kind)) {
        i->pending = true;
        i->subscribing.on_done = on_subscribed;
        c->bus->ops->subscribe(c->bus, kind, bytes_span(&c->subscribed), &i->subscribing);
    }
    return i;
}

static void close_room(struct interest *i)
{
    struct cluster *c = i->n->cluster;
    enum bus_kind kind;

    (void)map_remove(&i->n->interests, span_of(i->name, i->name_len));
    i->in_map = false;
    atomic_fetch_sub_explicit(&c->counts.rooms, 1, memory_order_relaxed);
    if (c->bus != NULL && find_channel(i->n, span_of(i->name, i->name_len), &kind)) {
        c->bus->ops->unsubscribe(c->bus, kind, bytes_span(&c->subscribed));
    }
    if (!i->pending) {
        destroy(i);
    }
}

static void change(struct cluster_nsp *n, struct span room, bool opened)
{
    struct interest *i = map_get(&n->interests, room);

    if (opened) {
        i = i == NULL ? open_room(n, room) : i;
        i->loops++;
    } else if (i != NULL && --i->loops == 0) {
        close_room(i);
    }
}

bool interest_has(const struct cluster_nsp *n, struct span room)
{
    const struct cluster *c = n->cluster;

    return map_get(&n->interests, room) != NULL ||
           (c->options.id_prefix.len != 0 && span_starts(room, c->options.id_prefix));
}

/* ---- from the loops ---- */

/* What has changed on a loop since it last told loop 0: (namespace, opened, length, name)..., and
 * who waits for that. */
struct room_changes {
    struct cluster *cluster;
    struct executor *executor;
    struct turn_hook hook;
    struct bytes list;
    struct list_queue waiters;
};

struct change_head {
    struct rookery_namespace *nsp;
    size_t len;
    bool opened;
};

struct change_batch {
    struct task task;
    struct cluster *cluster;
    struct bytes list;
    struct list_queue waiters;
};

static struct cluster_nsp *part_of(const struct cluster *c, const struct rookery_namespace *nsp)
{
    return cluster_find(c, span_of_str(rookery_namespace_name(nsp)));
}

static void apply_changes(const struct change_batch *batch)
{
    struct change_head head;

    for (size_t at = 0; at < batch->list.len; at += head.len) {
        memcpy(&head, batch->list.data + at, sizeof head);
        at += sizeof head;
        struct cluster_nsp *n = part_of(batch->cluster, head.nsp);
        if (n != NULL) {
            change(n, span_of(batch->list.data + at, head.len), head.opened);
        }
    }
}

static void begin_to_wait(const struct cluster *c, struct waiter *w)
{
    struct cluster_nsp *n = part_of(c, w->nsp);
    struct interest *i = n == NULL ? NULL : map_get(&n->interests, span_of(w->room, w->room_len));

    if (i == NULL || !i->pending) {
        tell(w);
    } else {
        list_queue_add(&i->waiting, &w->node);
    }
}

static void apply_batch(struct task *task)
{
    struct change_batch *batch = container_of(task, struct change_batch, task);
    struct list_node *node;

    apply_changes(batch);
    while ((node = batch->waiters.first) != NULL) {
        list_queue_remove(&batch->waiters, node);
        begin_to_wait(batch->cluster, container_of(node, struct waiter, node));
    }
    bytes_finish(&batch->list);
    free(batch);
}

static void on_turn_end(struct turn_hook *hook)
{
    struct room_changes *changes = container_of(hook, struct room_changes, hook);
    struct change_batch *batch = xcalloc(1, sizeof *batch);

    batch->task.run = apply_batch;
    batch->cluster = changes->cluster;
    batch->list = changes->list;
    changes->list = (struct bytes){0};
    while (changes->waiters.first != NULL) { /* it may point into itself, so it is not copied */
        struct list_node *node = changes->waiters.first;
        list_queue_remove(&changes->waiters, node);
        list_queue_add(&batch->waiters, node);
    }
    cluster_go_home(batch->cluster, &batch->task);
}

static struct room_changes *changes_of(struct adapter *a, unsigned loop)
{
    struct room_changes *changes = &cluster_of(a)->changes[loop];

    executor_at_turn_end(changes->executor, &changes->hook, TURN_SEAL);
    return changes;
}

static void note_change(struct bytes *list, struct rookery_namespace *nsp, struct rookery_str room,
                        bool opened)
{
    const struct change_head head = {.nsp = nsp, .len = room.len, .opened = opened};

    bytes_add(list, &head, sizeof head);
    bytes_add(list, room.data, room.len);
}

void interest_room_opened(struct adapter *a, struct rookery_namespace *nsp, unsigned loop,
                          struct rookery_str room)
{
    note_change(&changes_of(a, loop)->list, nsp, room, true);
}

void interest_room_closed(struct adapter *a, struct rookery_namespace *nsp, unsigned loop,
                          struct rookery_str room)
{
    note_change(&changes_of(a, loop)->list, nsp, room, false);
}

bool interest_await(struct adapter *a, struct rookery_namespace *nsp, unsigned loop,
                    struct rookery_str room, struct task *done)
{
    struct room_changes *changes = changes_of(a, loop);
    struct waiter *w = xcalloc(1, sizeof *w + room.len);

    w->nsp = nsp;
    w->done = done;
    w->executor = changes->executor;
    w->room_len = room.len;
    memcpy(w->room, room.data, room.len);
    list_queue_add(&changes->waiters, &w->node);
    return true;
}

void interest_changes_init(struct cluster *c)
{
    c->changes = xcalloc(c->loop_count, sizeof *c->changes);
    for (unsigned i = 0; i < c->loop_count; i++) {
        c->changes[i].cluster = c;
        c->changes[i].executor = c->executors[i];
        c->changes[i].hook.run = on_turn_end;
    }
}

void interest_changes_finish(struct cluster *c)
{
    for (unsigned i = 0; i < c->loop_count; i++) {
        executor_cancel_hook(c->executors[i], &c->changes[i].hook);
        tell_waiters(&c->changes[i].waiters);
        bytes_finish(&c->changes[i].list);
    }
    free(c->changes);
}
