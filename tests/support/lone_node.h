/* Lone node: one server's cluster in a world (world.h) with a bus to nowhere (bus_stub.h), so that
 * a test sees each thing that it says and can say anything to it. There is one at a time.
 *
 *     lone_node_start(&(struct cluster_options){.wire = WIRE_CLASSIC}, 2);
 *     ...
 *     lone_node_end(); */
// SPDX-License-Identifier: MIT
#ifndef TESTS_SUPPORT_LONE_NODE_H
#define TESTS_SUPPORT_LONE_NODE_H

#include "src/cluster/cluster.h"
#include "tests/support/bus_stub.h"
#include "tests/support/world.h"

enum { LONE_NODE_TIMEOUT_MS = 1000 };

struct lone_node {
    struct bus_stub bus;
    struct cluster *cluster;
    struct adapter *adapter;
    struct rookery_namespace *root;
    char first[512]; /* what it has said at the start; bus_stub_said tells what came after */
};

extern struct lone_node lone_node;

/* prefix "p", request_timeout_ms and stream_entries_max are filled in; ids begin with id_prefix. */
void lone_node_start(const struct cluster_options *options, unsigned loops);
void lone_node_end(void);

/* The node's uid in "/". */
const char *lone_node_uid(void);

#endif
