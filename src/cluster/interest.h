/* Interest: which rooms have members on this node, so that it hears what is said there and nothing
 * of other rooms.
 *
 *   a loop's first member ──┐
 *   its last one has left ──┴─ gathered per loop and turn ──> loop 0: members on how many loops?
 *                                                             0 -> 1: subscribe
 *                                                             1 -> 0: unsubscribe
 *
 * Who waits for a room (await) is told when the subscription is in force, or when the bus is down.
 * On the classic wire rooms whose names begin with our socket ids' prefix have no channel of their
 * own: what is for them comes by the prefix (a client may give a room such a name, and shall not
 * get it twice).
 *
 * Threads: the three functions for the adapter on the loop that they name; the rest on loop 0. */
// SPDX-License-Identifier: MIT
#ifndef CLUSTER_INTEREST_H
#define CLUSTER_INTEREST_H

#include "src/cluster/cluster_internal.h"

void interest_room_opened(struct adapter *a, struct rookery_namespace *nsp, unsigned loop,
                          struct rookery_str room);
void interest_room_closed(struct adapter *a, struct rookery_namespace *nsp, unsigned loop,
                          struct rookery_str room);
bool interest_await(struct adapter *a, struct rookery_namespace *nsp, unsigned loop,
                    struct rookery_str room, struct task *done);

/* Has the room members on this node? Socket ids count as rooms. */
bool interest_has(const struct cluster_nsp *n, struct span room);

void interests_init(struct cluster_nsp *n);
void interests_finish(struct cluster_nsp *n);

/* The loops' lists of changes. */
void interest_changes_init(struct cluster *c);
void interest_changes_finish(struct cluster *c);

#endif
