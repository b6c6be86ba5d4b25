/* Registry: which Rookery nodes there are. Each says in the keyspace that it lives, once in a
 * heartbeat, and reads who else does.
 *
 *   group  rookery:nodes       node id -> its record (node_record.h)       for NODE_TTL_BEATS
 *   key    rookery:number:<n>  node id: who has that number                heartbeats each
 *
 * A node has come when it is listed first. It is gone when it is listed no more, or its record has
 * not changed for NODE_TTL_BEATS heartbeats of our clock (no clock of anybody else is read). Redis
 * that is away is nobody's death: what was known stays, and nobody is judged until the same time
 * after its return, so that all have had the time to say that they live. An orderly stop takes a
 * node out at once; others see that with their next heartbeat.
 *
 * The number, 1 to NODE_NUMBER_MAX, is in the ids of sessions, so that whoever gets a request for
 * one knows whose it is. A node claims the one that it is given, or, where somebody else has that,
 * another by chance, before it is listed first. It keeps it over an outage, unless somebody else
 * has it by then.
 *
 *     registry_create ──> registry_start ──> registry_leave ──> keyspace_close ──> registry_destroy
 *
 * Threads: the executor's (loop 0), but for what says otherwise: those read an immutable view under
 * a lock that is held for a moment. */
// SPDX-License-Identifier: MIT
#ifndef CLUSTER_REGISTRY_H
#define CLUSTER_REGISTRY_H

#include "src/base/executor.h"
#include "src/cluster/node_record.h"
#include "src/keyspace/keyspace.h"

enum {
    NODE_TTL_BEATS = 3,
    NODES_MAX = 1024, /* others that are kept in mind; more are counted and left out */
    NODE_ADDRESS_SIZE = NODE_TEXT_BYTES_MAX + 1,
    REGISTRY_LOOK_MS = 50,
};

struct registry_node {
    struct node_record record; /* as it was read last */
    int64_t heard_wall_ms;     /* when that was */
    bool self;
};

struct registry_options {
    struct span id, name, address, adapter; /* of this node; copied. The address may come later */
    unsigned number;                        /* the one to begin with */
    int64_t started_ms;                     /* since the Epoch */
    unsigned heartbeat_ms;
    uint64_t (*connections)(void *arg); /* how many there are now */
    /* Another node has come, or is gone; borrowed. Not inside a call. */
    void (*on_node)(void *arg, const struct registry_node *node, bool alive);
    /* This node has that number; 0: none, for the one that it claimed or had is another's.
     * Likewise. */
    void (*on_number)(void *arg, unsigned number);
    void *arg;
};

struct registry;

struct registry *registry_create(struct executor *executor, const struct registry_options *options);

/* Another address or name, from the next heartbeat on; before registry_start, or on loop 0. */
void registry_set_address(struct registry *r, struct span address);
void registry_set_name(struct registry *r, struct span name);

/* The first heartbeat comes soon. The keyspace is borrowed until registry_destroy. */
void registry_start(struct registry *r, struct keyspace *keyspace);

/* Redis has come (back), or is gone. */
void registry_set_up(struct registry *r, bool up);

/* Takes this node out; no handler is called any more. Harmless without registry_start. */
void registry_leave(struct registry *r);

/* After registry_leave, and when the keyspace is closed. NULL is taken. */
void registry_destroy(struct registry *r);

/* ---- from any thread ---- */

/* This node's number, or 0 while it has none. */
unsigned registry_number(const struct registry *r);

/* Writes the address of the node with that number, NUL-terminated; false if there is none. */
bool registry_address_of(const struct registry *r, unsigned number, char out[NODE_ADDRESS_SIZE]);

/* Somebody has heard of a node that is not known yet: looks for it before the next heartbeat, but
 * no more often than every REGISTRY_LOOK_MS. */
void registry_look(struct registry *r);

/* Calls fn for each node that is known to live, this one first; without the lock. */
typedef void (*registry_node_fn)(const struct registry_node *node, void *arg);
void registry_each(const struct registry *r, registry_node_fn fn, void *arg);

/* How many nodes there are, this one included. */
size_t registry_count(const struct registry *r);

/* Records that could not be read, and nodes above NODES_MAX, so far. */
uint64_t registry_ignored(const struct registry *r);

#endif
