/* Slots of a Redis Cluster: which node has which key. A key's slot is a CRC16 of it, or of what
 * stands between its first { and the next }, modulo 16384.
 *
 * Pure. One thread. */
// SPDX-License-Identifier: MIT
#ifndef REDIS_REDIS_SLOTS_H
#define REDIS_REDIS_SLOTS_H

#include "src/redis/redis.h"
#include "src/redis/redis_url.h"

enum { REDIS_SLOTS = 16384, REDIS_NODES_MAX = 1000, REDIS_NO_NODE = 0xffff };

unsigned redis_slot(struct span key);

/* Zeroed it is empty, and needs redis_slots_finish only after a successful parse. */
struct redis_slots {
    struct redis_address *nodes; /* the masters */
    size_t node_count;
    uint16_t *owner; /* of each slot: an index of nodes, or REDIS_NO_NODE */
    size_t owned;    /* slots that have an owner */
};

/* Reads the answer to CLUSTER SLOTS; asked: whose answer it is, for a node that does not know its
 * own name. Returns 0, or -1 if it is none, and leaves *slots alone; what was in it is freed. */
MUST_USE int redis_slots_parse(struct redis_slots *slots, const struct redis_reply *reply,
                               const struct redis_address *asked);

void redis_slots_finish(struct redis_slots *slots);

/* The master of that slot, or NULL. */
const struct redis_address *redis_slots_node(const struct redis_slots *slots, unsigned slot);

/* Is it one of the masters? */
bool redis_slots_has(const struct redis_slots *slots, const struct redis_address *a);

struct redis_redirect {
    bool ask; /* for this command only */
    unsigned slot;
    struct redis_address to;
};

/* Reads the text of an error: "MOVED 3999 127.0.0.1:6381" or "ASK ...". Returns 0, or -1 if it is
 * something else. */
MUST_USE int redis_redirect_parse(struct redis_redirect *redirect, struct span error,
                                  const struct redis_address *asked);

#endif
