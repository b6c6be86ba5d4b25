/* Vitals: what the daemon knows of how it is, for /health (src/web/health.h) and /metrics
 * (src/web/metrics.h, which lists what there is).
 *
 * It is not ready while it stops, and while writes to the store fail: until an append goes well
 * again, or nothing has failed for VITALS_FAILED_S, since without clients nothing would be tried.
 * With a broker before the store: while that is away, or its log is shorter than what is stored.
 * What cannot be read, or not be indexed, ends no service, be it one bad page or all of a replica:
 * it is ready, and says for as long that its database is disconnected.
 *
 * vitals_watch ──> vitals_add_routes ──> rookery_run ... rookery_destroy ──> vitals_finish
 *
 * Threads: set up on one. vitals_append on one at a time, what has failed on any; the routes answer
 * on all loops. */
// SPDX-License-Identifier: MIT
#ifndef SERVER_VITALS_H
#define SERVER_VITALS_H

#include "src/base/histogram.h"
#include "src/journal/journal.h"
#include "src/persist/behind.h"
#include "src/persist/history_cache.h"
#include "src/persist/persister.h"
#include "src/server/server.h"
#include "src/store/store.h"
#include "src/store/store_watch.h"
#include "src/web/health.h"
#include "src/web/metrics.h"

enum { VITALS_FAILED_S = 30 };

/* A zeroed struct is fine until the routes are added. */
struct vitals {
    const struct rookery *io;
    bool has_store;
    struct journal *journal;           /* the next three: NULL, there is none */
    const struct persister *persister; /* what brings the journal into the store */
    const struct behind *behind;
    const struct history_cache *cache;
    _Atomic int64_t store_failed_s;   /* by a clock that only runs forward; 0: it works */
    _Atomic int64_t reading_failed_s; /* likewise */
    struct histogram appends;
    struct store_watch watch; /* of all other calls */
    struct web_health health;
    struct web_metrics metrics;
};

/* The store to be used instead of this one from now on, so that calls are seen; it is closed with
 * it. At most once; loops: those of the server. */
struct store *vitals_watch(struct vitals *v, struct store *store, unsigned loops);

/* When no callback of the store is left, and nobody asks how it is. */
void vitals_finish(struct vitals *v);

/* Serves both from io, which v must outlive. Before rookery_run. */
void vitals_add_routes(struct vitals *v, struct rookery *io, bool has_store);

/* store_append, watched. */
MUST_USE int vitals_append(struct vitals *v, struct store *store, struct message *const *messages,
                           size_t count);

/* A write, or only a read. */
void vitals_store_failed(struct vitals *v);
void vitals_reading_failed(struct vitals *v);

/* What else messages are kept with; before the routes are added. With a broker before the store it
 * is that one which has to be there; a store that is away is told, and the server is ready. */
void vitals_see(struct vitals *v, struct journal *journal, const struct persister *persister,
                const struct behind *behind, const struct history_cache *cache);

/* What a broker and the persister behind it make of the report. */
void vitals_judge(struct web_health_report *report, bool broker_is_up,
                  const struct persister_figures *persisted);

/* What the routes tell; arg is a struct vitals. */
struct web_health_report vitals_look(void *arg);
void vitals_write(struct bytes *out, void *arg);

/* vitals_storage.c: what journal and persister count. */
void vitals_write_storage(struct bytes *out, const struct vitals *v);

/* vitals_cluster.c: what a server counts as one of a cluster; nothing if it is alone. */
void vitals_write_cluster(struct bytes *out, const struct rookery *io);

#endif
