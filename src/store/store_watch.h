/* Store watch: a store that passes everything on to another one and keeps how long that takes, from
 * the start of a call until its callback runs, the wait for a thread and for the loop included.
 *
 *     chat, REST ── &watch->store ──> inner
 *                                       │ done
 *     on_done <── watch, on the loop <──┘
 *
 * Each executor has histograms of its own, since one of those has one writer. A call costs two
 * looks at the clock.
 *
 * Ownership: the inner store is closed with &watch->store; the watch itself ends after the last
 * callback has run. Threads: init and finish while no call is under way; store_watch_read on any.
 */
// SPDX-License-Identifier: MIT
#ifndef STORE_STORE_WATCH_H
#define STORE_STORE_WATCH_H

#include "src/base/histogram.h"
#include "src/store/store.h"

enum store_watch_kind {
    STORE_WATCH_READ,
    STORE_WATCH_SEARCH,
    STORE_WATCH_WRITE,
    STORE_WATCH_KINDS,
};

/* "read" and so on. */
const char *store_watch_name(enum store_watch_kind kind);

/* What the calls of one executor took. */
struct store_watch_times {
    struct histogram of[STORE_WATCH_KINDS];
};

struct store_watch {
    struct store store; /* what is to be used instead of the inner one */
    struct store *inner;
    unsigned executors;
    struct store_watch_times *times; /* by executor */
};

/* executors: one more than the greatest index of those that calls come from. */
void store_watch_init(struct store_watch *watch, struct store *inner, unsigned executors);

/* A zeroed one is fine. */
void store_watch_finish(struct store_watch *watch);

/* Adds what the calls of that kind took to the copy. */
void store_watch_read(const struct store_watch *watch, enum store_watch_kind kind,
                      struct histogram_copy *copy);

#endif
