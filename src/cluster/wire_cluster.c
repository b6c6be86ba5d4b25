// SPDX-License-Identifier: MIT
#include "src/cluster/wire_cluster.h"

#include "src/cluster/incoming.h"

void wire_cluster_set_channel(struct cluster_nsp *n, struct span name)
{
    struct cluster *c = n->cluster;

    bytes_clear(&c->channel);
    cluster_channel_write(&c->channel, cluster_prefix(c), n->name, name);
}

void wire_cluster_open(struct cluster_nsp *n, enum bus_kind kind)
{
    static const struct span common;

    wire_cluster_set_channel(n, common);
    cluster_subscribe(n->cluster, kind);
    wire_cluster_set_channel(n, cluster_uid(n));
    cluster_subscribe(n->cluster, kind);
}

void wire_cluster_publish(struct cluster_nsp *n, enum bus_kind kind, enum cluster_format format,
                          const struct adapter_message *m, struct span name)
{
    struct cluster *c = n->cluster;

    wire_cluster_set_channel(n, name);
    bytes_clear(&c->payload);
    cluster_encode(&c->payload, format, m);
    cluster_publish(c, kind);
}

void wire_cluster_count(struct cluster_nsp *n, enum bus_kind kind, struct bus_call *call)
{
    static const struct span common;
    struct cluster *c = n->cluster;

    wire_cluster_set_channel(n, common);
    c->bus->ops->count(c->bus, kind, bytes_span(&c->channel), call);
}

int wire_cluster_decode(struct cluster_nsp *n, struct adapter_decoder *d, struct span payload,
                        struct adapter_message *m)
{
    int error = cluster_decode(d, payload, m);

    if (error == 0 && !span_eq(m->nsp, n->name)) {
        m->kind = ADAPTER_IGNORED;
    }
    return error;
}

static void take(struct cluster_nsp *n, const struct channel_rest *in)
{
    struct cluster *c = n->cluster;
    struct adapter_message m;
    bool to_us = span_eq(in->rest, cluster_uid(n));

    if (wire_cluster_decode(n, &c->decoder, in->payload, &m) < 0) {
        cluster_count_one(&c->counts.malformed);
        return;
    }
    incoming_take(n, &m, in->payload, to_us ? INCOMING_TO_US : INCOMING_TO_ALL);
}

void wire_cluster_on_message(struct cluster *c, enum bus_kind kind, struct span channel,
                             struct span payload)
{
    struct span prefix = cluster_prefix(c);
    const struct channel_rest rest = {.payload = payload};

    (void)kind;
    if (span_starts(channel, prefix) && channel.len > prefix.len &&
        channel.data[prefix.len] == '#') {
        cluster_each_of_channel(c, span_skip(channel, prefix.len + 1), rest, take);
    }
}
