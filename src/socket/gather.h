/* Gather: the answers to a broadcast that asks for some.
 *
 * The loop that broadcasts has the gather; every loop has a part of it, which tells the gather
 * first how many sockets were asked there, then each answer, and at last that it has nothing open
 * any more. All of that goes by executor_post, also on the same loop, so that the application is
 * never called back inside its own call.
 *
 * A socket that leaves without an answer makes the answers incomplete (ROOKERY_ETIMEOUT). They are
 * handed over at the timeout, or as soon as all that still owe an answer have left. (The reference
 * waits for the timeout even then.)
 *
 * Ownership: a gather frees itself when it has called back and all parts are over, a part when it
 * has nothing open. When all connections have ended, that takes no more than the loops' tasks.
 * Threads: each on its loop. */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_GATHER_H
#define SOCKET_GATHER_H

#include "src/api/rookery.h"

struct gather;
struct gather_part;

/* For a broadcast on all loops. */
struct gather *gather_create(struct rookery_loop *loop, unsigned timeout_ms, rookery_acks_fn fn,
                             void *arg);

/* On each loop: begins its part, */
struct gather_part *gather_part_begin(struct gather *g);
/* adds a socket that is asked by the packet of that id, */
void gather_part_ask(struct gather_part *part, struct rookery_socket *s, uint64_t id);
/* and says that these were all. */
void gather_part_asked(struct gather_part *part);

#endif
