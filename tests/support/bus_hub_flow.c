// SPDX-License-Identifier: MIT
/* What is on its way, and what becomes of it when a connection breaks. */
#include "tests/support/bus_hub_internal.h"

enum { DOWN_MS_MAX_DEFAULT = 1000 };

struct parcel *hub_make_parcel(arrive_fn arrive)
{
    struct parcel *p = xcalloc(1, sizeof *p);
    p->arrive = arrive;
    return p;
}

static void free_parcel(struct parcel *p)
{
    for (size_t i = 0; i < p->entry_count; i++) {
        hub_finish_entry(&p->entries[i]);
    }
    free(p->entries);
    bytes_finish(&p->name);
    bytes_finish(&p->channel);
    bytes_finish(&p->payload);
    free(p);
}

static struct parcel *first_parcel(struct flow *f)
{
    struct list_node *first = f->parcels.first;
    return first == NULL ? NULL : container_of(first, struct parcel, node);
}

/* Sees to it that the flow runs when its first parcel is due. */
static void plan(struct flow *f)
{
    struct parcel *p = first_parcel(f);

    if (p != NULL && p->due_ms <= f->node->executor->now_ms) {
        errand_post(&f->errand);
    } else if (p != NULL) {
        timers_add(&f->node->executor->timers, &f->timer, p->due_ms);
    }
}

void hub_send(struct node *node, enum flow_id id, struct parcel *p)
{
    struct flow *f = &node->flows[id];
    struct bus_hub *hub = node->hub;
    uint64_t delay = node->slow_ms;

    if (hub->faults.delay_ms_max != 0) {
        delay += hub_random_below(hub, hub->faults.delay_ms_max + 1);
    }
    p->due_ms = node->executor->now_ms + delay;
    if (p->due_ms < f->last_ms) {
        p->due_ms = f->last_ms;
    }
    f->last_ms = p->due_ms;
    list_queue_add(&f->parcels, &p->node);
    plan(f);
}

static bool breaks_here(struct node *node)
{
    struct bus_hub *hub = node->hub;
    const struct bus_hub_faults *f = &hub->faults;

    if (!node->up || f->breaks_per_10000 == 0 ||
        hub_random_below(hub, 10000) >= f->breaks_per_10000) {
        return false;
    }
    unsigned down = f->down_ms_max == 0 ? DOWN_MS_MAX_DEFAULT : f->down_ms_max;
    down = 1 + (unsigned)hub_random_below(hub, down);
    if (hub_random_below(hub, 100) < f->restarts_percent) {
        bus_hub_restart(hub, down, hub_random_below(hub, 100) >= f->lose_percent);
    } else {
        hub_break_node(node, down, "the connection broke");
    }
    return true;
}

static void run_flow(struct flow *f)
{
    struct parcel *p;

    while ((p = first_parcel(f)) != NULL && p->due_ms <= f->node->executor->now_ms) {
        if (breaks_here(f->node)) {
            return;
        }
        list_queue_remove(&f->parcels, &p->node);
        p->arrive(f->node, p);
        free_parcel(p);
    }
    plan(f);
}

static void flow_errand(struct errand *e)
{
    run_flow(container_of(e, struct flow, errand));
}

static void flow_timer(struct timer *t)
{
    run_flow(container_of(t, struct flow, timer));
}

void hub_init_flows(struct node *node)
{
    for (int i = 0; i < FLOWS; i++) {
        node->flows[i].node = node;
        node->flows[i].timer.fire = flow_timer;
        errand_init(&node->flows[i].errand, node->executor, flow_errand);
    }
}

/* Breaks. */

/* Nothing may be called back while a connection breaks: it may break inside a call. */
static void fail_parcel(struct node *node, struct parcel *p)
{
    bus_calls_add(&node->done, p->call, BUS_EDOWN);
    p->call = NULL;
    if (p->item != NULL) {
        outbox_lost(&node->outbox, p->item);
    }
}

static void drop_flow(struct node *node, struct flow *f, struct list_queue *reads)
{
    struct parcel *p;

    while ((p = first_parcel(f)) != NULL) {
        list_queue_remove(&f->parcels, &p->node);
        node->hub->events.lost++;
        if (p->read != NULL) {
            p->arrive = hub_read_failed;
            list_queue_add(reads, &p->node);
        } else {
            fail_parcel(node, p);
            free_parcel(p);
        }
    }
    f->last_ms = 0;
    executor_timer_stop(node->executor, &f->timer);
    errand_cancel(&f->errand);
}

/* Of what is on its way to the hub some still arrives. */
static void deliver_some(struct node *node)
{
    struct flow *f = &node->flows[UP_COMMANDS];
    uint64_t n = 0;

    for (struct list_node *at = f->parcels.first; at != NULL; at = at->next) {
        n++;
    }
    for (n = n == 0 ? 0 : hub_random_below(node->hub, n + 1); n > 0; n--) {
        struct parcel *p = first_parcel(f);
        list_queue_remove(&f->parcels, &p->node);
        node->hub->events.repeated += p->item != NULL;
        p->arrive(node, p);
        free_parcel(p);
    }
}

void hub_break_node(struct node *node, unsigned down_ms, const char *why)
{
    struct list_queue reads = {0};

    if (node->up) {
        deliver_some(node);
        node->hub->events.breaks++;
    }
    node->up = false;
    node->why = why;
    for (int i = 0; i < FLOWS; i++) {
        drop_flow(node, &node->flows[i], &reads);
    }
    while (reads.first != NULL) {
        struct parcel *p = container_of(reads.first, struct parcel, node);
        list_queue_remove(&reads, &p->node);
        hub_send(node, DOWN_REPLIES, p);
    }
    hub_names_finish(&node->forced);
    hub_names_init(node->hub, &node->forced);
    node->prefixes = 0;
    errand_cancel(&node->connect);
    errand_post(&node->tell);
    executor_timer_start(node->executor, &node->down, down_ms);
}

void bus_hub_break(struct bus *bus, unsigned down_ms)
{
    hub_break_node(hub_node_of(bus), down_ms, "the connection broke");
}

void bus_hub_restart(struct bus_hub *hub, unsigned down_ms, bool keep_streams)
{
    hub->events.restarts++;
    for (struct node *node = hub->nodes; node != NULL; node = node->next) {
        hub_break_node(node, down_ms + (unsigned)hub_random_below(hub, 1 + down_ms / 8),
                       "Redis restarts");
    }
    if (!keep_streams) {
        hub_drop_streams(hub);
    }
}

void hub_finish_flows(struct node *node)
{
    struct list_queue reads = {0};

    for (int i = 0; i < FLOWS; i++) {
        drop_flow(node, &node->flows[i], &reads);
    }
    while (reads.first != NULL) {
        struct parcel *p = container_of(reads.first, struct parcel, node);
        list_queue_remove(&reads, &p->node);
        hub_read_failed(node, p);
        free_parcel(p);
    }
}
