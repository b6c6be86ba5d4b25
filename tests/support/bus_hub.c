// SPDX-License-Identifier: MIT
/* The hub, its nodes' ports, what they publish and how they come up. */
#include <assert.h>

#include "tests/support/bus_hub_internal.h"

/* SplitMix64. */
uint64_t hub_random_below(struct bus_hub *hub, uint64_t n)
{
    uint64_t z = hub->random += 0x9e3779b97f4a7c15U;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
    z = (z ^ z >> 27) * 0x94d049bb133111ebU;
    return (z ^ z >> 31) % n;
}

/* Publications. */

static void item_answered(struct node *node, struct parcel *p)
{
    char text[HUB_ID_TEXT_MAX];
    struct span id = {0};

    if (p->item->kind == OUTBOX_ENTRY) {
        id = hub_format_id(p->position, text);
    }
    struct bus_call *call = outbox_take(&node->outbox, p->item, true);
    if (call != NULL) {
        call->error = 0;
        call->id = id;
        call->on_done(call);
    }
    hub_flush(node);
}

static void hub_publish(struct node *node, struct parcel *p)
{
    const struct outbox_item *item = p->item;
    struct parcel *back = hub_make_parcel(item_answered);

    if (item->kind == OUTBOX_ENTRY) {
        hub_append(node, item, &back->position);
    } else {
        hub_route(node->hub, item->kind == OUTBOX_CHANNEL ? BUS_CHANNEL : BUS_SHARD, item->args[0],
                  item->args[1]);
    }
    back->item = p->item;
    hub_send(node, DOWN_REPLIES, back);
}

void hub_flush(struct node *node)
{
    struct outbox_item *item;

    while (node->up && (item = outbox_next(&node->outbox)) != NULL) {
        struct parcel *p = hub_make_parcel(hub_publish);
        p->item = item;
        hub_send(node, UP_COMMANDS, p);
    }
}

/* Up. */

static void tell_state(struct errand *e)
{
    struct node *node = container_of(e, struct node, tell);

    if (node->up != node->told_up) {
        node->told_up = node->up;
        node->handlers.on_state(node->handlers.arg, node->up, node->up ? "" : node->why);
    }
}

static void subscribe_again(struct node *node)
{
    struct name *n;

    for (uint32_t i = 0; (n = map_next(&node->wishes, &i)) != NULL;) {
        bool is_new = hub_names_add(&node->forced, n->kind, span_skip(bytes_span(&n->key), 1));
        node->prefixes += is_new && n->kind == BUS_PREFIX;
    }
}

static void come_up(struct node *node)
{
    tell_state(&node->tell); /* that it was down */
    subscribe_again(node);
    if (node->late_ms > 0) {
        executor_timer_start(node->executor, &node->down, node->late_ms);
        node->late_ms = 0;
        return;
    }
    node->up = true;
    if (node->was_up) {
        hub_add_to(&node->counts->reconnects, 1);
    }
    node->was_up = true;
    for (struct follow *f = node->follows; f != NULL; f = f->next) {
        hub_catch_up(node, f);
    }
    tell_state(&node->tell);
    hub_flush(node);
}

static void connect_now(struct errand *e)
{
    come_up(container_of(e, struct node, connect));
}

static void connect_again(struct timer *t)
{
    come_up(container_of(t, struct node, down));
}

/* The port. */

static void node_publish(struct bus *bus, enum bus_kind kind, struct span channel,
                         struct span payload, struct bus_call *call)
{
    struct node *node = hub_node_of(bus);
    const struct span args[] = {channel, payload};

    assert(kind != BUS_PREFIX);
    const struct outbox_order order = {
        .kind = kind == BUS_CHANNEL ? OUTBOX_CHANNEL : OUTBOX_SHARD,
        .args = args,
        .count = 2,
        .late = !node->up,
        .call = call,
    };
    outbox_add(&node->outbox, &order);
    hub_flush(node);
}

static void node_append(struct bus *bus, struct span stream, const struct bus_field *fields,
                        size_t field_count, uint64_t entries_max, struct bus_call *call)
{
    struct node *node = hub_node_of(bus);
    struct span *args = xcalloc(1 + 2 * field_count, sizeof args[0]);

    args[0] = stream;
    for (size_t i = 0; i < field_count; i++) {
        args[1 + 2 * i] = fields[i].name;
        args[2 + 2 * i] = fields[i].value;
    }
    const struct outbox_order order = {
        .kind = OUTBOX_ENTRY,
        .entries_max = entries_max,
        .args = args,
        .count = 1 + 2 * field_count,
        .late = !node->up,
        .call = call,
    };
    outbox_add(&node->outbox, &order);
    free(args);
    hub_flush(node);
}

static struct parcel *named_parcel(arrive_fn arrive, enum bus_kind kind, struct span name)
{
    struct parcel *p = hub_make_parcel(arrive);

    p->kind = kind;
    bytes_add_span(&p->name, name);
    return p;
}

static void node_subscribe(struct bus *bus, enum bus_kind kind, struct span name,
                           struct bus_call *call)
{
    struct node *node = hub_node_of(bus);

    if (hub_names_add(&node->wishes, kind, name)) {
        hub_add_to(&node->counts->subscriptions, 1);
    }
    if (!node->up) {
        bus_calls_add(&node->done, call, BUS_EDOWN);
        return;
    }
    struct parcel *p = named_parcel(hub_subscribe, kind, name);
    p->call = call;
    hub_send(node, UP_SUBSCRIPTIONS, p);
}

static void node_unsubscribe(struct bus *bus, enum bus_kind kind, struct span name)
{
    struct node *node = hub_node_of(bus);

    if (hub_names_remove(&node->wishes, kind, name)) {
        (void)atomic_fetch_sub(&node->counts->subscriptions, 1);
        if (node->up) {
            hub_send(node, UP_SUBSCRIPTIONS, named_parcel(hub_unsubscribe, kind, name));
        }
    }
}

static void node_count(struct bus *bus, enum bus_kind kind, struct span channel,
                       struct bus_call *call)
{
    struct node *node = hub_node_of(bus);

    assert(kind != BUS_PREFIX);
    if (!node->up) {
        bus_calls_add(&node->done, call, BUS_EDOWN);
        return;
    }
    struct parcel *p = named_parcel(hub_count, kind, channel);
    p->call = call;
    hub_send(node, UP_COMMANDS, p);
}

static void node_follow(struct bus *bus, struct span stream, struct span after_id)
{
    struct node *node = hub_node_of(bus);
    struct follow *f = xcalloc(1, sizeof *f);

    bytes_add_span(&f->stream, stream);
    f->known = after_id.len != 0;
    f->position = hub_parse_id(after_id);
    f->next = node->follows;
    node->follows = f;
    if (node->up) {
        hub_catch_up(node, f);
    }
}

static void node_read(struct bus *bus, struct span stream, struct span from, bool exclusive,
                      uint64_t entries_max, struct bus_read *read)
{
    struct node *node = hub_node_of(bus);
    struct parcel *p = named_parcel(node->up ? hub_read : hub_read_failed, BUS_CHANNEL, stream);

    p->position = hub_parse_id(from);
    p->exclusive = exclusive;
    p->number = entries_max;
    p->read = read;
    hub_send(node, node->up ? UP_COMMANDS : DOWN_REPLIES, p);
}

static bool node_up(const struct bus *bus)
{
    return hub_node_of(bus)->told_up && hub_node_of(bus)->up;
}

static void node_close(struct bus *bus)
{
    struct node *node = hub_node_of(bus), **at = &node->hub->nodes;

    while (*at != node) {
        at = &(*at)->next;
    }
    *at = node->next;
    hub_finish_flows(node);
    outbox_finish(&node->outbox);
    bus_calls_finish(&node->done);
    errand_cancel(&node->connect);
    errand_cancel(&node->tell);
    executor_timer_stop(node->executor, &node->down);
    hub_names_finish(&node->wishes);
    hub_names_finish(&node->forced);
    while (node->follows != NULL) {
        struct follow *f = node->follows;
        node->follows = f->next;
        bytes_finish(&f->stream);
        free(f);
    }
    free(node);
}

static const struct bus_ops node_ops = {
    .name = "hub",
    .publish = node_publish,
    .subscribe = node_subscribe,
    .unsubscribe = node_unsubscribe,
    .count = node_count,
    .append = node_append,
    .follow = node_follow,
    .read = node_read,
    .up = node_up,
    .close = node_close,
};

struct bus *bus_hub_join(struct bus_hub *hub, struct executor *executor,
                         const struct bus_limits *limits, const struct bus_handlers *handlers,
                         struct bus_counts *counts)
{
    struct node *node = xcalloc(1, sizeof *node);

    *node = (struct node){.bus.ops = &node_ops, .hub = hub, .next = hub->nodes};
    node->executor = executor;
    node->handlers = *handlers;
    node->counts = counts;
    hub->nodes = node;
    bus_calls_init(&node->done, executor);
    outbox_init(&node->outbox, executor, limits, counts, &node->done);
    hub_names_init(hub, &node->wishes);
    hub_names_init(hub, &node->forced);
    hub_init_flows(node);
    node->down.fire = connect_again;
    errand_init(&node->tell, executor, tell_state);
    errand_init(&node->connect, executor, connect_now);
    errand_post(&node->connect);
    return &node->bus;
}

struct bus_hub *bus_hub_create(uint64_t seed)
{
    struct bus_hub *hub = xcalloc(1, sizeof *hub);

    hub->random = seed;
    return hub;
}

void bus_hub_destroy(struct bus_hub *hub)
{
    if (hub != NULL) {
        assert(hub->nodes == NULL);
        hub_drop_streams(hub);
        free(hub);
    }
}

void bus_hub_faults(struct bus_hub *hub, const struct bus_hub_faults *faults)
{
    hub->faults = faults == NULL ? (struct bus_hub_faults){0} : *faults;
}

void bus_hub_slow(struct bus *bus, unsigned delay_ms)
{
    hub_node_of(bus)->slow_ms = delay_ms;
}

void bus_hub_come_late(struct bus *bus, unsigned late_ms)
{
    hub_node_of(bus)->late_ms = late_ms;
}

bool bus_hub_quiet(const struct bus_hub *hub)
{
    for (struct node *node = hub->nodes; node != NULL; node = node->next) {
        if (!node_up(&node->bus) || node->outbox.items.first != NULL || node->done.first != NULL) {
            return false;
        }
        for (int i = 0; i < FLOWS; i++) {
            if (node->flows[i].parcels.first != NULL) {
                return false;
            }
        }
    }
    return true;
}

const struct bus_hub_events *bus_hub_events(const struct bus_hub *hub)
{
    return &hub->events;
}
