/* Acks: answers that clients owe to packets that asked for one. Each settles exactly once: by the
 * answer, by its timeout (ROOKERY_ETIMEOUT), or by the socket's leaving (ROOKERY_EGONE).
 *
 * They are in one map of the loop, by socket and id, and in a list of their socket; a socket that
 * waits for nothing has none of either.
 *
 * Threads: the socket's loop only. */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_ACKS_H
#define SOCKET_ACKS_H

#include "src/api/rookery.h"
#include "src/base/map.h"

void acks_init(struct map *pending_acks, const uint64_t hash_secret[2]);

/* fn will be called about the packet of that id. timeout_ms 0: there is none. */
void acks_expect(struct rookery_socket *s, uint64_t id, unsigned timeout_ms, rookery_ack_fn fn,
                 void *arg);

/* The answer to the packet of that id; ignored if none is owed. */
void acks_receive(struct rookery_socket *s, uint64_t id, const struct rookery_args *args);

/* Settles all of a socket that has left. */
void acks_give_up(struct rookery_socket *s);

#endif
