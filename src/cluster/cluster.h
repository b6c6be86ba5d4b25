/* Cluster: this server as one of several, Node.js servers among them. It is the adapter under the
 * socket layer (socket/adapter.h), speaks one of three wires, and runs over a bus.
 *
 *   loops ──(broadcasts, orders, questions, rooms)──> loop 0: wire encodes ──> bus
 *   bus ──> loop 0: wire decodes ──> incoming: sockets of this node, answers
 *
 *     create ──> attach ──(the server runs)──> stop ──> bus_close ──> destroy
 *
 * Threads: everything but the adapter's functions on loop 0, or while no loop runs. */
// SPDX-License-Identifier: MIT
#ifndef CLUSTER_CLUSTER_H
#define CLUSTER_CLUSTER_H

#include <stdatomic.h>

#include "protocol/adapter_cluster.h"
#include "src/bus/bus.h"
#include "src/keyspace/keyspace.h"
#include "src/socket/adapter.h"

enum cluster_wire {
    WIRE_CLASSIC, /* @socket.io/redis-adapter: createAdapter */
    WIRE_SHARDED, /* the same: createShardedAdapter */
    WIRE_STREAMS, /* @socket.io/redis-streams-adapter */
};

struct cluster_options {
    const char *prefix; /* of channels; the stream's name */
    enum cluster_wire wire;
    enum cluster_mode mode;      /* sharded */
    bool common_responses;       /* classic: answers go to all, not just to who asked */
    unsigned request_timeout_ms; /* for the answers of other nodes */
    unsigned stream_entries_max;
    size_t catch_up_bytes_max; /* of what was said lately, for nodes that were cut off; 0: 16 MiB */
    unsigned catch_up_ms;      /* how lately; 0: 60,000 */
    unsigned recovery_ms;      /* streams: how long sessions may be come back to; 0: they are not */
    struct span id_prefix; /* with which the ids of all sockets of this node begin; may be empty */
};

/* What a cluster counts; from any thread. */
struct cluster_counts {
    _Atomic uint64_t broadcasts_sent, broadcasts_received;
    _Atomic uint64_t requests_sent, requests_answered, requests_timed_out;
    _Atomic uint64_t malformed;  /* messages that were none, or not for us to obey */
    _Atomic uint64_t repeated;   /* messages that had come before */
    _Atomic uint64_t sent_again; /* messages to nodes that had been cut off */
    _Atomic uint64_t gaps;       /* nodes that wanted more than was kept for them */
    _Atomic uint64_t sessions_saved, sessions_restored;
    _Atomic uint64_t sessions_lost; /* that were asked for in vain */
    _Atomic uint64_t rooms;         /* with members here, at present */
};

struct cluster;

/* executors[i] is that of loop i. Options are copied. */
struct cluster *cluster_create(struct executor *const executors[], unsigned loop_count,
                               const struct cluster_options *options);

/* For socket/io.h. */
struct adapter *cluster_adapter(struct cluster *c);

/* For bus_..._open. */
struct bus_handlers cluster_bus_handlers(struct cluster *c);

/* The bus that it uses from now on; it outlives the loops' last turns. Before the loops run. */
void cluster_attach(struct cluster *c, struct bus *bus);

/* Where sessions are saved, if the options and the wire let them be recovered; else it is not used.
 * Its keys are Node's, sio:session:<pid>, so it has no prefix of its own. It outlives the loops'
 * last turns, and is closed before cluster_destroy. Before io_set_adapter. */
void cluster_keep_sessions(struct cluster *c, struct keyspace *sessions);

/* Says nothing any more; what was asked ends. When the loops have stopped, before bus_close. */
void cluster_stop(struct cluster *c);

/* When the bus is closed and all tasks have run. NULL is taken. */
void cluster_destroy(struct cluster *c);

const struct cluster_counts *cluster_counts(const struct cluster *c);

#endif
