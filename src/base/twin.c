// SPDX-License-Identifier: MIT
#include "src/base/twin.h"

#include <assert.h>
#include <stdlib.h>

#include "src/base/memory.h"

struct twin *twin_create(unsigned form, struct frame *f, const struct twin_mark *marks,
                         uint32_t count)
{
    struct twin *twin = xmalloc(sizeof *twin + count * sizeof *marks);

    *twin = (struct twin){.frame = f, .form = form, .count = count};
    if (count != 0) {
        memcpy(twin->marks, marks, count * sizeof *marks);
    }
    return twin;
}

static void destroy(struct twin *twin)
{
    if (twin->frame != NULL) {
        frame_release(twin->frame);
    }
    free(twin);
}

void twin_destroy_all(struct twin *first)
{
    while (first != NULL) {
        struct twin *twin = first;
        first = twin->next;
        destroy(twin);
    }
}

static struct twin *find_from(struct twin *first, unsigned form)
{
    while (first != NULL && first->form != form) {
        first = first->next;
    }
    return first;
}

const struct twin *twin_find(const struct frame *f, unsigned form)
{
    return find_from(atomic_load_explicit(&f->twins, memory_order_acquire), form);
}

const struct twin *twin_keep(struct frame *f, struct twin *twin)
{
    struct twin *first = atomic_load_explicit(&f->twins, memory_order_acquire);

    assert(f->cork == NULL);
    do {
        const struct twin *faster = find_from(first, twin->form);
        if (faster != NULL) {
            destroy(twin);
            return faster;
        }
        twin->next = first;
    } while (!atomic_compare_exchange_weak_explicit(&f->twins, &first, twin, memory_order_release,
                                                    memory_order_acquire));
    return twin;
}

uint32_t twin_place(const struct twin *twin, uint32_t at)
{
    uint32_t low = 0,
             high = twin->count; /* marks before low are not beyond `at`, from high on are */

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (twin->marks[middle].at <= at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0) {
        return at;
    }
    const struct twin_mark *last = &twin->marks[low - 1];
    return last->there + (at - last->at);
}
