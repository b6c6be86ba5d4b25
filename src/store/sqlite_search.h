/* The index of words of store_sqlite: a file of its own beside the store's, filled in the
 * background, so that a commit never waits for it.
 *
 *   commit ──> wake ──> own thread, a moment later: what is new in messages and changes ──> words
 *
 *   words      FTS5: message_id -> room ("17", its number) and the words of the message
 *   progress   up to where messages and changes of the store are in it; written together with
 * words. boot: the boot of the machine during which it is written; empty: it is closed
 *
 * Messages get ever greater numbers, and each edit and each deletion leaves a row in changes: so
 * two numbers tell what is new. Rows of changes that are in the index are removed when the store is
 * opened again. The store decides what a search gives: the index only says where to
 * look. Whatever is wrong with the file, it is made anew from the store. So it is not synced
 * while it is written to, which commits would wait for; after a crash of the machine, which
 * `boot` tells, it is made anew too.
 *
 * Of a content its strings are indexed (store_words_text).
 *
 * Threads: wake on any, the others on one. */
// SPDX-License-Identifier: MIT
#ifndef STORE_SQLITE_SEARCH_H
#define STORE_SQLITE_SEARCH_H

#include <pthread.h>
#include <stdatomic.h>

#include "src/store/sqlite_db.h"
#include "src/store/store.h"

struct sqlite_search {
    const struct store_options *options; /* borrowed */
    struct sqlite_conn conn;             /* main: the index; store: the store */
    uint64_t messages, changes;          /* in the index */
    struct bytes text;
    int64_t pause_ns; /* after the batch before */
    pthread_t thread;

    pthread_mutex_t lock; /* for what follows; no other is taken under it */
    pthread_cond_t work;
    bool stopping;
    atomic_bool wanted; /* set without the lock, and then signalled under it */
};

/* Opens or makes the index, after the store's file is open. Returns 0, or -1 and one line in *why.
 */
MUST_USE int sqlite_search_start(struct sqlite_search *search, const struct store_options *options,
                                 struct bytes *why);
void sqlite_search_stop(struct sqlite_search *search);

/* There is something new in the store. */
void sqlite_search_wake(struct sqlite_search *search);

/* Makes the index of the store at `path` known to a connection, as `search`; returns what SQLite
 * does. */
MUST_USE int sqlite_search_attach(const char *path, sqlite3 *db);

#endif
