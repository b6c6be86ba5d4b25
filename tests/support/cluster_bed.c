#include "tests/support/cluster_bed.h"

#include <assert.h>
#include <stdio.h>

#include "src/socket/io.h"
#include "tests/support/shared_keys.h"

struct node {
    struct world *world;
    struct cluster *cluster;
    struct bus *bus;
    struct bus_counts bus_counts;
    struct keyspace *keys;
    struct rookery_namespace *root;
};

static struct cluster_bed_setup setup;
static struct bus_hub *hub;
static struct shared_keys *keys;
static struct node nodes[CLUSTER_BED_NODES_MAX];
static unsigned births; /* of nodes */

static void on_join(struct rookery_socket *s, const struct rookery_event *event, void *arg)
{
    char room[256];
    int len = rookery_json_text(rookery_arg(&event->args, 0), room, sizeof room);

    (void)arg;
    assert(len >= 0);
    rookery_join(s, (struct rookery_str){room, (size_t)len});
}

static void on_leave(struct rookery_socket *s, const struct rookery_event *event, void *arg)
{
    char room[256];
    int len = rookery_json_text(rookery_arg(&event->args, 0), room, sizeof room);

    (void)arg;
    assert(len >= 0);
    rookery_leave(s, (struct rookery_str){room, (size_t)len});
}

static void start_node(unsigned i)
{
    struct node *n = &nodes[i];
    struct executor *executors[WORLD_LOOPS_MAX];
    struct io_options options = world_options;
    unsigned loops = setup.loops == 0 ? 1 : setup.loops;

    (void)snprintf(world_options.id_prefix, sizeof world_options.id_prefix, "%c%03u",
                   (char)('A' + i), births++ % 1000);
    world_options.skip_middlewares = setup.skip_middlewares;
    (void)world_switch(NULL);
    world_start(loops);
    n->world = world_switch(NULL);
    (void)world_switch(n->world);
    for (unsigned k = 0; k < loops; k++) {
        executors[k] = world_executor(k);
    }
    for (unsigned k = 0; k < births; k++) { /* so that it is not taken for the one before */
        uint8_t skipped[64];
        executor_random(executors[0], skipped, sizeof skipped);
    }
    const struct cluster_options cluster_options = {
        .prefix = "socket.io",
        .wire = setup.wire,
        .mode = setup.mode,
        .common_responses = setup.common_responses,
        .request_timeout_ms = 1000,
        .stream_entries_max = setup.stream_entries_max == 0 ? 1000 : setup.stream_entries_max,
        .recovery_ms = setup.recovery_ms,
        .catch_up_bytes_max = setup.catch_up_bytes_max,
        .id_prefix = span_cstr(world_options.id_prefix),
    };
    n->cluster = cluster_create(executors, loops, &cluster_options);
    const struct bus_handlers handlers = cluster_bus_handlers(n->cluster);
    n->bus = bus_hub_join(hub, executors[0], &setup.limits, &handlers, &n->bus_counts);
    cluster_attach(n->cluster, n->bus);
    n->keys = shared_keys_open(keys, executors[0]);
    cluster_keep_sessions(n->cluster, n->keys);
    n->root = rookery_of(world, ROOKERY_STR("/"));
    rookery_on(n->root, ROOKERY_STR("join"), on_join, NULL);
    rookery_on(n->root, ROOKERY_STR("leave"), on_leave, NULL);
    if (setup.set_up != NULL) {
        setup.set_up(i, n->root);
    }
    io_set_adapter(io_of(world), cluster_adapter(n->cluster));
    world_options = options;
}

static void end_node(unsigned i)
{
    struct node *n = &nodes[i];

    (void)world_switch(n->world);
    cluster_stop(n->cluster);
    bus_close(n->bus);
    world_end();
    keyspace_close(n->keys);
    cluster_destroy(n->cluster);
    *n = (struct node){0};
}

void cluster_bed_start(const struct cluster_bed_setup *wanted)
{
    setup = *wanted;
    births = 0;
    hub = bus_hub_create(setup.seed);
    keys = shared_keys_create();
    for (unsigned i = 0; i < setup.nodes; i++) {
        start_node(i);
    }
    cluster_bed_settle();
    cluster_bed_advance(100);
}

void cluster_bed_end(void)
{
    for (unsigned i = 0; i < setup.nodes; i++) {
        end_node(i);
    }
    bus_hub_destroy(hub);
    shared_keys_destroy(keys);
    hub = NULL;
}

void cluster_bed_restart_node(unsigned node)
{
    end_node(node);
    start_node(node);
}

void cluster_bed_enter(unsigned node)
{
    (void)world_switch(nodes[node].world);
}

void cluster_bed_settle(void)
{
    world_settle();
}

void cluster_bed_advance(unsigned ms)
{
    world_advance(ms);
}

struct peer *cluster_bed_join(unsigned node, unsigned loop, const char *nsp)
{
    cluster_bed_enter(node);
    struct peer *p = peer_join(loop, nsp);
    cluster_bed_settle();
    return p;
}

void cluster_bed_enter_room(struct peer *p, const char *room)
{
    char packet[300];

    (void)snprintf(packet, sizeof packet, "2[\"join\",\"%s\"]", room);
    peer_send(p, packet);
    cluster_bed_advance(20);
}

struct rookery_namespace *cluster_bed_nsp(unsigned node)
{
    return nodes[node].root;
}

struct bus_hub *cluster_bed_hub(void)
{
    return hub;
}

struct bus *cluster_bed_bus(unsigned node)
{
    return nodes[node].bus;
}

const struct cluster_counts *cluster_bed_counts(unsigned node)
{
    return cluster_counts(nodes[node].cluster);
}

const struct bus_counts *cluster_bed_bus_counts(unsigned node)
{
    return &nodes[node].bus_counts;
}
