/* Errand: something to be done on every loop about one namespace. It is embedded, as the first
 * member, in whatever says what; all of that is immutable once it is sent.
 *
 * On the calling loop it is done before errand_send returns, on the others soon after, in the order
 * of the calls.
 *
 * Ownership: counted; destroyed by the loop that is done last.
 * Threads: errand_send from any thread; run on the loop it is given. */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_ERRAND_H
#define SOCKET_ERRAND_H

#include <stdatomic.h>

#include "src/socket/share.h"

struct errand {
    struct rookery_namespace *nsp;
    struct rookery_target *target; /* a copy; NULL: everybody */
    void (*run)(struct errand *e, struct rookery_loop *loop);
    void (*finish)(struct errand *e); /* frees what it is embedded in holds; NULL: nothing */
    atomic_uint refs;
    struct errand_leg *legs;
};

/* size bytes, zeroed but for the errand that they begin with. Copies the target. */
void *errand_create(size_t size, struct rookery_namespace *nsp,
                    const struct rookery_target *target);

/* Does it on all loops but `but` (may be NULL). It is the errand's own from here on. */
void errand_send(struct errand *e, const struct rookery_loop *but);

/* Frees one that is not sent. */
void errand_drop(struct errand *e);

#endif
