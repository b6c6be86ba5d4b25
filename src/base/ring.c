// SPDX-License-Identifier: MIT
#include "src/base/ring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/memory.h"

enum { CAP_MIN = 16 };

void ring_finish(struct ring *r)
{
    free(r->items);
    r->items = NULL;
}

static void resize(struct ring *r, size_t cap)
{
    const struct ring old = *r;

    r->items = xcalloc(cap, r->item_bytes);
    r->cap = cap;
    for (uint64_t n = old.first; n < old.end; n++) {
        memcpy(ring_at(r, n), ring_at(&old, n), r->item_bytes);
    }
    free(old.items);
}

void *ring_add(struct ring *r)
{
    if (r->end - r->first == r->cap) {
        resize(r, r->cap == 0 ? CAP_MIN : r->cap * 2);
    }
    void *item = ring_at(r, r->end++);
    memset(item, 0, r->item_bytes);
    return item;
}

void ring_drop(struct ring *r)
{
    assert(r->first < r->end);
    r->first++;
    if (r->cap > CAP_MIN && r->end - r->first < r->cap / 4) {
        resize(r, r->cap / 2);
    }
}
