/* The reading side of store_sqlite: a bounded queue and a few threads, each with a connection of
 * its own, so that a slow page holds up neither loops nor the writer.
 *
 * Threads: start, stop on one; calls are put into `queue` by any. */
// SPDX-License-Identifier: MIT
#ifndef STORE_SQLITE_READERS_H
#define STORE_SQLITE_READERS_H

#include "src/store/sqlite_db.h"
#include "src/store/store_queue.h"

struct sqlite_reader;

struct sqlite_readers {
    const struct store_options *options; /* borrowed */
    struct sqlite_reader *readers;
    unsigned count;
    struct store_queue queue;
};

/* Opens the connections and starts `wanted` threads, after writer and search are open. Returns 0,
 * or -1 and one line in *why. */
MUST_USE int sqlite_readers_start(struct sqlite_readers *readers,
                                  const struct store_options *options, unsigned wanted,
                                  struct bytes *why);

/* Serves what is queued, joins the threads. */
void sqlite_readers_stop(struct sqlite_readers *readers);

#endif
