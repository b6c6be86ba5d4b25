/* The part of src/api/rookery.h that asks who else is in the cluster. */
// SPDX-License-Identifier: MIT
#include "src/server/cluster_parts.h"
#include "src/server/rookery_internal.h"

struct asking {
    rookery_node_fn fn;
    void *arg;
};

static void tell_node(const struct registry_node *node, void *arg)
{
    const struct asking *a = arg;
    const struct rookery_node told = cluster_parts_node(node);

    a->fn(&told, a->arg);
}

void rookery_nodes(const struct rookery *io, rookery_node_fn fn, void *arg)
{
    struct asking a = {fn, arg};

    if (io->cluster != NULL) {
        registry_each(cluster_parts_registry(io->cluster), tell_node, &a);
    }
}

struct rookery_str rookery_node_id(const struct rookery *io)
{
    const char *id = io->cluster == NULL ? "" : cluster_parts_node_id(io->cluster);

    return (struct rookery_str){id, strlen(id)};
}

void rookery_on_node(struct rookery *io, rookery_node_change_fn fn, void *arg)
{
    if (io->cluster != NULL) {
        cluster_parts_on_node(io->cluster, fn, arg);
    }
}

void rookery_on_cluster(struct rookery *io, rookery_cluster_fn fn, void *arg)
{
    if (io->cluster != NULL) {
        cluster_parts_on_state(io->cluster, fn, arg);
    }
}

/* ---- server.h ---- */

bool server_look_at_cluster(const struct rookery *io, struct server_cluster *out)
{
    if (io->cluster == NULL) {
        return false;
    }
    cluster_parts_look(io->cluster, out);
    return true;
}

void server_each_node(const struct rookery *io, registry_node_fn fn, void *arg)
{
    if (io->cluster != NULL) {
        registry_each(cluster_parts_registry(io->cluster), fn, arg);
    }
}

void server_set_node_name(struct rookery *io, const char *name)
{
    if (io->cluster != NULL) {
        cluster_parts_set_name(io->cluster, name);
    }
}

struct keyspace *server_keyspace(const struct rookery *io)
{
    return io->cluster == NULL ? NULL : cluster_parts_keyspace(io->cluster);
}
