/* Bus hub, inside: what bus_hub.c (the hub, its nodes' ports), bus_hub_flow.c (what is on its way,
 * and breaks), bus_hub_names.c (subscriptions) and bus_hub_stream.c share. Threads: one.
 *
 *     node: publish, subscribe... --UP_*--> hub_publish, hub_subscribe, hub_read...
 *                                                 |
 *     node: answers, on_message, on_entry <--DOWN_*
 *
 * A node has five flows: what it sends and gets by its connection for commands, the same by that
 * for subscriptions, and the entries it gets by that for streams. Parcels of a flow arrive in their
 * order, in turns of the node's executor; for what a node sends that is the moment at which the hub
 * has it. A parcel belongs to its flow until it has arrived, when it is freed.
 *
 * The random numbers of a seed are drawn in the order in which things happen: whoever draws one
 * more gives every seed another schedule. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_SUPPORT_BUS_HUB_INTERNAL_H
#define TESTS_SUPPORT_BUS_HUB_INTERNAL_H

#include <stdatomic.h>

#include "src/base/errand.h"
#include "src/base/map.h"
#include "src/base/memory.h"
#include "src/bus/outbox.h"
#include "tests/support/bus_hub.h"

enum { HUB_ID_TEXT_MAX = 48 };

enum flow_id { UP_COMMANDS, UP_SUBSCRIPTIONS, DOWN_REPLIES, DOWN_MESSAGES, DOWN_ENTRIES, FLOWS };

struct node;
struct parcel;

typedef void (*arrive_fn)(struct node *node, struct parcel *parcel);

struct flow {
    struct list_queue parcels;
    struct node *node;
    uint64_t last_ms; /* when the last one arrives */
    struct errand errand;
    struct timer timer;
};

/* A name that is subscribed to. */
struct name {
    enum bus_kind kind;
    struct bytes key; /* the kind as a byte, the name */
};

struct position {
    uint64_t ms, n;
};

/* A stream that a node follows. */
struct follow {
    struct follow *next;
    struct bytes stream;
    bool known; /* position is: false until it has been up */
    struct position position;
};

struct node {
    struct bus bus;
    struct bus_hub *hub;
    struct node *next;
    struct executor *executor;
    struct bus_handlers handlers;
    struct bus_counts *counts;
    struct outbox outbox;
    struct bus_calls done;
    struct map wishes, forced; /* struct name: the node's, the hub's of its connection */
    unsigned prefixes;         /* in forced */
    struct follow *follows;
    struct flow flows[FLOWS];
    bool up, told_up, was_up;
    const char *why;
    struct errand connect, tell;
    struct timer down;
    unsigned slow_ms;
    unsigned late_ms; /* subscriptions are back that much before the rest */
};

struct entry {
    struct position id;
    size_t field_count;
    struct bytes *fields; /* name, value, name... */
};

struct stream {
    struct stream *next;
    struct bytes name;
    struct entry *entries; /* oldest first */
    size_t count, cap;
    struct position last;
};

struct bus_hub {
    struct node *nodes;
    struct stream *streams;
    struct bus_hub_faults faults;
    struct bus_hub_events events;
    uint64_t random;
};

/* Something on its way. Only what its kind needs is set. */
struct parcel {
    struct list_node node;
    uint64_t due_ms;
    arrive_fn arrive;
    struct outbox_item *item;
    struct bus_call *call;
    struct bus_read *read;
    enum bus_kind kind; /* of name: the subscription that it is about or comes by */
    struct bytes name, channel, payload;
    struct entry *entries;
    size_t entry_count;
    struct position position;
    uint64_t number;
    bool exclusive;
};

static inline struct node *hub_node_of(const struct bus *bus)
{
    return container_of(bus, struct node, bus);
}

static inline void hub_add_to(_Atomic uint64_t *counter, uint64_t n)
{
    (void)atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

/* 0 to n - 1. */
uint64_t hub_random_below(struct bus_hub *hub, uint64_t n);

/* Sends what the outbox has, if the node is up. */
void hub_flush(struct node *node);

/* Flows: bus_hub_flow.c. */

void hub_init_flows(struct node *node);

/* Calls and reads that were on their way fail; reads at once. */
void hub_finish_flows(struct node *node);

/* The parcel is the caller's until it is sent. */
struct parcel *hub_make_parcel(arrive_fn arrive);
void hub_send(struct node *node, enum flow_id id, struct parcel *p);

/* Calls nobody back: what was on its way fails in a later turn. why is static. */
void hub_break_node(struct node *node, unsigned down_ms, const char *why);

/* Names: bus_hub_names.c. A map of struct name, which are its own. */

void hub_names_init(struct bus_hub *hub, struct map *m);
void hub_names_finish(struct map *m);
bool hub_names_have(const struct map *m, enum bus_kind kind, struct span name);

/* False: it was there, or was not. */
bool hub_names_add(struct map *m, enum bus_kind kind, struct span name);
bool hub_names_remove(struct map *m, enum bus_kind kind, struct span name);

/* These arrive at the hub. */
void hub_subscribe(struct node *node, struct parcel *p);
void hub_unsubscribe(struct node *node, struct parcel *p);
void hub_count(struct node *node, struct parcel *p);

/* Sends a message to all that have subscribed to its channel. */
void hub_route(struct bus_hub *hub, enum bus_kind kind, struct span channel, struct span payload);

/* Streams: bus_hub_stream.c. */

/* "ms-n" or "ms"; 0-0 if it is neither. */
struct position hub_parse_id(struct span text);
struct span hub_format_id(struct position p, char text[HUB_ID_TEXT_MAX]);

void hub_finish_entry(struct entry *e);
void hub_drop_streams(struct bus_hub *hub);

/* Appends the item's entry, whose id comes back, and sends it to all that follow its stream. */
void hub_append(struct node *from, const struct outbox_item *item, struct position *id);

/* Sends all that the stream keeps from the position on that the node knows. */
void hub_catch_up(struct node *node, struct follow *f);

/* This arrives at the hub; and this at the node, for a read that has no answer. */
void hub_read(struct node *node, struct parcel *p);
void hub_read_failed(struct node *node, struct parcel *p);

#endif
