/* Incoming: what other nodes say, ask and answer, as a wire has decoded it.
 *
 * Our own messages come back to us and are dropped: what they say has been done here already. (The
 * classic adapter of Node.js does its joins, leaves and disconnects only then; here they do not
 * wait for Redis.)
 *
 * Threads: loop 0. */
// SPDX-License-Identifier: MIT
#ifndef CLUSTER_INCOMING_H
#define CLUSTER_INCOMING_H

#include "src/cluster/cluster_internal.h"

/* How it came. */
enum incoming_way {
    INCOMING_TO_ALL,
    INCOMING_TO_US, /* on a channel of our own: an answer, or what we have missed */
};

/* m was decoded from payload by n's wire. */
void incoming_take(struct cluster_nsp *n, const struct adapter_message *m, struct span payload,
                   enum incoming_way way);

/* A broadcast that was held back. */
void incoming_take_broadcast(struct cluster_nsp *n, struct span payload);

#endif
