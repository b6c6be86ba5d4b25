/* Cluster bed: several servers in one process under one virtual clock: a world (world.h) with its
 * cluster each, joined by a bus hub (bus_hub.h).
 *
 *     cluster_bed_start(&(struct cluster_bed_setup){.nodes = 2, .wire = WIRE_CLASSIC});
 *     struct peer *a = cluster_bed_join(0, 0, "/"), *b = cluster_bed_join(1, 0, "/");
 *     cluster_bed_enter(0);
 *     rookery_broadcast(cluster_bed_nsp(0), ...);
 *     cluster_bed_settle();
 *     check_peer(b, "|42[\"hello\"]");
 *     cluster_bed_end();
 *
 * There is one bed at a time. */
#ifndef TESTS_SUPPORT_CLUSTER_BED_H
#define TESTS_SUPPORT_CLUSTER_BED_H

#include "src/cluster/cluster.h"
#include "tests/support/bus_hub.h"
#include "tests/support/world.h"

enum { CLUSTER_BED_NODES_MAX = 5 };

struct cluster_bed_setup {
    unsigned nodes;
    unsigned loops; /* of each; 0: 1 */
    enum cluster_wire wire;
    enum cluster_mode mode;
    bool common_responses;
    uint64_t seed;
    size_t catch_up_bytes_max;
    struct bus_limits limits;
    unsigned recovery_ms; /* streams: how long sessions may be come back to; 0: they are not */
    bool skip_middlewares;
    unsigned stream_entries_max; /* 0: 1000 */
    /* Handlers of the namespace "/" of a node, before it runs; NULL: none. */
    void (*set_up)(unsigned node, struct rookery_namespace *root);
};

void cluster_bed_start(const struct cluster_bed_setup *setup);
void cluster_bed_end(void);

/* The node ends as if it was killed, and begins anew, with sockets of its own. */
void cluster_bed_restart_node(unsigned node);

/* The calling thread is loop 0 of that node from now on. */
void cluster_bed_enter(unsigned node);

/* Until nothing is on its way any more. */
void cluster_bed_settle(void);
/* Lets time pass. */
void cluster_bed_advance(unsigned ms);

/* A client of a node's loop that has joined the namespace; what it got is forgotten. */
struct peer *cluster_bed_join(unsigned node, unsigned loop, const char *nsp);
/* Its socket joins the room; once that is in force. */
void cluster_bed_enter_room(struct peer *p, const char *room);

struct rookery_namespace *cluster_bed_nsp(unsigned node);
struct bus_hub *cluster_bed_hub(void);
struct bus *cluster_bed_bus(unsigned node);
const struct cluster_counts *cluster_bed_counts(unsigned node);
const struct bus_counts *cluster_bed_bus_counts(unsigned node);

#endif
