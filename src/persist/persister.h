/* Persister: brings what a journal's broker has taken into the store, on a thread of its own.
 *
 *   feed ──> batch: by size, or by time ──> store_append ──> store_mark ──> feed commit
 *               ^                             │ fails
 *               └── feed paused, backoff <────┘
 *
 * Records that can never be stored are rejected to the feed's dead letters with the reason: those
 * that nobody can read, and those that the store refuses for good (STORE_EINVALID, one at a time).
 * While the store is away nothing is taken from the feed; it is tried again, ever more seldom up to
 * retry_max_ms, for as long as it takes.
 *
 * Since positions are marked after the messages, a crash between the two brings them again, and the
 * store knows them (store.h).
 *
 * Ownership: feed and store are borrowed, and outlive it. Threads: create and destroy on one;
 * figures, any. */
// SPDX-License-Identifier: MIT
#ifndef PERSIST_PERSISTER_H
#define PERSIST_PERSISTER_H

#include "src/journal/feed.h"
#include "src/store/store.h"

struct persister_options {
    struct feed *feed;
    struct store *store;
    struct span log;       /* its name in the store; empty: the feed has no places */
    unsigned batch_max;    /* messages; 0: 2000 */
    unsigned linger_ms;    /* a batch that is not full waits that long; 0: 20 */
    unsigned retry_min_ms; /* 0: 100 */
    unsigned retry_max_ms; /* 0: 5000 */
    /* Told one line of each change: the store is away, is back; something was rejected. On its
     * thread. May be NULL. */
    void (*on_problem)(void *arg, const char *line);
    /* The partition is stored up to that position: for who waits (behind.h). On its thread. May be
     * NULL. */
    void (*on_progress)(void *arg, unsigned partition, uint64_t position);
    void *arg;
};

struct persister_figures {
    struct feed_figures feed;
    uint64_t stored, repeated, rejected; /* entries since the start */
    uint64_t batches;
    uint64_t retries;
    bool store_is_away;
};

struct persister;

/* Starts the thread. */
struct persister *persister_create(const struct persister_options *options);

void persister_figures(const struct persister *persister, struct persister_figures *figures);

/* Finishes the batch that is under way, unless the store is away, and stops. Takes NULL. */
void persister_destroy(struct persister *persister);

#endif
