/* The wire of redis-streams-adapter 0.3: broadcasts and orders are entries of one stream, what is
 * asked and answered goes by channels. The stream remembers, so nothing is numbered here, but for
 * what this node has to recognize when it comes back (echo.h). */
// SPDX-License-Identifier: MIT
#include "src/cluster/incoming.h"
#include "src/cluster/recovery.h"
#include "src/cluster/wire_cluster.h"

static const struct span none;

/* All nodes that share a stream must agree about how many there are: one, as Node's default. */
static void start(struct cluster *c)
{
    bytes_clear(&c->channel);
    cluster_stream_name(&c->channel, cluster_prefix(c), 1, none);
    c->bus->ops->follow(c->bus, bytes_span(&c->channel), none);
}

static void open_channels(struct cluster_nsp *n)
{
    wire_cluster_open(n, BUS_CHANNEL);
}

/* number may be empty. */
static void append(struct cluster_nsp *n, const struct adapter_message *m, struct span number,
                   struct bus_call *call)
{
    struct cluster *c = n->cluster;
    char type[4];

    bytes_clear(&c->payload);
    cluster_entry_encode(&c->payload, type, m);
    const struct bus_field fields[] = {
        {SPAN("uid"), cluster_uid(n)},
        {SPAN("nsp"), n->name},
        {SPAN("type"), span_cstr(type)},
        {SPAN("data"), bytes_span(&c->payload)},
        {SPAN("n"), number},
    };
    size_t field_count = sizeof fields / sizeof *fields - (number.len == 0);
    bytes_clear(&c->channel);
    cluster_stream_name(&c->channel, cluster_prefix(c), 1, n->name);
    c->bus->ops->append(c->bus, bytes_span(&c->channel), fields, field_count,
                        c->options.stream_entries_max, call);
}

static bool is_kept(const struct adapter_message *m)
{
    return (m->kind == ADAPTER_BROADCAST && m->request_id.len == 0) || m->kind == ADAPTER_JOIN ||
           m->kind == ADAPTER_LEAVE || m->kind == ADAPTER_DISCONNECT;
}

static void publish(struct cluster_nsp *n, const struct adapter_message *m)
{
    if (is_kept(m)) {
        append(n, m, none, NULL);
    } else {
        wire_cluster_publish(n, BUS_CHANNEL, CLUSTER_MSGPACK, m, none);
    }
}

static void respond(struct cluster_nsp *n, const struct adapter_message *m, struct span asker)
{
    wire_cluster_publish(n, BUS_CHANNEL, CLUSTER_MSGPACK, m, asker);
}

static void count(struct cluster_nsp *n, struct bus_call *call)
{
    wire_cluster_count(n, BUS_CHANNEL, call);
}

static struct span field_of(const struct bus_entry *entry, struct span name)
{
    for (size_t i = 0; i < entry->field_count; i++) {
        if (span_eq(entry->fields[i].name, name)) {
            return entry->fields[i].value;
        }
    }
    return none;
}

static void take_entry(struct cluster *c, const struct bus_entry *entry)
{
    const struct cluster_entry parts = {
        .uid = field_of(entry, SPAN("uid")),
        .nsp = field_of(entry, SPAN("nsp")),
        .type = field_of(entry, SPAN("type")),
        .data = field_of(entry, SPAN("data")),
    };
    struct cluster_nsp *n = cluster_find(c, parts.nsp);
    struct adapter_message m;

    if (n == NULL) {
        return;
    }
    if (span_eq(parts.uid, cluster_uid(n))) {
        echo_came(c, field_of(entry, SPAN("n")), entry->id);
        return;
    }
    if (cluster_entry_decode(&c->decoder, &parts, &m) < 0) {
        cluster_count_one(&c->counts.malformed);
        return;
    }
    c->entry_id = c->sessions != NULL && !m.is_volatile ? entry->id : none;
    incoming_take(n, &m, parts.data, INCOMING_TO_ALL);
    c->entry_id = none;
}

static void on_entry(struct cluster *c, const struct bus_entry *entry)
{
    take_entry(c, entry);
    recovery_passed(c, entry->id);
}

const struct wire_ops wire_streams = {
    .uid_len = 16,
    .request_id_len = 16,
    .start = start,
    .open = open_channels,
    .publish = publish,
    .publish_echoed = append,
    .respond = respond,
    .count = count,
    .decode_broadcast = wire_cluster_decode,
    .on_message = wire_cluster_on_message,
    .on_entry = on_entry,
};
