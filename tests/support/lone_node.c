// SPDX-License-Identifier: MIT
#include "tests/support/lone_node.h"

#include <assert.h>

#include "src/socket/io.h"

struct lone_node lone_node;
static char uid[32];

/* It is what its own channel of answers ends with: ...#/#<uid>#| */
static void find_uid(const char *said)
{
    uid[0] = '\0';
    for (const char *at = said; (at = strstr(at, "#/#")) != NULL; at++) {
        size_t len = strcspn(at + 3, "#|");
        if ((len == 6 || len == 16) && at[3 + len] == '#') {
            memcpy(uid, at + 3, len);
            uid[len] = '\0';
        }
    }
    assert(uid[0] != '\0');
}

void lone_node_start(const struct cluster_options *wanted, unsigned loops)
{
    struct executor *executors[WORLD_LOOPS_MAX];
    struct cluster_options options = *wanted;
    struct io_options before = world_options;

    (void)snprintf(world_options.id_prefix, sizeof world_options.id_prefix, "%.*s",
                   (int)options.id_prefix.len, (const char *)options.id_prefix.data);
    world_start(loops);
    world_options = before;
    for (unsigned i = 0; i < loops; i++) {
        executors[i] = world_executor(i);
    }
    options.prefix = "p";
    options.request_timeout_ms = LONE_NODE_TIMEOUT_MS;
    options.stream_entries_max = 100;
    lone_node.cluster = cluster_create(executors, loops, &options);
    lone_node.adapter = cluster_adapter(lone_node.cluster);
    const struct bus_handlers handlers = cluster_bus_handlers(lone_node.cluster);
    bus_stub_init(&lone_node.bus, &handlers);
    cluster_attach(lone_node.cluster, &lone_node.bus.bus);
    lone_node.root = rookery_of(world, ROOKERY_STR("/"));
    io_set_adapter(io_of(world), lone_node.adapter);
    world_settle();
    (void)snprintf(lone_node.first, sizeof lone_node.first, "%s", bus_stub_said(&lone_node.bus));
    find_uid(lone_node.first);
}

void lone_node_end(void)
{
    cluster_stop(lone_node.cluster);
    bus_close(&lone_node.bus.bus);
    world_end();
    cluster_destroy(lone_node.cluster);
}

const char *lone_node_uid(void)
{
    return uid;
}
