// SPDX-License-Identifier: MIT
#include "src/base/frame.h"

#include <assert.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/base/twin.h"

struct frame *frame_create(uint32_t cap)
{
    struct frame *f = xmalloc(sizeof *f + cap);
    atomic_init(&f->refs, 1);
    f->len = 0;
    f->cap = cap;
    f->no_compress = false;
    f->cork = NULL;
    atomic_init(&f->twins, NULL);
    f->data = f->own;
    return f;
}

struct frame *frame_copy(struct span content)
{
    assert(content.len <= FRAME_BYTES_MAX);
    struct frame *f = frame_create((uint32_t)content.len);
    frame_append(f, content);
    return f;
}

void frame_release(struct frame *f)
{
    if (atomic_fetch_sub_explicit(&f->refs, 1, memory_order_acq_rel) == 1) {
        struct twin *twins = atomic_load_explicit(&f->twins, memory_order_relaxed);
        if (twins != NULL) {
            twin_destroy_all(twins);
        }
        if (f->data != f->own) {
            free(f->data);
        }
        free(f);
    }
}

static void grow(struct frame *f, size_t need)
{
    size_t cap = f->cap < 512 ? 512 : f->cap;
    while (cap < need) {
        cap *= 2;
    }
    uint8_t *data = xreallocarray(f->data == f->own ? NULL : f->data, 1, cap);
    if (f->data == f->own && f->len != 0) {
        memcpy(data, f->own, f->len);
    }
    f->data = data;
    f->cap = (uint32_t)cap;
}

void frame_append(struct frame *f, struct span content)
{
    assert(content.len <= FRAME_BYTES_MAX - f->len);
    if (content.len > f->cap - f->len) {
        grow(f, f->len + content.len);
    }
    if (content.len != 0) {
        memcpy(f->data + f->len, content.data, content.len);
        f->len += (uint32_t)content.len;
    }
}
