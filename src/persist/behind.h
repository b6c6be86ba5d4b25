/* Behind: a store that a journal's log is brought into later, with a promise: what this node has
 * been told of the log, a read that begins then sees. So store.h's "reads see at least what was
 * appended before the call" holds behind a broker too.
 *
 *     chat ──> &behind->store: how far is the log for this room (journal place)? ──┐
 *                 ├─ the store has it ──────────────────────────────> inner store  │
 *                 └─ not yet: waits for on_progress or asks store_positions <──────┘
 *
 *   history, changes, room_get, reads, read_mark, member_put   wait for the partition of their room
 *   find, directs, direct_state       for all partitions, since nobody knows the message's room
 *   search, rooms, positions, users, room_put                  for none: a moment is theirs anyway
 *
 * Those that write wait so that they do not overtake the message that they are about. A write that
 * waits holds back the later ones of its executor, so that they take effect in their order
 * (store.h). A call that has waited for timeout_ms fails with STORE_EIO, and one more than
 * waiting_max with STORE_EBUSY.
 *
 * Asking: the positions are read from the inner store while somebody waits, at once and then every
 * poll_ms, once for all who wait; those that this node's own persister has reported need no asking.
 * Where histories are read from a replica it is the replica's positions that count, and nothing but
 * asking tells those.
 *
 * Ownership: the inner store is closed with &behind->store, which ends the behind too. Calls that
 * wait then fail with STORE_EIO; their callbacks run on their executors, as always. Threads: calls
 * as store.h says; each executor has its own list of those who wait. */
// SPDX-License-Identifier: MIT
#ifndef PERSIST_BEHIND_H
#define PERSIST_BEHIND_H

#include "src/journal/journal.h"
#include "src/store/store.h"

struct behind_options {
    struct store *inner;
    struct journal *journal; /* which follows; borrowed, and asked while calls are started */
    struct span log;         /* its name in the store; copied */
    unsigned partitions;
    const uint64_t *bases;             /* of struct store_log; copied */
    struct executor *const *executors; /* that calls come from, by index; copied */
    unsigned executor_count;
    bool has_replica;     /* that histories are read from */
    unsigned timeout_ms;  /* 0: 2000 */
    unsigned poll_ms;     /* 0: 20 */
    unsigned waiting_max; /* calls of one executor; 0: 4096 */
    /* A call has waited in vain. On its executor; may be NULL. */
    void (*on_late)(void *arg);
    void *arg;
};

struct behind_figures {
    uint64_t waited, timed_out, refused; /* calls since the start; refused: over waiting_max */
    uint64_t asked;                      /* for positions */
    unsigned waiting;                    /* calls, now */
};

struct behind {
    struct store store; /* what is to be used instead of the inner one */
    struct behind_inner *self;
};

void behind_init(struct behind *behind, const struct behind_options *options);

/* The persister of this node has stored the partition up to that position. Any thread, none after
 * the store is closed. */
void behind_progress(struct behind *behind, unsigned partition, uint64_t position);

/* Likewise. */
void behind_figures(const struct behind *behind, struct behind_figures *figures);

#endif
