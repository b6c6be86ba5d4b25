/* Calls whose outcome is known while no callback may run: they are done in the next turn, in their
 * order, or when the bus is closed.
 *
 * Threads: the executor's own. */
// SPDX-License-Identifier: MIT
#ifndef BUS_CALLS_H
#define BUS_CALLS_H

#include "src/base/errand.h"
#include "src/bus/bus.h"

struct bus_calls {
    struct bus_call *first, **end; /* oldest first */
    struct errand errand;
};

void bus_calls_init(struct bus_calls *c, struct executor *executor);

/* call may be NULL: nobody wants to know. */
void bus_calls_add(struct bus_calls *c, struct bus_call *call, int error);

/* Does what is left. */
void bus_calls_finish(struct bus_calls *c);

#endif
