/* The wire of createShardedAdapter. */
// SPDX-License-Identifier: MIT
#include "src/cluster/wire_cluster.h"

static void open_channels(struct cluster_nsp *n)
{
    wire_cluster_open(n, BUS_SHARD);
}

static void publish(struct cluster_nsp *n, const struct adapter_message *m)
{
    struct span room = cluster_room_of(m, n->cluster->options.mode);

    wire_cluster_publish(n, BUS_SHARD, CLUSTER_SHARDED, m, room);
}

static void respond(struct cluster_nsp *n, const struct adapter_message *m, struct span asker)
{
    wire_cluster_publish(n, BUS_SHARD, CLUSTER_SHARDED, m, asker);
}

static void publish_again(struct cluster_nsp *n, struct span payload, struct span asker,
                          struct bus_call *call)
{
    struct cluster *c = n->cluster;

    wire_cluster_set_channel(n, asker);
    c->bus->ops->publish(c->bus, BUS_SHARD, bytes_span(&c->channel), payload, call);
}

static void count(struct cluster_nsp *n, struct bus_call *call)
{
    wire_cluster_count(n, BUS_SHARD, call);
}

static bool room_channel(struct cluster_nsp *n, struct span room, struct bytes *out,
                         enum bus_kind *kind)
{
    const struct cluster *c = n->cluster;
    bool own_id = false; /* see adapter.own_rooms: in dynamic mode those do not come here */

    if (!cluster_room_has_channel(room, own_id, c->options.mode)) {
        return false;
    }
    cluster_channel_write(out, cluster_prefix(c), n->name, room);
    if (room.len == 0) { /* to Node.js it is a room as any other; we say it to all */
        bytes_add_byte(out, '#');
    }
    *kind = BUS_SHARD;
    return true;
}

const struct wire_ops wire_sharded = {
    .uid_len = 16,
    .request_id_len = 16,
    .forgets = true,
    .open = open_channels,
    .publish = publish,
    .respond = respond,
    .publish_again = publish_again,
    .count = count,
    .room_channel = room_channel,
    .decode_broadcast = wire_cluster_decode,
    .on_message = wire_cluster_on_message,
};
