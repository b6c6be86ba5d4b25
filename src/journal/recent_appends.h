/* Recent appends: the ids of messages that were appended lately through this node, so that one that
 * is sent again is not appended again.
 *
 *   begin ──(new)──> under way ──settle──> done ──(`max` others came after it)──> forgotten
 *                       │ └──(failed)──> forgotten at once: whoever repeats it appends it
 *                       └── the same id again: waits for the first, gets its result
 *
 * Only what says something new has an id of its own: edits, deletions and marks carry that of
 * another message, and one without an id is never the same as another.
 *
 * Ownership: ids are copied; ops that wait are linked by op->next until settle gives them back.
 * Threads: one at a time, under the owner's lock. */
// SPDX-License-Identifier: MIT
#ifndef JOURNAL_RECENT_APPENDS_H
#define JOURNAL_RECENT_APPENDS_H

#include "src/base/list.h"
#include "src/base/map.h"
#include "src/journal/journal.h"

enum { RECENT_APPENDS_MAX = 65536 }; /* that are done; those under way the journal's queue bounds */

struct recent_appends {
    struct map by_id;
    struct list_queue done; /* oldest first */
    size_t done_count, max;
};

enum recent_append {
    RECENT_NEW,   /* append it, and settle it when it is done */
    RECENT_WAITS, /* the op comes back from the settling of the first */
    RECENT_DONE,  /* the result is in the op: complete it */
};

/* max: 0: RECENT_APPENDS_MAX */
void recent_appends_init(struct recent_appends *r, size_t max);

/* Nothing may be under way. */
void recent_appends_finish(struct recent_appends *r);

enum recent_append recent_appends_begin(struct recent_appends *r, struct journal_append *op);

/* A RECENT_NEW one is done; its result is in op. Returns those that waited for it, oldest first, by
 * op->next, with that result; or NULL. */
struct journal_append *recent_appends_settle(struct recent_appends *r,
                                             const struct journal_append *op);

#endif
