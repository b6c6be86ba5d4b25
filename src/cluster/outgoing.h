/* Outgoing: what the loops of this node say and do, on its way to loop 0 and to the other nodes. A
 * parcel is one block with the whole message. Things of one loop go out in the order in which they
 * were said.
 *
 * Threads: those of the adapter's functions (socket/adapter.h). */
// SPDX-License-Identifier: MIT
#ifndef CLUSTER_OUTGOING_H
#define CLUSTER_OUTGOING_H

#include "src/cluster/cluster_internal.h"

void outgoing_broadcast(struct adapter *a, struct rookery_namespace *nsp,
                        const struct adapter_packet *packet, struct gather *answers);
void outgoing_order(struct adapter *a, struct rookery_namespace *nsp,
                    const struct adapter_order *order);
void outgoing_inquire(struct adapter *a, struct rookery_namespace *nsp, struct inquiry *q,
                      const struct rookery_target *target, struct rookery_str event,
                      const struct rookery_args *args);

#endif
