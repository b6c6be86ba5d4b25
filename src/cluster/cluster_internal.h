/* What the files of this folder share: the cluster itself, its part of each namespace, and what a
 * wire is. Threads: loop 0. */
// SPDX-License-Identifier: MIT
#ifndef CLUSTER_CLUSTER_INTERNAL_H
#define CLUSTER_CLUSTER_INTERNAL_H

#include <stdatomic.h>

#include "protocol/adapter_message.h"
#include "src/base/list.h"
#include "src/base/map.h"
#include "src/base/memory.h"
#include "src/cluster/cluster.h"
#include "src/cluster/echo.h"
#include "src/cluster/position.h"
#include "src/socket/text.h"

enum { CLUSTER_UID_MAX = 16, CLUSTER_ID_PREFIX_MAX = 20 };

struct catch_up;
struct cluster_nsp;
struct wire_ops;
struct room_changes;
struct spoken_log;

struct cluster {
    struct adapter adapter; /* first: see cluster_of */
    struct cluster_options options;
    char *prefix; /* what options.prefix points to, as the next */
    char id_prefix[CLUSTER_ID_PREFIX_MAX];
    struct executor *const *executors;
    unsigned loop_count;
    const struct wire_ops *wire;
    struct bus *bus; /* NULL: stopped, or not attached */
    bool up, was_up;
    uint64_t heard_ms;   /* when the bus has brought something last */
    uint64_t down_at_ms; /* what was said since may not have come */
    uint64_t hash_secret[2];
    struct map namespaces; /* struct cluster_nsp by name */
    struct adapter_decoder decoder;
    struct bytes payload; /* of the message that is being encoded, */
    struct bytes channel; /* and where it goes */
    struct bytes subscribed;
    size_t spoken_bytes; /* of all namespaces together, see spoken.h */
    uint64_t spoken_swept_ms;
    struct room_changes *changes; /* by loop, see interest.h */
    struct cluster_counts counts;
    struct span entry_id; /* of the entry that is being delivered, if it has an offset; or empty */
    struct keyspace *sessions; /* NULL: none are recovered; then the rest is not used */
    struct echoes echoes;
    struct position passed; /* of the entry that was dealt with last */
    struct list restores;   /* see recovery.h */
    unsigned restore_count;
};

/* A namespace's part: an adapter of its own to the other nodes, with its own uid. */
struct cluster_nsp {
    struct cluster *cluster;
    struct rookery_namespace *nsp;
    struct span name;
    char uid[CLUSTER_UID_MAX];
    unsigned uid_len;
    struct map interests;      /* see interest.h */
    struct map questions;      /* see question.h */
    struct spoken_log *spoken; /* see spoken.h */
    struct catch_up *catch_up;
};

/* How messages travel. */
struct wire_ops {
    unsigned uid_len;
    unsigned request_id_len;
    bool forgets; /* what was said while somebody was away has to be asked for (catch_up.h) */
    bool asks_for_rooms;              /* has a request for the names of rooms */
    void (*start)(struct cluster *c); /* the bus is there; NULL: nothing to do */
    /* A namespace is there: its common channels. */
    void (*open)(struct cluster_nsp *n);
    /* Sends a broadcast, an order, or a request, to everybody. */
    void (*publish)(struct cluster_nsp *n, const struct adapter_message *m);
    /* Sends a broadcast whose echo is expected; NULL: sessions are not recovered. */
    void (*publish_echoed)(struct cluster_nsp *n, const struct adapter_message *m,
                           struct span number, struct bus_call *call);
    /* Sends an answer to who has asked (asker may be empty: unknown). */
    void (*respond)(struct cluster_nsp *n, const struct adapter_message *m, struct span asker);
    /* Sends to that node alone what has been encoded (c->payload of a publish before). */
    void (*publish_again)(struct cluster_nsp *n, struct span payload, struct span asker,
                          struct bus_call *call);
    /* How many servers there are in the namespace, this one included. */
    void (*count)(struct cluster_nsp *n, struct bus_call *call);
    /* Appends to out the channel that brings what is for that room alone; false: it comes anyway.
     * NULL: everything does. */
    bool (*room_channel)(struct cluster_nsp *n, struct span room, struct bytes *out,
                         enum bus_kind *kind);
    /* Decodes a broadcast as it is published. */
    int (*decode_broadcast)(struct cluster_nsp *n, struct adapter_decoder *d, struct span payload,
                            struct adapter_message *m);
    void (*on_message)(struct cluster *c, enum bus_kind kind, struct span channel,
                       struct span payload);
    void (*on_entry)(struct cluster *c, const struct bus_entry *entry); /* NULL: has no streams */
};

extern const struct wire_ops wire_classic, wire_sharded, wire_streams;

static inline struct cluster *cluster_of(struct adapter *a)
{
    return (struct cluster *)(void *)a;
}

static inline struct executor *cluster_executor(const struct cluster *c)
{
    return c->executors[0];
}

static inline struct span cluster_uid(const struct cluster_nsp *n)
{
    return span_of(n->uid, n->uid_len);
}

static inline struct span cluster_prefix(const struct cluster *c)
{
    return span_cstr(c->prefix);
}

static inline void cluster_count_one(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* The part of that namespace, or NULL. */
struct cluster_nsp *cluster_find(const struct cluster *c, struct span name);

/* Calls fn for the parts of all namespaces that a channel may belong to whose name is, behind what
 * its kind begins with, <nsp>#  or  <nsp>#<rest>#: names may hold a '#'. */
struct channel_rest {
    struct span rest; /* may be empty */
    struct span payload;
    unsigned which; /* the wire's */
};
void cluster_each_of_channel(struct cluster *c, struct span channel, struct channel_rest rest,
                             void (*fn)(struct cluster_nsp *n, const struct channel_rest *rest));

/* Runs task->run on loop 0: at once if that is the calling thread's, else soon. */
void cluster_go_home(struct cluster *c, struct task *task);

/* A message with the namespace and our uid filled in. */
struct adapter_message cluster_message(const struct cluster_nsp *n, enum adapter_kind kind);

/* Fills out with an id of that length, as the wire has them; returns it. */
struct span cluster_make_id(struct cluster *c, unsigned len, char *out);

/* Publishes c->payload on c->channel. */
void cluster_publish(struct cluster *c, enum bus_kind kind);

/* Subscribes to c->channel for good. */
void cluster_subscribe(struct cluster *c, enum bus_kind kind);

#endif
