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
 * What is asked on other nodes is one part more, the adapter's, which it needs no memory for:
 * gather_remote_... It may go on with that when the gather has long called back.
 *
 * Ownership: a gather frees itself when it has called back and all parts are over, a part when it
 * has nothing open. When all connections have ended, that takes no more than the loops' tasks.
 * Threads: each on its loop; the adapter's part on loop 0. */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_GATHER_H
#define SOCKET_GATHER_H

#include "src/api/rookery.h"

struct gather;
struct gather_part;

struct local_asking;

/* For a broadcast on all loops. With remote the adapter has a part too. */
struct gather *gather_create(struct rookery_loop *loop, bool remote, unsigned timeout_ms,
                             rookery_acks_fn fn, void *arg);

/* The same, but each answer is handed on as it comes, once it is known how many were asked. */
struct gather *gather_create_told(struct rookery_loop *loop, unsigned timeout_ms,
                                  struct local_asking *asking);

/* On each loop: begins its part, */
struct gather_part *gather_part_begin(struct gather *g);
/* adds a socket that is asked by the packet of that id, */
void gather_part_ask(struct gather_part *part, struct rookery_socket *s, uint64_t id);
/* and says that these were all. */
void gather_part_asked(struct gather_part *part);

/* For the adapter, which must end its part: n sockets more were asked on other nodes; one of those
 * has answered; */
void gather_remote_count(struct gather *g, size_t n);
void gather_remote_answer(struct gather *g, const struct rookery_args *answer);
/* no more will come, and the gather is not the adapter's any more. Unless complete, somebody owes
 * answers (ROOKERY_ETIMEOUT). */
void gather_remote_over(struct gather *g, bool complete);

#endif
