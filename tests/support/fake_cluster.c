// SPDX-License-Identifier: MIT
#include "tests/support/fake_cluster.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/memory.h"

struct member {
    const struct rookery *io;
    const char *id;
    rookery_node_change_fn on_node;
    rookery_cluster_fn on_redis;
    void *node_arg, *redis_arg;
};

static struct member members[FAKE_CLUSTER_MAX];

static struct member *find(const struct rookery *io)
{
    for (unsigned i = 0; i < FAKE_CLUSTER_MAX; i++) {
        if (members[i].io == io && io != NULL) {
            return &members[i];
        }
    }
    return NULL;
}

void fake_cluster_begin(const struct rookery *io, const char *id)
{
    struct member *m = members;

    while (m->io != NULL) {
        if (++m == members + FAKE_CLUSTER_MAX) {
            abort();
        }
    }
    *m = (struct member){.io = io, .id = id};
}

void fake_cluster_end(void)
{
    memset(members, 0, sizeof members);
}

struct rookery_str rookery_node_id(const struct rookery *io)
{
    const struct member *m = find(io);
    return m == NULL ? ROOKERY_STR("") : (struct rookery_str){m->id, strlen(m->id)};
}

void rookery_on_node(struct rookery *io, rookery_node_change_fn fn, void *arg)
{
    struct member *m = find(io);

    if (m != NULL) {
        m->on_node = fn;
        m->node_arg = arg;
    }
}

void rookery_on_cluster(struct rookery *io, rookery_cluster_fn fn, void *arg)
{
    struct member *m = find(io);

    if (m != NULL) {
        m->on_redis = fn;
        m->redis_arg = arg;
    }
}

void fake_cluster_change(const struct rookery *io, const char *id, bool alive)
{
    const struct rookery_node node = {.id = {id, strlen(id)}};
    const struct member *m = xnonnull(find(io));

    assert(m != NULL);
    m->on_node(&node, alive, m->node_arg);
}

void fake_cluster_redis(const struct rookery *io, bool up)
{
    const struct member *m = xnonnull(find(io));

    assert(m != NULL);
    m->on_redis(up, m->redis_arg);
}
