/* Group commits of store_sqlite: everything that is written goes through the one writing
 * connection, in transactions that take along all that waits.
 *
 *   append (journal's thread) ──────────────┐
 *   start (any) ──> queue ──> own thread ──>┴─ lock: begin, messages, calls, commit ──> answers
 *
 * Whoever gets the lock takes the calls that wait into his transaction, so they share its commit
 * and cannot starve behind appends; the thread is there for when nothing is appended. A failure of
 * SQLite fails all of a transaction; what is refused fails alone.
 *
 * Threads: as store.h says. Order of locks: `lock`, then the queue's. */
// SPDX-License-Identifier: MIT
#ifndef STORE_SQLITE_COMMITS_H
#define STORE_SQLITE_COMMITS_H

#include "src/store/sqlite_calls.h"
#include "src/store/sqlite_search.h"
#include "src/store/store_queue.h"

struct sqlite_commits {
    const struct store_options *options; /* borrowed */
    struct sqlite_writer *writer;        /* likewise */
    pthread_mutex_t *lock;               /* likewise; the writer's */
    struct sqlite_search *search;        /* likewise; told when there is something new */
    struct store_queue queue;
    pthread_t thread;
};

/* The caller fills what is borrowed. Returns 0, or -1 if there is no thread to be had. */
MUST_USE int sqlite_commits_start(struct sqlite_commits *commits);

/* Finishes the calls that were started. */
void sqlite_commits_stop(struct sqlite_commits *commits);

/* Writes it and waits until it is durable. Returns 0 or an enum store_error. */
MUST_USE int sqlite_commits_run(struct sqlite_commits *commits, struct sqlite_work *work);

/* As store_ops. */
MUST_USE int sqlite_commits_append(struct sqlite_commits *commits, struct message *const *messages,
                                   size_t count);

#endif
