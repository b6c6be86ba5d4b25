/* Port: small shared state with a time to live: the registry of nodes, sessions to be recovered,
 * ids that have been seen.
 *
 *   local   in this process, exact
 *   redis   the same in Redis, for all nodes that use it; keys begin with the prefix
 *
 * All of them pass tests/contract/keyspace_contract.c.
 *
 * A call's on_done runs exactly once, on the executor of the keyspace, never inside the call that
 * starts it. Calls of one keyspace take effect in their order. While the back-end is away they fail
 * with KEYSPACE_EDOWN.
 *
 * Threads: the executor's own (loop 0). Ownership: the call is embedded in something of the
 * caller's and lives until on_done; keys and values are copied. */
// SPDX-License-Identifier: MIT
#ifndef KEYSPACE_KEYSPACE_H
#define KEYSPACE_KEYSPACE_H

#include "protocol/bytes.h"
#include "src/base/executor.h"

enum keyspace_error {
    KEYSPACE_EDOWN = -1,  /* the back-end is away */
    KEYSPACE_EREPLY = -2, /* it has refused */
};

const char *keyspace_strerror(int error);

struct keyspace_call {
    void (*on_done)(struct keyspace_call *call);
    int error;         /* 0 or an enum keyspace_error */
    bool found;        /* get, take: there is such a key; put_new: it was not there, and is now */
    struct span value; /* of get and take, while found; borrowed until on_done returns */
    /* of list: what lives under the prefix, in no order; likewise */
    const struct keyspace_entry *entries;
    size_t entry_count;
    struct keyspace_call *next; /* the back-end's, as the rest */
    struct task task;
    void *state;
};

struct keyspace_entry {
    struct span key; /* without the group's name */
    struct span value;
};

struct keyspace {
    const struct keyspace_ops *ops;
};

struct keyspace_ops {
    const char *name;
    /* Sets the key for ttl_ms. */
    void (*put)(struct keyspace *k, struct span key, struct span value, uint64_t ttl_ms,
                struct keyspace_call *call);
    /* The same, unless it is there. */
    void (*put_new)(struct keyspace *k, struct span key, struct span value, uint64_t ttl_ms,
                    struct keyspace_call *call);
    void (*get)(struct keyspace *k, struct span key, struct keyspace_call *call);
    /* get and remove, in one step: of several who take it one gets it. */
    void (*take)(struct keyspace *k, struct span key, struct keyspace_call *call);
    void (*remove)(struct keyspace *k, struct span key, struct keyspace_call *call);
    /* A small group of keys that can be listed: puts member `key` of the group for ttl_ms. */
    void (*enrol)(struct keyspace *k, struct span group, struct span key, struct span value,
                  uint64_t ttl_ms, struct keyspace_call *call);
    void (*withdraw)(struct keyspace *k, struct span group, struct span key,
                     struct keyspace_call *call);
    /* All members of the group whose time is not over. */
    void (*list)(struct keyspace *k, struct span group, struct keyspace_call *call);
    /* Calls under way fail, before it returns. */
    void (*close)(struct keyspace *k);
};

struct redis;

/* Of this process. */
struct keyspace *keyspace_local_open(struct executor *executor);

/* In that Redis, which outlives it. prefix is copied. */
struct keyspace *keyspace_redis_open(struct redis *redis, struct executor *executor,
                                     struct span prefix);

/* NULL is harmless. */
static inline void keyspace_close(struct keyspace *k)
{
    if (k != NULL) {
        k->ops->close(k);
    }
}

#endif
