// SPDX-License-Identifier: MIT
/* Names that are subscribed to, and the messages that come by them. */
#include "tests/support/bus_hub_internal.h"

static struct span name_key(const void *value)
{
    return bytes_span(&((const struct name *)value)->key);
}

static void make_key(struct bytes *key, enum bus_kind kind, struct span name)
{
    bytes_clear(key);
    bytes_add_byte(key, (uint8_t)kind);
    bytes_add_span(key, name);
}

bool hub_names_have(const struct map *m, enum bus_kind kind, struct span name)
{
    struct bytes key = {0};

    make_key(&key, kind, name);
    bool found = map_get(m, bytes_span(&key)) != NULL;
    bytes_finish(&key);
    return found;
}

bool hub_names_add(struct map *m, enum bus_kind kind, struct span name)
{
    struct name *n = xcalloc(1, sizeof *n);

    n->kind = kind;
    make_key(&n->key, kind, name);
    if (map_get(m, bytes_span(&n->key)) != NULL) {
        bytes_finish(&n->key);
        free(n);
        return false;
    }
    map_add(m, n);
    return true;
}

bool hub_names_remove(struct map *m, enum bus_kind kind, struct span name)
{
    struct bytes key = {0};

    make_key(&key, kind, name);
    struct name *n = map_remove(m, bytes_span(&key));
    bytes_finish(&key);
    if (n == NULL) {
        return false;
    }
    bytes_finish(&n->key);
    free(n);
    return true;
}

void hub_names_finish(struct map *m)
{
    struct name *n;

    for (uint32_t i = 0; (n = map_next(m, &i)) != NULL;) {
        bytes_finish(&n->key);
        free(n);
    }
    map_finish(m);
}

void hub_names_init(struct bus_hub *hub, struct map *m)
{
    uint64_t secret[2];

    secret[0] = hub_random_below(hub, UINT64_MAX); /* one after the other: schedules are repeated */
    secret[1] = hub_random_below(hub, UINT64_MAX);
    map_init(m, name_key, secret);
}

/* Subscriptions. */

static void granted(struct node *node, struct parcel *p)
{
    struct span name = bytes_span(&p->name);
    bus_calls_add(&node->done, p->call,
                  hub_names_have(&node->wishes, p->kind, name) ? 0 : BUS_EDOWN);
    p->call = NULL;
}

void hub_subscribe(struct node *node, struct parcel *p)
{
    if (hub_names_add(&node->forced, p->kind, bytes_span(&p->name)) && p->kind == BUS_PREFIX) {
        node->prefixes++;
    }
    struct parcel *back = hub_make_parcel(granted);
    back->kind = p->kind;
    bytes_add_span(&back->name, bytes_span(&p->name));
    back->call = p->call;
    p->call = NULL;
    hub_send(node, DOWN_MESSAGES, back);
}

void hub_unsubscribe(struct node *node, struct parcel *p)
{
    if (hub_names_remove(&node->forced, p->kind, bytes_span(&p->name)) && p->kind == BUS_PREFIX) {
        node->prefixes--;
    }
}

static void message_arrives(struct node *node, struct parcel *p)
{
    if (hub_names_have(&node->wishes, p->kind, bytes_span(&p->name))) {
        hub_add_to(&node->counts->received, 1);
        hub_add_to(&node->counts->bytes_received, p->payload.len);
        node->handlers.on_message(node->handlers.arg, p->kind, bytes_span(&p->channel),
                                  bytes_span(&p->payload));
    }
}

static void send_message(struct node *node, enum bus_kind kind, struct span name,
                         struct span channel, struct span payload)
{
    struct parcel *p = hub_make_parcel(message_arrives);

    p->kind = kind;
    bytes_add_span(&p->name, name);
    bytes_add_span(&p->channel, channel);
    bytes_add_span(&p->payload, payload);
    hub_send(node, DOWN_MESSAGES, p);
}

void hub_route(struct bus_hub *hub, enum bus_kind kind, struct span channel, struct span payload)
{
    for (struct node *node = hub->nodes; node != NULL; node = node->next) {
        if (hub_names_have(&node->forced, kind, channel)) {
            send_message(node, kind, channel, channel, payload);
        }
        struct name *n;
        for (uint32_t i = 0; kind == BUS_CHANNEL && node->prefixes != 0 &&
                             (n = map_next(&node->forced, &i)) != NULL;) {
            struct span prefix = span_skip(bytes_span(&n->key), 1);
            if (n->kind == BUS_PREFIX && span_starts(channel, prefix)) {
                send_message(node, BUS_PREFIX, prefix, channel, payload);
            }
        }
    }
}

static void counted(struct node *node, struct parcel *p)
{
    struct bus_call *call = p->call;

    p->call = NULL;
    call->error = 0;
    call->count = p->number;
    call->on_done(call);
}

void hub_count(struct node *node, struct parcel *p)
{
    struct parcel *back = hub_make_parcel(counted);

    for (struct node *other = node->hub->nodes; other != NULL; other = other->next) {
        back->number += other->up && hub_names_have(&other->forced, p->kind, bytes_span(&p->name));
    }
    back->call = p->call;
    p->call = NULL;
    hub_send(node, DOWN_REPLIES, back);
}
