/* History cache: a store that answers for the newest page of a room from memory, or from a keyspace
 * that nodes share, and asks the store behind it only where neither has a page that is still good.
 *
 *     chat ──> &cache->store ──> memory ──(none is good)──> keyspace ──(neither)──> inner store
 *                                  ^                           ^                        │
 *                                  └───────────────────────────┴─────── its page <──────┘
 *
 * Whether a page is good is decided, not hoped for. It says up to which place of its partition of
 * the log it is complete: where the journal was when its reading began (journal.h; the inner store
 * is then one that waits for that, behind.h). It is good while nothing has happened in the room
 * behind that place, which is known of each record that the journal tells (history_seen.h).
 *
 *   with a journal that follows    each record is told with history_cache_saw before anybody is
 *                                  told of it or acknowledged, whether it came to the listener or
 *                                  as a completion; lost ones with history_cache_gap. A page of
 *                                  another node is good only if this node's journal has come as far
 *   without one                    a room changes by the appends that pass through here, which have
 *                                  to be all that there are; no keyspace
 *
 * Answered are reads of store_history with neither before, after, around nor from_start, of at most
 * HISTORY_PAGE_MESSAGES_MAX messages. Pages without messages, or with direct ones, whose state
 * changes beside the log, are not kept. All other calls pass through.
 *
 * A keyspace that does not answer for a moment is done without.
 *
 * Ownership: the inner store is closed with &cache->store, which ends the cache too; journal and
 * keyspace are borrowed, and not used from then on. Threads: calls as store.h says; the rest any;
 * the keyspace is spoken to on its executor. The lock inside is a leaf. */
// SPDX-License-Identifier: MIT
#ifndef PERSIST_HISTORY_CACHE_H
#define PERSIST_HISTORY_CACHE_H

#include "src/journal/journal.h"
#include "src/keyspace/keyspace.h"
#include "src/store/store.h"

struct history_cache_options {
    struct store *inner;
    struct journal *journal;   /* which follows; NULL: none does */
    struct keyspace *keyspace; /* NULL: memory only */
    struct executor *keyspace_executor;
    struct span scope;  /* of keys: which store and log; another one for another store. Copied */
    uint64_t ttl_ms;    /* of pages in the keyspace; 0: 60,000 */
    size_t bytes_max;   /* of pages in memory; 0: 32 MiB */
    uint64_t rooms_max; /* that are remembered, a power of two; 0: 65,536 */
};

struct history_cache_figures {
    uint64_t hits;        /* reads that memory answered; since the start, as the rest */
    uint64_t shared_hits; /* that the keyspace did */
    uint64_t misses;      /* that the store was asked for */
    uint64_t stale;       /* pages that were no longer good, of either */
    uint64_t malformed;   /* values of the keyspace that are no pages */
    size_t pages, bytes;  /* in memory, now */
};

struct history_cache {
    struct store store; /* what is to be used instead of the inner one */
    struct history_cache_inner *self;
};

void history_cache_init(struct history_cache *cache, const struct history_cache_options *options);

/* The keyspace is about to be closed and is not used any more. While no executor runs. */
void history_cache_leave_keyspace(struct history_cache *cache);

/* There is a record with that place, in whichever room; read marks need not be told of. Needs a
 * journal, as the next. */
void history_cache_saw(struct history_cache *cache, struct span room, uint64_t place);

/* The journal's listener was told that records are lost. */
void history_cache_gap(struct history_cache *cache);

void history_cache_figures(const struct history_cache *cache,
                           struct history_cache_figures *figures);

#endif
