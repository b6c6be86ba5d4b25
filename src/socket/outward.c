// SPDX-License-Identifier: MIT
#include "src/socket/outward.h"

#include "src/socket/io_loop.h"

struct rookery_loop *outward_speaker(const struct io *io)
{
    struct rookery_loop *here = io_current(io);

    return here == NULL ? &io->loops[0] : here;
}

void outward_broadcast(struct rookery_namespace *nsp, const struct adapter_packet *packet,
                       struct gather *answers)
{
    struct adapter *a = nsp->io->adapter;

    for (struct rookery_namespace *n = namespace_first(nsp); n != NULL;
         n = namespace_next(nsp, n)) {
        a->ops->broadcast(a, n, packet, answers);
    }
}

void outward_order(struct rookery_namespace *nsp, const struct adapter_order *order)
{
    struct adapter *a = nsp->io->adapter;

    for (struct rookery_namespace *n = namespace_first(nsp); n != NULL;
         n = namespace_next(nsp, n)) {
        a->ops->order(a, n, order);
    }
}
