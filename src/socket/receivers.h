/* Receivers: whom a target means on one loop.
 *
 * Every socket carries the mark of the last collection that met it, so that "once each" and
 * "without those" cost no set. Beside its members, the room of a name has the socket whose id that
 * name is. */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_RECEIVERS_H
#define SOCKET_RECEIVERS_H

#include <stddef.h>

#include "src/api/rookery.h"

struct share;

struct receivers {
    struct rookery_socket **sockets;
    size_t count, cap;
};

/* Replaces what is in r by the sockets that receive what is sent to the target (NULL: everybody)
 * but not to from (may be NULL). Of the rooms of the target, those of their members count that have
 * one of the tags there (a mask, see rooms.h). */
void receivers_collect(struct receivers *r, struct share *share, const struct rookery_target *to,
                       uint32_t tags, struct rookery_socket *from);

/* The socket that is in the room of that name since that is its id, or NULL. */
struct rookery_socket *receivers_by_id(const struct share *share, struct rookery_str room);

void receivers_finish(struct receivers *r);

#endif
