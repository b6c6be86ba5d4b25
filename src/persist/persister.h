/* Persister: brings what a journal's broker has taken into the store, on a thread of its own.
 *
 *   feed ──> batch: by size, or by time ──> store_append ──> reject ──> store_mark ──> feed commit
 *     ^                                         │ fails        │ fails      │ fails
 *     └──────────── feed paused, backoff <──────┴──────────────┴────────────┘
 *
 * Records that can never be stored are rejected to the feed's dead letters with the reason: those
 * that nobody can read, those that members are not told of either, since no client could have said
 * them (base/sound.h), and those that the store refuses for good (STORE_EINVALID, one at a time).
 * What the feed lets come again later, before it gives it up, is not rejected so far.
 * The others of their batch are stored. Positions are marked once both are done, so that a record
 * is in the store or in the dead letters before anybody counts it as dealt with.
 *
 * While the store or the dead letters are away the batch is dropped and the feed paused, but
 * polled, so that it stays the reader of its parts; then the batch comes again, ever more seldom up
 * to retry_max_ms, for as long as it takes, and in ever smaller parts, should it be their size that
 * the store cannot manage in its time. What was done of it is not done twice: the store knows what
 * it has (store.h). Only a dead letter can come to lie there twice.
 * A batch of which another reader has taken parts over is dropped too, and what is left of it comes
 * again at once.
 *
 * Since positions are marked after the messages, a crash between the two brings them again, and the
 * store knows them too.
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
    struct span log;       /* its name in the store; copied; empty: the feed has no places */
    unsigned batch_max;    /* messages; 0: 2000 */
    unsigned linger_ms;    /* a batch that is not full waits that long; 0: 20 */
    unsigned retry_min_ms; /* 0: 100 */
    unsigned retry_max_ms; /* 0: 5000 */
    /* Told one line of each change: the store, the dead letters or the broker are away, are back;
     * something was rejected. On its thread. May be NULL. */
    void (*on_problem)(void *arg, const char *line);
    /* The partition is stored up to that position: for who waits (behind.h). On its thread. May be
     * NULL. */
    void (*on_progress)(void *arg, unsigned partition, uint64_t position);
    void *arg;
};

struct persister_figures {
    struct feed_figures feed;
    uint64_t stored;   /* entries since the start, as the rest */
    uint64_t repeated; /* that the store had already */
    uint64_t refused;  /* edits, deletions and marks of what is not there, or is another user's */
    uint64_t rejected; /* to the dead letters */
    uint64_t deferred; /* times that one stepped aside, to come again before it is rejected */
    uint64_t batches;
    uint64_t lost;      /* batches that became another reader's */
    uint64_t retries;   /* batches that were dropped to come again */
    bool store_is_away; /* as the last batch found it, as the next */
    bool dead_letters_are_away;
    bool broker_is_away;
};

struct persister;

/* Starts the thread. */
struct persister *persister_create(const struct persister_options *options);

void persister_figures(const struct persister *persister, struct persister_figures *figures);

/* Finishes the batch that is under way, unless something of it is away, and stops. Takes NULL. */
void persister_destroy(struct persister *persister);

#endif
