/* Outward: the way from the calls of the API to the adapter, if there is one.
 *
 * A call is told once, whatever the number of loops: by the loop that makes it, or by loop 0 for
 * threads that run none. What is called on a parent namespace is told of each child that it has.
 *
 * Threads: any loop. */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_OUTWARD_H
#define SOCKET_OUTWARD_H

#include "src/socket/adapter.h"
#include "src/socket/io.h"
#include "src/socket/namespace.h"

/* Is there anybody else whom a call with that target concerns? */
static inline bool outward_wanted(const struct rookery_namespace *nsp,
                                  const struct rookery_target *target)
{
    return nsp->io->adapter != NULL && (target == NULL || !target->local);
}

/* The loop that tells of what the calling thread calls. */
struct rookery_loop *outward_speaker(const struct io *io);

/* Only if outward_wanted; see struct adapter_ops. */
void outward_broadcast(struct rookery_namespace *nsp, const struct adapter_packet *packet,
                       struct gather *answers);
void outward_order(struct rookery_namespace *nsp, const struct adapter_order *order);

#endif
