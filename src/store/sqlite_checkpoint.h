/* Brings the WAL of store_sqlite into its file, on a thread of its own: a checkpoint writes many
 * pages and syncs, and whoever commits must not wait for that.
 *
 *   each LOG_PAGES     checkpoint beside the writer. It reaches the end of the WAL, which then
 *                      starts anew, only if nothing is committed meanwhile.
 *   from LOG_PAGES_MUCH once more, under the writer's lock: only what came during the first time
 *                      is left to be done. Then it waits a moment for reads that still need the
 *                      WAL; the batches of the index leave gaps, one of the next times fits in.
 *   from LOG_PAGES_MAX it waits longer, so that the WAL cannot grow for ever.
 *
 * Threads: start and stop on one. Order of locks: the writer's, then `lock`. */
// SPDX-License-Identifier: MIT
#ifndef STORE_SQLITE_CHECKPOINT_H
#define STORE_SQLITE_CHECKPOINT_H

#include <pthread.h>

#include "src/store/sqlite_db.h"
#include "src/store/store.h"

struct sqlite_checkpoint {
    const struct store_options *options; /* borrowed */
    pthread_mutex_t *writer_lock;        /* likewise */
    sqlite3 *db;
    pthread_t thread;
    int pages, due; /* of the WAL: now; for the next checkpoint. Under the writer's lock */

    pthread_mutex_t lock; /* for what follows */
    pthread_cond_t work;
    bool wanted, stopping;
};

/* Watches the commits of `writer`, whose automatic checkpoints it replaces. Returns 0, or -1 and
 * one line in *why. */
MUST_USE int sqlite_checkpoint_start(struct sqlite_checkpoint *checkpoint, sqlite3 *writer,
                                     const struct store_options *options,
                                     pthread_mutex_t *writer_lock, struct bytes *why);

/* Before the writer closes. */
void sqlite_checkpoint_stop(struct sqlite_checkpoint *checkpoint);

#endif
