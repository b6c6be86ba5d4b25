/* What the wires of ClusterAdapter messages, sharded and streams, have in common: channels
 * P#<nsp>#  P#<nsp>#<room or uid>#  and what comes on them. Threads: loop 0. */
// SPDX-License-Identifier: MIT
#ifndef CLUSTER_WIRE_CLUSTER_H
#define CLUSTER_WIRE_CLUSTER_H

#include "src/cluster/cluster_internal.h"

/* name: a room or a uid; empty: the common channel. */
void wire_cluster_set_channel(struct cluster_nsp *n, struct span name);

/* Subscribes to the common channel and our own. */
void wire_cluster_open(struct cluster_nsp *n, enum bus_kind kind);

/* Publishes on that channel (see above). */
void wire_cluster_publish(struct cluster_nsp *n, enum bus_kind kind, enum cluster_format format,
                          const struct adapter_message *m, struct span name);

void wire_cluster_count(struct cluster_nsp *n, enum bus_kind kind, struct bus_call *call);

int wire_cluster_decode(struct cluster_nsp *n, struct adapter_decoder *d, struct span payload,
                        struct adapter_message *m);

void wire_cluster_on_message(struct cluster *c, enum bus_kind kind, struct span channel,
                             struct span payload);

#endif
