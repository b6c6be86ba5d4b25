// SPDX-License-Identifier: MIT
#include "tools/load/order.h"

enum { WINDOW = 32 };

enum order_verdict order_see(struct order_cell *cell, uint32_t seq)
{
    if (seq >= cell->next) {
        uint32_t steps = seq - cell->next + 1;
        cell->seen = (steps < WINDOW ? cell->seen << steps : 0) | 1;
        cell->next = seq + 1;
        return ORDER_OK;
    }
    uint32_t behind = cell->next - 1 - seq;
    if (behind < WINDOW) {
        uint32_t bit = UINT32_C(1) << behind;
        if ((cell->seen & bit) != 0) {
            return ORDER_DUPLICATE;
        }
        cell->seen |= bit;
    }
    return ORDER_LATE;
}
