/* Dedup: what became of messages to which their clients have given ids, known to all nodes and for
 * longer than a journal remembers (journal.h), by a keyspace that they share.
 *
 *   home of a room                            loop 0
 *   dedup_look ──────────────────────────────> get msg:<id> ──┐
 *   look->on_done: found, or not in time  <───────────────────┘
 *   (not found) append ──durable──> dedup_put ──> put_new msg:<id> "<place> <timestamp>"
 *
 * Nothing depends on it but that who repeats a message is told that he does: a keyspace that is
 * away or takes longer than DEDUP_PATIENCE_MS is done without, and not asked while it owes such an
 * answer. So are looks beyond DEDUP_LOOKS_MAX of a loop.
 *
 * Ownership: a look is embedded in its sender's and lives until on_done. Threads: as said; making
 * and destroying while no loop runs, and no look is under way. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_DEDUP_H
#define CHAT_DEDUP_H

#include "src/base/stats.h"
#include "src/base/timers.h"
#include "src/keyspace/keyspace.h"

enum { DEDUP_PATIENCE_MS = 100, DEDUP_LOOKS_MAX = 16384 };

struct dedup;

struct dedup_options {
    struct executor *const *executors; /* of the loops; copied, as stats is */
    struct stats *const *stats;        /* NULL: nothing is counted */
    unsigned loop_count;
    /* The keyspace, asked for on loop 0 each time; NULL: there is none any more. */
    struct keyspace *(*keyspace)(void *arg);
    void *arg;
    uint64_t ttl_ms;
};

/* What became of the message of an id, as far as is known. */
struct dedup_look {
    void (*on_done)(struct dedup_look *look); /* on the loop that has asked, later */
    bool found;
    uint64_t place;
    int64_t timestamp_ms;
    struct dedup_ask *ask; /* dedup's, as the rest */
    struct timer patience;
};

struct dedup *dedup_create(const struct dedup_options *options);

/* Takes NULL. */
void dedup_destroy(struct dedup *d);

/* Starts to look, from that loop; on_done is set. False: it cannot be known now, and on_done does
 * not run. */
bool dedup_look(struct dedup *d, unsigned loop, struct span id, struct dedup_look *look);

/* The message of that id is durable, at that place (0: it has none), with that time; from that
 * loop. What was put first stays. */
void dedup_put(struct dedup *d, unsigned loop, struct span id, uint64_t place,
               int64_t timestamp_ms);

#endif
