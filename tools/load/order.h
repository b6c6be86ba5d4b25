/* Order: are the messages of one sender seen by one receiver once each, and in order?
 *
 * One eight-byte cell for every (receiver, sender) pair that shares a room. It holds the next
 * sequence number expected and one bit for each of the 32 before it, so a verdict costs one cache
 * line and no search:
 *
 *   seq == next              in order
 *   seq >  next              in order, but the ones between are missing (they may still come)
 *   seq <  next, bit clear   came late: out of order
 *   seq <  next, bit set     duplicate
 *   more than 32 behind      taken for out of order (whether it came before is no longer known)
 *
 * How many were lost is not decided here: that is what was due less the distinct deliveries. */
// SPDX-License-Identifier: MIT
#ifndef TOOLS_LOAD_ORDER_H
#define TOOLS_LOAD_ORDER_H

#include <stdint.h>

enum order_verdict { ORDER_OK, ORDER_LATE, ORDER_DUPLICATE };

/* A zeroed cell expects sequence number 0. */
struct order_cell {
    uint32_t next;
    uint32_t seen; /* bit k: number next - 1 - k has come */
};

enum order_verdict order_see(struct order_cell *cell, uint32_t seq);

#endif
