/* Crew: the threads that serve a store's calls, in lanes that do not wait for each other.
 *
 *   STORE_SEARCH ──> searcher, one thread ┐
 *   STORE_ROOMS  ──> lister, one thread   ├ each lane a bounded queue, each thread a worker of its
 * own other reads  ──> readers              │ (a connection, say), which the store hires and
 * dismisses writes       ──> writer, one thread   ┘
 *
 * What may be slow holds up neither joins nor histories, and writes take effect in their order.
 *
 * Threads: start and stop on one; put on any. */
// SPDX-License-Identifier: MIT
#ifndef STORE_STORE_CREW_H
#define STORE_STORE_CREW_H

#include "src/store/store_queue.h"

struct store_crew_ops {
    /* A worker of that store, or NULL and one line in *why. */
    void *(*hire)(void *store, struct bytes *why);
    /* Sets the call's results or its error; the crew answers it. Only what is within its bounds. */
    void (*serve)(void *worker, struct store_call *call);
    void (*dismiss)(void *worker); /* once its thread has ended */
    bool writes;                   /* there is a writer; else the store takes writes another way */
};

struct store_lane {
    struct store_queue queue;
    const struct store_crew_ops *ops;
    struct store_thread *threads;
    unsigned count;
};

struct store_crew {
    struct store_lane readers, searcher, lister, writer;
};

/* How many readers the options ask for. */
static inline unsigned store_crew_readers(const struct store_options *options)
{
    return options->readers != 0 ? options->readers : 2;
}

/* options: how many readers, how much may wait. Returns 0, or -1 and one line in *why; what was
 * started is stopped then. */
MUST_USE int store_crew_start(struct store_crew *crew, const struct store_crew_ops *ops,
                              void *store, const struct store_options *options, struct bytes *why);

/* Returns 0 or STORE_EBUSY. */
MUST_USE int store_crew_put(struct store_crew *crew, struct store_call *call);

/* Serves what waits, but after a call that has failed with STORE_EIO, when the rest of what its
 * thread would have served fails so at once. Joins the threads, dismisses the workers. Harmless for
 * one that is zeroed. */
void store_crew_stop(struct store_crew *crew);

#endif
