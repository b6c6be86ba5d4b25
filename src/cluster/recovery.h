/* Recovery: sessions of clients that have lost their connection, saved and given back, on the wire
 * of streams. A session is a key sio:session:<pid>, which Node.js shares; what has been said since
 * its client's offset is read from the stream.
 *
 *     read from the offset on: is it there?  entries up to `passed` ──> missed ──> on_done
 *                                                  |
 *     entries that are followed ────────> passed ──┴──> later ones are delivered as they come
 *
 * The cut between the two is exact: `passed` is the entry that was delivered last here, and nothing
 * else is done between the last entry that is read up to there and on_done. If nothing has passed
 * yet, since the node is new, an entry of no namespace is appended, which nobody minds.
 *
 * At most RESTORES_MAX sessions are restored at a time, each with at most RESTORE_PAGES_MAX pages
 * and within the time for other nodes' answers. Whatever is more begins anew.
 *
 * Threads: loop 0, but for the adapter's functions. */
// SPDX-License-Identifier: MIT
#ifndef CLUSTER_RECOVERY_H
#define CLUSTER_RECOVERY_H

#include "protocol/bytes.h"
#include "src/socket/adapter.h"

enum {
    RESTORES_MAX = 4096,
    RESTORE_PAGES_MAX = 100,
    RESTORE_PAGE_ENTRIES = 100,
};

struct cluster;

/* The adapter's functions. */
void recovery_save_session(struct adapter *a, struct rookery_namespace *nsp,
                           const struct adapter_session *session);
void recovery_restore(struct adapter *a, struct rookery_namespace *nsp, struct restoration *r);

/* An entry that is followed has been dealt with. */
void recovery_passed(struct cluster *c, struct span id);

/* Whatever is being restored is not. Before the bus is closed. */
void recovery_stop(struct cluster *c);

#endif
