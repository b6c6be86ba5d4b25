/* Namespace: a name that clients connect to, with its handlers. It is the `struct
 * rookery_namespace` of the API.
 *
 *   fixed     made by rookery_of, before the server runs
 *   parent    made by rookery_of_pattern and rookery_of_function; nobody connects to it
 *   dynamic   child of a parent, made when the first client asks for its name; has the parent's
 *             handlers; lives as long as the server
 *
 * Threads: a namespace is immutable once the server runs, but for its shares, of which each loop
 * has its own. The list of namespaces is guarded by io->lock. */
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
    struct handlers *handlers;        /* own, or the parent's */
    struct rookery_namespace *parent; /* of a dynamic one */
    struct name_matcher *matcher;     /* of a parent */
    struct rookery_namespace *next;   /* parents: the one made after this */
    struct share **shares;            /* by loop; NULL: nobody on that loop has come yet */
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

/* For io_init and io_finish. */
void namespaces_init(struct io *io);
void namespaces_finish(struct io *io);

#endif
