/* Calls that wait for a thread of a store: oldest first, bounded.
 *
 * Any thread; the lock inside is a leaf. */
// SPDX-License-Identifier: MIT
#ifndef STORE_STORE_QUEUE_H
#define STORE_STORE_QUEUE_H

#include <pthread.h>

#include "src/store/store.h"

struct store_queue {
    pthread_mutex_t lock; /* for what follows; no other is taken under it */
    pthread_cond_t work;
    struct store_call *head, **tail;
    unsigned waiting, max;
    bool stopping;
};

/* max: 0 stands for 4096. */
void store_queue_init(struct store_queue *queue, unsigned max);
void store_queue_finish(struct store_queue *queue);

/* Returns 0 or STORE_EBUSY. */
MUST_USE int store_queue_put(struct store_queue *queue, struct store_call *call);

/* Waits for a call and takes it; NULL when there are none and none will come. */
struct store_call *store_queue_take(struct store_queue *queue);

/* Waits until there is a call; false when there are none and none will come. */
bool store_queue_wait(struct store_queue *queue);

/* Takes up to max calls without waiting: a list by `next`, or NULL. */
struct store_call *store_queue_take_all(struct store_queue *queue, unsigned max);

/* Lets the threads that wait go, once nothing is left. */
void store_queue_stop(struct store_queue *queue);

bool store_queue_is_stopping(struct store_queue *queue);

/* Hands a finished call back to the loop that it came from. */
void store_queue_answer(struct store_call *call);

#endif
