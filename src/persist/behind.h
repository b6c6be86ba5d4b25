/* Behind: a store that a journal's log is brought into later, with a promise: what this node has
 * been told of the log, a read that begins then sees. So store.h's "reads see at least what was
 * appended before the call" holds behind a broker too.
 *
 *     chat ──> &behind->store: how far is the log for this room (journal place)? ──┐
 *                 ├─ the store has it ──────────────────────────────> inner store  │
 *                 └─ not yet: waits for on_progress or asks store_positions <──────┘
 *
 * Reads of one room wait for its partition; calls that are about no room, and searches, for none: a
 * moment is theirs anyway. What is written about a room or a message (read marks, memberships,
 * states of direct messages) waits likewise, so that it does not overtake the message that it is
 * about. A call that has waited for timeout_ms fails with STORE_EIO.
 *
 * Asking: the positions are read from the inner store while somebody waits, every poll_ms, once for
 * all who wait; those that this node's own persister has reported need no asking. Where histories
 * are read from a replica it is the replica's positions that count.
 *
 * Ownership: the inner store is closed with &behind->store. Threads: calls as store.h says; each
 * executor has its own list of those who wait. */
// SPDX-License-Identifier: MIT
#ifndef PERSIST_BEHIND_H
#define PERSIST_BEHIND_H

#include "src/journal/journal.h"
#include "src/store/store.h"

struct behind_options {
    struct store *inner;
    struct journal *journal; /* which follows; borrowed */
    struct span log;         /* its name in the store; copied */
    unsigned partitions;
    const uint64_t *bases;             /* of struct store_log */
    struct executor *const *executors; /* that calls come from, by index */
    unsigned executor_count;
    unsigned timeout_ms; /* 0: 2000 */
    unsigned poll_ms;    /* 0: 20 */
};

struct behind_figures {
    uint64_t waited, timed_out; /* calls */
};

struct behind {
    struct store store; /* what is to be used instead of the inner one */
    struct behind_inner *self;
};

void behind_init(struct behind *behind, const struct behind_options *options);

/* The persister of this node has stored the partition up to that position; any thread. */
void behind_progress(struct behind *behind, unsigned partition, uint64_t position);

void behind_figures(const struct behind *behind, struct behind_figures *figures);

#endif
