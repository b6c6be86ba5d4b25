/* Catch-up: what a node has missed while it was cut off from Redis, pub/sub being forgetful.
 *
 * Each node numbers its broadcasts, per namespace, in a member of the flags that Node.js leaves
 * alone, and remembers the latest. Who comes back asks everybody for what followed the last number
 * that he has of each:
 *
 *     B: down ........ up ──{seen: {A: 100}, lately: 1200 ms}──> A
 *                         <── begin, 101, 102, end (to B alone) ── A
 *
 * Until A's answer has ended, what A says to all is held back at B, so that the order is A's; but
 * no longer than CATCH_UP_WAIT_MS after the first. Numbers that B has are dropped. They need not be
 * without gaps, since B hears only of rooms that it serves. If A has been away itself, it asks too
 * when it is back, and B then asks it once more.
 *
 * `lately` keeps A from sending what B did not hear since nobody at B was in the room then: nothing
 * is sent again that was said longer ago. It is the time of the outage and CATCH_UP_MARGIN_MS.
 *
 * What a node says while it is itself cut off is kept by the bus and published later, under its
 * number. Volatile broadcasts are neither numbered nor remembered.
 *
 * Streams forget nothing: there numbers only tell what comes twice.
 *
 * A node that is new asks with an empty list, and is told where everybody is.
 *
 * Threads: loop 0. */
// SPDX-License-Identifier: MIT
#ifndef CLUSTER_CATCH_UP_H
#define CLUSTER_CATCH_UP_H

#include "src/cluster/cluster_internal.h"

enum {
    CATCH_UP_WAIT_MS = 10000,
    CATCH_UP_MARGIN_MS = 1000,
    CATCH_UP_FRESH_MS = 10000,
    CATCH_UP_HELD_BYTES_MAX = 8 << 20, /* of a namespace; above, order is given up */
    CATCH_UP_SPEAKERS_MAX = 4096,      /* of a namespace; the one not heard for longest goes */
};

/* A broadcast with a number has come; again: to us alone. True: it is to be delivered now. Else it
 * is a repetition, or has been held back: then incoming_take gets the payload once more. */
bool catch_up_heard(struct cluster_nsp *n, const struct adapter_message *m, struct span payload,
                    bool again);

/* A CATCH_UP of another node has come: a question to all or to us alone, or a part of an answer. */
void catch_up_asked(struct cluster_nsp *n, const struct adapter_message *m, bool to_us);

/* The bus is down, and what was said since since_ms may not have come. What comes before it is up
 * again, over subscriptions that are back already, is held back like what comes after. */
void catch_up_interrupt(struct cluster_nsp *n, uint64_t since_ms);

/* The bus is up. down_ms: how long it was down; 0: it has never been up before. */
void catch_up_begin(struct cluster_nsp *n, uint64_t down_ms);

void catch_up_init(struct cluster_nsp *n);
/* Nothing is held back or let go any more; while the executor is still there. */
void catch_up_stop(struct cluster_nsp *n);
void catch_up_finish(struct cluster_nsp *n);

#endif
