/* Lock: mutual exclusion, for the few things that loops share and cannot tell each other by tasks.
 * Which those are, and in what order locks nest, is listed in src/README.md.
 *
 * A thread that has entered does nothing that could block, and leaves. */
// SPDX-License-Identifier: MIT
#ifndef BASE_LOCK_H
#define BASE_LOCK_H

#include <assert.h>
#include <pthread.h>

struct lock {
    pthread_mutex_t mutex;
};

static inline void lock_init(struct lock *l)
{
    int error = pthread_mutex_init(&l->mutex, NULL);
    assert(error == 0);
}

static inline void lock_finish(struct lock *l)
{
    int error = pthread_mutex_destroy(&l->mutex);
    assert(error == 0);
}

static inline void lock_enter(struct lock *l)
{
    int error = pthread_mutex_lock(&l->mutex);
    assert(error == 0);
}

static inline void lock_leave(struct lock *l)
{
    int error = pthread_mutex_unlock(&l->mutex);
    assert(error == 0);
}

#endif
