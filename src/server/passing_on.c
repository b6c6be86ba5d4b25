/* Requests for sessions of other nodes are passed on to them (net/peers.h), where the nodes share a
 * secret; the registry says where they are. */
// SPDX-License-Identifier: MIT
#include "src/base/memory.h"
#include "src/server/rookery_internal.h"

enum { ANSWER_MARGIN_MS = 2000, ANSWER_HEAD_BYTES = 4096, LOOKS_MAX = 10, SOUGHT_MAX = 256 };

/* One that has just begun is looked for. */
static enum peer_found find_node(void *arg, unsigned node, struct peer_address *out)
{
    const struct rookery *io = arg;
    struct registry *registry = cluster_parts_registry(io->cluster);
    char address[NODE_ADDRESS_SIZE];

    if (!registry_address_of(registry, node, address)) {
        registry_look(registry);
        return PEER_SOUGHT;
    }
    return peer_address_read(span_cstr(address), out) ? PEER_FOUND : PEER_NONE;
}

void server_open_peers(struct rookery *io)
{
    const struct rookery_options *o = &io->options;

    if (io->cluster == NULL || o->cluster.secret == NULL) {
        return;
    }
    struct peers_options options = {
        .finder = {.find = find_node, .arg = io},
        .answer_timeout_ms = o->ping_interval_ms + o->ping_timeout_ms + ANSWER_MARGIN_MS,
        .looks_max = LOOKS_MAX,
        .sought_max = SOUGHT_MAX,
        .close_timeout_ms = o->close_timeout_ms,
        .answer_bytes_max = o->queue_bytes_max + ANSWER_HEAD_BYTES,
        .connections = &io->connections,
    };
    struct loop **loops = xcalloc(io->loop_count, sizeof *loops);

    for (unsigned i = 0; i < io->loop_count; i++) {
        loops[i] = &io->loops[i].loop;
    }
    hop_key_make(&options.key, span_cstr(o->cluster.secret));
    io->hop_key = options.key;
    io->http_limits.hop_key = &io->hop_key;
    io->peers = peers_create(&options, loops, io->loop_count);
    free(loops);
}
