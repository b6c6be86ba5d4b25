/* Namespace: a name that clients connect to, with its handlers. It is the `struct
 * rookery_namespace` of the API.
 *
 *   fixed     made by rookery_of, before the server runs
 *   parent    made by rookery_of_pattern and rookery_of_function; nobody connects to it
 *   dynamic   child of a parent, made when the first client asks for its name; has the parent's
 *             handlers; lives as long as the server
 *
 * Threads: a namespace is immutable once the server runs, but for its shares, of which each loop
 * has its own. The list of namespaces, and of a parent's children, is guarded by io->lock. */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_NAMESPACE_H
#define SOCKET_NAMESPACE_H

#include "src/api/rookery.h"
#include "src/socket/handlers.h"
#include "src/socket/io.h"

enum {
    DYNAMIC_NAME_BYTES_MAX = 1024,
    DYNAMIC_NAMESPACES_MAX = 100000, /* of a server: clients choose their names */
};

struct name_matcher;
struct share;

struct rookery_namespace {
    struct io *io;
    struct handlers *handlers;          /* own, or the parent's */
    struct rookery_namespace *parent;   /* of a dynamic one */
    struct name_matcher *matcher;       /* of a parent */
    struct rookery_namespace *next;     /* parents: the one made after this */
    struct rookery_namespace *children; /* of a parent: the one made last; see namespace_first */
    struct rookery_namespace *sibling;  /* of a dynamic one: the child made before this */
    struct share **shares;              /* by loop; NULL: nobody on that loop has come yet */
    size_t name_len;
    char name[];
};

static inline struct span namespace_name(const struct rookery_namespace *nsp)
{
    return span_of(nsp->name, nsp->name_len);
}

static inline bool namespace_is_parent(const struct rookery_namespace *nsp)
{
    return nsp->matcher != NULL;
}

/* The namespace that a client asks for: a fixed one, a dynamic one, or a dynamic one made now.
 * NULL if no parent lets it. From any thread. auth may be empty. */
struct rookery_namespace *namespace_find(struct io *io, struct span name, struct span auth);

/* The namespaces that a call on nsp means: itself, or the children that a parent has by now. From
 * any thread.
 *
 *     for (struct rookery_namespace *n = namespace_first(nsp); n != NULL;
 *          n = namespace_next(nsp, n)) */
struct rookery_namespace *namespace_first(struct rookery_namespace *nsp);

static inline struct rookery_namespace *namespace_next(const struct rookery_namespace *nsp,
                                                       const struct rookery_namespace *n)
{
    return namespace_is_parent(nsp) ? n->sibling : NULL;
}

/* For io_init and io_finish. */
void namespaces_init(struct io *io);
void namespaces_finish(struct io *io);

/* Tells a new adapter of all that there are. */
void namespaces_announce(struct io *io);

#endif
