/* Ring: a queue of items of one size that are numbered as they come, so that each is found by its
 * number while it is there.
 *
 *     *(uint64_t *)ring_add(&r) = x;       // it is number r.end - 1
 *     r.first <= n && n < r.end            // is n there?
 *     x = *(uint64_t *)ring_at(&r, n);
 *     ring_drop(&r);                       // r.first is gone
 *
 * It grows by doubling, and is halved when a quarter is in use. One thread. */
// SPDX-License-Identifier: MIT
#ifndef BASE_RING_H
#define BASE_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring {
    uint8_t *items;
    size_t item_bytes;
    size_t cap; /* in items: 0, or a power of two */
    uint64_t first, end;
};

static inline void ring_init(struct ring *r, size_t item_bytes)
{
    *r = (struct ring){.item_bytes = item_bytes};
}

void ring_finish(struct ring *r);

static inline void *ring_at(const struct ring *r, uint64_t number)
{
    return r->items + (number & (r->cap - 1)) * r->item_bytes;
}

/* The new item, zeroed. Items move. */
void *ring_add(struct ring *r);

/* The first goes; there must be one. Items move. */
void ring_drop(struct ring *r);

#endif
