/* The reading side of store_sqlite: a bounded queue and a few threads, each with a connection of
 * its own, so that a slow page holds up neither loops nor the writer.
 *
 * Threads: start, stop on one; start_call on any. */
// SPDX-License-Identifier: MIT
#ifndef STORE_SQLITE_READERS_H
#define STORE_SQLITE_READERS_H

#include <pthread.h>

#include "src/store/sqlite_db.h"
#include "src/store/store.h"

struct sqlite_reader;

struct sqlite_readers {
    const struct store_options *options; /* borrowed */
    struct sqlite_reader *readers;
    unsigned count;

    pthread_mutex_t lock; /* for what follows; no other is taken under it */
    pthread_cond_t work;
    struct store_call *head, **tail; /* oldest first */
    unsigned waiting;
    bool stopping;
};

/* Opens the connections and starts the threads. Returns 0, or -1 and one line in *why. */
MUST_USE int sqlite_readers_start(struct sqlite_readers *readers,
                                  const struct store_options *options, struct bytes *why);

/* Serves what is queued, joins the threads. */
void sqlite_readers_stop(struct sqlite_readers *readers);

/* As store_ops.start, for a read. */
MUST_USE int sqlite_readers_start_call(struct sqlite_readers *readers, struct store_call *call);

#endif
