/* Share: what one loop has of one namespace: its sockets, its rooms. Made when somebody on that
 * loop connects to it for the first time; lives as long as the server.
 *
 * A parent namespace has shares too, without sockets, for the list of its children's.
 *
 * Threads: its loop only. */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_SHARE_H
#define SOCKET_SHARE_H

#include "src/base/map.h"
#include "src/socket/io_loop.h"
#include "src/socket/namespace.h"

struct share {
    struct rookery_namespace *nsp;
    struct rookery_loop *loop;
    struct room *everybody; /* all that are CONNECTED; it has no name and is not in rooms */
    struct map rooms;       /* struct room by name */
    struct map sockets;     /* struct rookery_socket by id, those CONNECTED */
    uint64_t next_ack_id;
    struct share *children; /* of a parent */
    struct share *sibling;  /* the next child of the same parent */
};

/* The share of the namespace that a client asks for; NULL when there is no such namespace. */
struct share *share_open(struct rookery_loop *loop, struct span name, struct span auth);

/* That loop's share of nsp, made if it has none yet. */
struct share *share_get(struct rookery_namespace *nsp, struct rookery_loop *loop);

/* That loop's share, or NULL while it has none. */
static inline struct share *share_of(const struct rookery_namespace *nsp,
                                     const struct rookery_loop *loop)
{
    return nsp->shares[loop->executor->index];
}

/* The shares that a namespace stands for on a loop: its own, or those of a parent's children.
 *
 *     for (struct share *s = share_first(nsp, loop); s != NULL; s = share_next(nsp, s)) */
static inline struct share *share_first(const struct rookery_namespace *nsp,
                                        const struct rookery_loop *loop)
{
    struct share *own = share_of(nsp, loop);
    return namespace_is_parent(nsp) && own != NULL ? own->children : own;
}

static inline struct share *share_next(const struct rookery_namespace *nsp,
                                       const struct share *share)
{
    return namespace_is_parent(nsp) ? share->sibling : NULL;
}

/* All rooms must be empty. */
void share_destroy(struct share *share);

/* An id for a packet that wants an answer. No other of this namespace gets it on any loop: loop i
 * of n has i, i + n, i + 2n ... */
uint64_t share_take_ack_id(struct share *share);

#endif
