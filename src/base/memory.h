/* Allocation of small things of our own: it cannot fail, since the process ends when the machine
 * has no memory left for it. What a peer can make grow is bounded before it gets here. */
// SPDX-License-Identifier: MIT
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define container_of(ptr, type, member) ((type *)((uintptr_t)(ptr)-offsetof(type, member)))

static inline void *xnonnull(void *p)
{
    if (__builtin_expect(p == NULL, 0)) {
        abort();
    }
    return p;
}

static inline void *xmalloc(size_t size)
{
    return xnonnull(malloc(size));
}

static inline void *xcalloc(size_t count, size_t size)
{
    return xnonnull(calloc(count, size));
}

static inline void *xreallocarray(void *p, size_t count, size_t size)
{
    return xnonnull(reallocarray(p, count, size));
}

#endif
