/* Threads of store_mongo that serve calls, each with a client from the pool while it does: a
 * bounded queue and so many threads. With one thread the calls take effect in their order.
 *
 * Threads: start, stop on one; calls are put into `queue` by any. */
// SPDX-License-Identifier: MIT
#ifndef STORE_MONGO_WORKERS_H
#define STORE_MONGO_WORKERS_H

#include "src/store/mongo_db.h"
#include "src/store/store_queue.h"

struct mongo_workers {
    struct mongo_db *db; /* borrowed */
    struct store_queue queue;
    pthread_t *threads;
    unsigned count;
};

/* Returns 0, or -1 if there are not as many threads to be had. */
MUST_USE int mongo_workers_start(struct mongo_workers *workers, struct mongo_db *db, unsigned count,
                                 unsigned queue_max);

/* Serves what is queued, joins the threads. Harmless for one that is zeroed. */
void mongo_workers_stop(struct mongo_workers *workers);

#endif
