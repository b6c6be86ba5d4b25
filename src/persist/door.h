/* Door: what hands calls on to an inner store from callbacks of its own, and must not once that one
 * is being closed.
 *
 *     if (door_enter(&d)) { ...start a call...; door_leave(&d); }     any thread
 *     door_close(&d); store_close(inner);                             nobody is inside, or comes in
 *
 * A zeroed one is open. */
// SPDX-License-Identifier: MIT
#ifndef PERSIST_DOOR_H
#define PERSIST_DOOR_H

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

struct door {
    atomic_uint inside;
    atomic_bool closed;
};

static inline void door_leave(struct door *d)
{
    (void)atomic_fetch_sub(&d->inside, 1);
}

/* Returns false, and nobody has entered, when it is closed. */
static inline bool door_enter(struct door *d)
{
    (void)atomic_fetch_add(&d->inside, 1);
    if (atomic_load(&d->closed)) {
        door_leave(d);
        return false;
    }
    return true;
}

/* Waits for those inside, who do nothing that could block. */
static inline void door_close(struct door *d)
{
    atomic_store(&d->closed, true);
    while (atomic_load(&d->inside) != 0) {
        (void)sched_yield();
    }
}

#endif
