/* Calls that wait for a thread of store_sqlite: oldest first, bounded.
 *
 * Any thread; the lock inside is a leaf. */
// SPDX-License-Identifier: MIT
#ifndef STORE_SQLITE_QUEUE_H
#define STORE_SQLITE_QUEUE_H

#include <pthread.h>

#include "src/store/store.h"

struct sqlite_queue {
    pthread_mutex_t lock; /* for what follows; no other is taken under it */
    pthread_cond_t work;
    struct store_call *head, **tail;
    unsigned waiting, max;
    bool stopping;
};

/* max: 0 stands for 4096. */
void sqlite_queue_init(struct sqlite_queue *queue, unsigned max);
void sqlite_queue_finish(struct sqlite_queue *queue);

/* Returns 0 or STORE_EBUSY. */
MUST_USE int sqlite_queue_put(struct sqlite_queue *queue, struct store_call *call);

/* Waits for a call and takes it; NULL when there are none and none will come. */
struct store_call *sqlite_queue_take(struct sqlite_queue *queue);

/* Waits until there is a call; false when there are none and none will come. */
bool sqlite_queue_wait(struct sqlite_queue *queue);

/* Takes up to max calls without waiting: a list by `next`, or NULL. */
struct store_call *sqlite_queue_take_all(struct sqlite_queue *queue, unsigned max);

/* Lets the threads that wait go, once nothing is left. */
void sqlite_queue_stop(struct sqlite_queue *queue);

/* Hands a finished call back to the loop that it came from. */
void sqlite_queue_answer(struct store_call *call);

#endif
