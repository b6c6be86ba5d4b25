/* The wire of createAdapter: one channel for each room that has members here, one prefix for the
 * ids of our sockets, and the bare channels. Node.js subscribes to all rooms instead, with
 * P#<nsp>#*. */
// SPDX-License-Identifier: MIT
#include "protocol/adapter_classic.h"

#include "src/cluster/cluster_internal.h"
#include "src/cluster/incoming.h"
#include "src/cluster/interest.h"

static const struct span none;

static void set_channel(struct cluster_nsp *n, enum classic_channel which, struct span name)
{
    struct cluster *c = n->cluster;

    bytes_clear(&c->channel);
    classic_channel_write(&c->channel, which, cluster_prefix(c), n->name, name);
}

static void open_channels(struct cluster_nsp *n)
{
    struct cluster *c = n->cluster;

    set_channel(n, CLASSIC_REQUEST, none);
    cluster_subscribe(c, BUS_CHANNEL);
    set_channel(n, CLASSIC_RESPONSE, none);
    cluster_subscribe(c, BUS_CHANNEL);
    set_channel(n, CLASSIC_RESPONSE, cluster_uid(n));
    cluster_subscribe(c, BUS_CHANNEL);
    set_channel(n, CLASSIC_BROADCAST, none);
    if (c->options.id_prefix.len > 0) {
        cluster_subscribe(c, BUS_CHANNEL);
        bytes_add_span(&c->channel, c->options.id_prefix);
    }
    cluster_subscribe(c, BUS_PREFIX);
}

static bool is_plain_broadcast(const struct adapter_message *m)
{
    return m->kind == ADAPTER_BROADCAST && m->request_id.len == 0;
}

static void encode(struct cluster *c, const struct adapter_message *m)
{
    bytes_clear(&c->payload);
    classic_encode(&c->payload, m);
}

static void publish(struct cluster_nsp *n, const struct adapter_message *m)
{
    if (is_plain_broadcast(m)) {
        set_channel(n, CLASSIC_BROADCAST, classic_room_of(m));
    } else {
        set_channel(n, CLASSIC_REQUEST, none);
    }
    encode(n->cluster, m);
    cluster_publish(n->cluster, BUS_CHANNEL);
}

static void respond(struct cluster_nsp *n, const struct adapter_message *m, struct span asker)
{
    struct cluster *c = n->cluster;
    bool to_all = c->options.common_responses && m->kind != ADAPTER_CATCH_UP;

    set_channel(n, CLASSIC_RESPONSE, to_all ? none : asker);
    encode(c, m);
    cluster_publish(c, BUS_CHANNEL);
}

static void publish_again(struct cluster_nsp *n, struct span payload, struct span asker,
                          struct bus_call *call)
{
    struct cluster *c = n->cluster;

    set_channel(n, CLASSIC_RESPONSE, asker);
    c->bus->ops->publish(c->bus, BUS_CHANNEL, bytes_span(&c->channel), payload, call);
}

static void count(struct cluster_nsp *n, struct bus_call *call)
{
    struct cluster *c = n->cluster;

    set_channel(n, CLASSIC_REQUEST, none);
    c->bus->ops->count(c->bus, BUS_CHANNEL, bytes_span(&c->channel), call);
}

static bool room_channel(struct cluster_nsp *n, struct span room, struct bytes *out,
                         enum bus_kind *kind)
{
    struct cluster *c = n->cluster;

    if (span_starts(room, c->options.id_prefix)) {
        return false;
    }
    classic_channel_write(out, CLASSIC_BROADCAST, cluster_prefix(c), n->name, room);
    if (room.len == 0) { /* to Node.js it is a room as any other; we say it to all */
        bytes_add_byte(out, '#');
    }
    *kind = BUS_CHANNEL;
    return true;
}

static int decode_broadcast(struct cluster_nsp *n, struct adapter_decoder *d, struct span payload,
                            struct adapter_message *m)
{
    return classic_decode(d, CLASSIC_BROADCAST, n->name, payload, m);
}

/* What is not need not be decoded. */
static bool is_for(const struct cluster_nsp *n, const struct channel_rest *in)
{
    if (in->which == CLASSIC_BROADCAST) {
        return (in->rest.len == 0 || interest_has(n, in->rest)) &&
               !span_eq(classic_peek_uid(in->payload), cluster_uid(n));
    }
    /* Requests do not name their namespace, and "-request#/a#b#" is not for /a. */
    return in->rest.len == 0 ||
           (in->which == CLASSIC_RESPONSE && span_eq(in->rest, cluster_uid(n)));
}

static void take(struct cluster_nsp *n, const struct channel_rest *in)
{
    struct cluster *c = n->cluster;
    struct adapter_message m;
    bool to_us = in->which == CLASSIC_RESPONSE && in->rest.len > 0;

    if (!is_for(n, in)) {
        return;
    }
    if (classic_decode(&c->decoder, (enum classic_channel)in->which, n->name, in->payload, &m) <
        0) {
        cluster_count_one(&c->counts.malformed);
        return;
    }
    incoming_take(n, &m, in->payload, to_us ? INCOMING_TO_US : INCOMING_TO_ALL);
}

static void on_message(struct cluster *c, enum bus_kind kind, struct span channel,
                       struct span payload)
{
    static const struct {
        struct span begin;
        enum classic_channel which;
    } kinds[] = {
        {{(const uint8_t *)"#", 1}, CLASSIC_BROADCAST},
        {{(const uint8_t *)"-request#", 9}, CLASSIC_REQUEST},
        {{(const uint8_t *)"-response#", 10}, CLASSIC_RESPONSE},
    };
    struct span prefix = cluster_prefix(c);

    (void)kind;
    if (!span_starts(channel, prefix)) {
        return;
    }
    channel = span_skip(channel, prefix.len);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (span_starts(channel, kinds[i].begin)) {
            const struct channel_rest rest = {.payload = payload, .which = kinds[i].which};
            cluster_each_of_channel(c, span_skip(channel, kinds[i].begin.len), rest, take);
            return;
        }
    }
}

const struct wire_ops wire_classic = {
    .uid_len = 6,
    .request_id_len = 6,
    .forgets = true,
    .asks_for_rooms = true,
    .open = open_channels,
    .publish = publish,
    .respond = respond,
    .publish_again = publish_again,
    .count = count,
    .room_channel = room_channel,
    .decode_broadcast = decode_broadcast,
    .on_message = on_message,
};
