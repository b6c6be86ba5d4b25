/* Bus hub: a bus (src/bus/bus.h) that joins any number of nodes in one process, on executors that
 * one thread runs, so under whatever clock a test likes. What Redis and the network do to a cluster
 * is done here at random, the same in every run with that seed.
 *
 *     struct bus_hub *hub = bus_hub_create(seed);
 *     bus_hub_faults(hub, &(struct bus_hub_faults){.delay_ms_max = 20, .breaks_per_10000 = 10});
 *     struct bus *a = bus_hub_join(hub, &executor_a.executor, NULL, &handlers_a, &counts_a);
 *     ... turns of all executors ...
 *     bus_close(a);
 *     bus_hub_destroy(hub);
 *
 * A node's connection comes up in the turn after the join, or after a break when its time is over,
 * and says so (on_state). Without faults everything arrives in the receiver's next turn. Order is
 * kept on each of a node's connections (commands, subscriptions, streams) and nowhere else, as with
 * Redis.
 *
 * A break loses what is on its way to that node, and of what it has sent the end: how much of it
 * still arrives is random, and none of it is answered, so that it comes twice when it is repeated.
 *
 * Streams' ids are those of the executor's wall clock: "1700000000000-0". */
#ifndef TESTS_SUPPORT_BUS_HUB_H
#define TESTS_SUPPORT_BUS_HUB_H

#include "src/bus/bus.h"

struct bus_hub;

struct bus_hub_faults {
    unsigned delay_ms_max;     /* everything on its way takes 0 to that */
    unsigned breaks_per_10000; /* things on their way, instead of which their connection breaks */
    unsigned restarts_percent; /* of those breaks: Redis restarts, so everybody's break */
    unsigned lose_percent;     /* of those restarts: the streams are gone */
    unsigned down_ms_max;      /* a break takes 1 to that; 0: 1000 */
};

struct bus_hub *bus_hub_create(uint64_t seed);

/* All nodes have been closed. NULL is taken. */
void bus_hub_destroy(struct bus_hub *hub);

/* limits may be NULL; counts outlives the bus. */
struct bus *bus_hub_join(struct bus_hub *hub, struct executor *executor,
                         const struct bus_limits *limits, const struct bus_handlers *handlers,
                         struct bus_counts *counts);

/* From now on; NULL: none. */
void bus_hub_faults(struct bus_hub *hub, const struct bus_hub_faults *faults);

/* That node's connections break, and come back after down_ms. */
void bus_hub_break(struct bus *bus, unsigned down_ms);

/* Everybody's do. */
void bus_hub_restart(struct bus_hub *hub, unsigned down_ms, bool keep_streams);

/* Everything to and from that node takes so much longer. */
void bus_hub_slow(struct bus *bus, unsigned delay_ms);

/* After its next break that node's subscriptions are in force so long before it is up. */
void bus_hub_come_late(struct bus *bus, unsigned late_ms);

/* Nothing is on its way, and all nodes are up and have published what they kept. */
bool bus_hub_quiet(const struct bus_hub *hub);

/* What has happened so far. */
struct bus_hub_events {
    uint64_t breaks, restarts;
    uint64_t lost;     /* things on their way when a connection broke */
    uint64_t repeated; /* publications and entries that came twice */
};

const struct bus_hub_events *bus_hub_events(const struct bus_hub *hub);

#endif
