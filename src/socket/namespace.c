// SPDX-License-Identifier: MIT
#include "src/socket/namespace.h"

#include <assert.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/socket/adapter.h"
#include "src/socket/local.h"
#include "src/socket/share.h"
#include "src/socket/text.h"

/* Which names a parent has children for: those that the pattern, or else the function, matches. */
struct name_matcher {
    regex_t pattern;
    rookery_name_fn fn;
    void *arg;
};

static struct span key_of_namespace(const void *value)
{
    return namespace_name(value);
}

void namespaces_init(struct io *io)
{
    lock_init(&io->lock);
    map_init(&io->namespaces, key_of_namespace, io->loops[0].hash_secret);
}

/* With io->lock, so that nobody else says anything about it before. */
static void announce(struct rookery_namespace *nsp)
{
    struct adapter *adapter = nsp->io->adapter;

    if (adapter != NULL) {
        adapter->ops->open(adapter, nsp);
    }
}

void namespaces_announce(struct io *io)
{
    struct rookery_namespace *nsp;

    lock_enter(&io->lock);
    for (uint32_t i = 0; (nsp = map_next(&io->namespaces, &i)) != NULL;) {
        announce(nsp);
    }
    lock_leave(&io->lock);
}

/* With io->lock, or alone. */
static struct rookery_namespace *create(struct io *io, struct span name,
                                        struct rookery_namespace *parent)
{
    struct rookery_namespace *nsp = xcalloc(1, sizeof *nsp + name.len);

    assert(name.data != NULL);
    nsp->io = io;
    nsp->parent = parent;
    nsp->shares = xcalloc(io->loop_count, sizeof(struct share *));
    nsp->name_len = name.len;
    memcpy(nsp->name, name.data, name.len);
    if (parent != NULL) {
        nsp->handlers = parent->handlers;
    } else {
        nsp->handlers = xmalloc(sizeof *nsp->handlers);
        handlers_init(nsp->handlers, io->loops[0].hash_secret);
    }
    return nsp;
}

static void destroy(struct rookery_namespace *nsp)
{
    for (unsigned i = 0; i < nsp->io->loop_count; i++) {
        if (nsp->shares[i] != NULL) {
            share_destroy(nsp->shares[i]);
        }
    }
    free(nsp->shares);
    if (nsp->parent == NULL) {
        handlers_finish(nsp->handlers);
        free(nsp->handlers);
    }
    if (nsp->matcher != NULL && nsp->matcher->fn == NULL) {
        regfree(&nsp->matcher->pattern);
    }
    free(nsp->matcher);
    free(nsp);
}

void namespaces_finish(struct io *io)
{
    struct rookery_namespace *nsp;

    for (uint32_t i = 0; (nsp = map_next(&io->namespaces, &i)) != NULL;) {
        destroy(nsp);
    }
    while (io->parents != NULL) {
        nsp = io->parents;
        io->parents = nsp->next;
        destroy(nsp);
    }
    map_finish(&io->namespaces);
    lock_finish(&io->lock);
}

/* ---- finding ---- */

static bool matches_pattern(const regex_t *pattern, struct span name)
{
    char text[DYNAMIC_NAME_BYTES_MAX + 1];

    if (memchr(name.data, '\0', name.len) != NULL) {
        return false;
    }
    memcpy(text, name.data, name.len);
    text[name.len] = '\0';
    return regexec(pattern, text, 0, NULL, 0) == 0;
}

/* name has at most DYNAMIC_NAME_BYTES_MAX bytes. */
static bool matches(const struct name_matcher *m, struct span name, struct span auth)
{
    if (m->fn == NULL) {
        return matches_pattern(&m->pattern, name);
    }
    return m->fn(str_of_span(name), str_of_span(auth.len == 0 ? SPAN("{}") : auth), m->arg);
}

static struct rookery_namespace *find(struct io *io, struct span name)
{
    lock_enter(&io->lock);
    struct rookery_namespace *nsp = map_get(&io->namespaces, name);
    lock_leave(&io->lock);
    return nsp;
}

/* Some other loop may have made it meanwhile. */
static struct rookery_namespace *find_or_create_child(struct rookery_namespace *parent,
                                                      struct span name)
{
    struct io *io = parent->io;

    lock_enter(&io->lock);
    struct rookery_namespace *nsp = map_get(&io->namespaces, name);
    if (nsp == NULL && io->dynamic_count < DYNAMIC_NAMESPACES_MAX) {
        nsp = create(io, name, parent);
        map_add(&io->namespaces, nsp);
        nsp->sibling = parent->children;
        parent->children = nsp;
        io->dynamic_count++;
        announce(nsp);
    }
    lock_leave(&io->lock);
    return nsp;
}

struct rookery_namespace *namespace_find(struct io *io, struct span name, struct span auth)
{
    struct rookery_namespace *nsp = find(io, name);

    if (nsp != NULL || name.len > DYNAMIC_NAME_BYTES_MAX) {
        return nsp;
    }
    for (struct rookery_namespace *p = io->parents; p != NULL; p = p->next) {
        if (matches(p->matcher, name, auth)) {
            return find_or_create_child(p, name);
        }
    }
    return NULL;
}

/* New children come before the first, so the way from any of them on never changes. */
struct rookery_namespace *namespace_first(struct rookery_namespace *nsp)
{
    if (!namespace_is_parent(nsp)) {
        return nsp;
    }
    lock_enter(&nsp->io->lock);
    struct rookery_namespace *first = nsp->children;
    lock_leave(&nsp->io->lock);
    return first;
}

/* ---- the API ---- */

struct rookery_namespace *rookery_of(struct rookery *server, struct rookery_str name)
{
    struct io *io = io_of(server);
    struct bytes full = {0};

    if (name.len == 0 || name.data[0] != '/') {
        bytes_add_byte(&full, '/');
    }
    bytes_add_span(&full, span_of_str(name));
    lock_enter(&io->lock);
    struct rookery_namespace *nsp = map_get(&io->namespaces, bytes_span(&full));
    if (nsp == NULL) {
        nsp = create(io, bytes_span(&full), NULL);
        map_add(&io->namespaces, nsp);
        announce(nsp);
    }
    lock_leave(&io->lock);
    bytes_finish(&full);
    return nsp;
}

static struct rookery_namespace *add_parent(struct io *io, struct name_matcher *matcher)
{
    struct rookery_namespace **end = &io->parents;
    char name[16];
    int len = snprintf(name, sizeof name, "/_%u", io->parent_count++);
    struct rookery_namespace *nsp = create(io, span_of(name, (size_t)len), NULL);

    nsp->matcher = matcher;
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = nsp;
    return nsp;
}

struct rookery_namespace *rookery_of_pattern(struct rookery *server, const char *pattern)
{
    struct name_matcher *matcher = xcalloc(1, sizeof *matcher);

    if (regcomp(&matcher->pattern, pattern, REG_EXTENDED | REG_NOSUB) != 0) {
        free(matcher);
        return NULL;
    }
    return add_parent(io_of(server), matcher);
}

struct rookery_namespace *rookery_of_function(struct rookery *server, rookery_name_fn fn, void *arg)
{
    struct name_matcher *matcher = xcalloc(1, sizeof *matcher);

    matcher->fn = fn;
    matcher->arg = arg;
    return add_parent(io_of(server), matcher);
}

struct rookery_str rookery_namespace_name(const struct rookery_namespace *nsp)
{
    return str_of_span(namespace_name(nsp));
}

void rookery_on_connection(struct rookery_namespace *nsp, rookery_socket_fn fn, void *arg)
{
    callbacks_add(&nsp->handlers->connection, (struct callback){{.on_socket = fn}, arg});
}

void rookery_on(struct rookery_namespace *nsp, struct rookery_str name, rookery_event_fn fn,
                void *arg)
{
    handlers_on_event(&nsp->handlers->events, span_of_str(name),
                      (struct callback){{.on_event = fn}, arg});
}

void rookery_on_any(struct rookery_namespace *nsp, rookery_event_fn fn, void *arg)
{
    callbacks_add(&nsp->handlers->any, (struct callback){{.on_event = fn}, arg});
}

void rookery_on_disconnecting(struct rookery_namespace *nsp, rookery_reason_fn fn, void *arg)
{
    callbacks_add(&nsp->handlers->disconnecting, (struct callback){{.on_reason = fn}, arg});
}

void rookery_on_disconnect(struct rookery_namespace *nsp, rookery_reason_fn fn, void *arg)
{
    callbacks_add(&nsp->handlers->disconnect, (struct callback){{.on_reason = fn}, arg});
}

void rookery_on_error(struct rookery_namespace *nsp, rookery_error_fn fn, void *arg)
{
    callbacks_add(&nsp->handlers->error, (struct callback){{.on_error = fn}, arg});
}

void rookery_on_note(struct rookery_namespace *nsp, rookery_note_fn fn, void *arg)
{
    nsp->handlers->noted = (struct noted_callback){fn, arg};
}

void rookery_on_gap(struct rookery_namespace *nsp, rookery_gap_fn fn, void *arg)
{
    nsp->handlers->gap = (struct gap_callback){fn, arg};
}

void local_gap(struct rookery_namespace *nsp)
{
    const struct gap_callback *gap = &nsp->handlers->gap;

    if (gap->fn != NULL) {
        gap->fn(nsp, gap->arg);
    }
}

void rookery_use(struct rookery_namespace *nsp, rookery_middleware_fn fn, void *arg)
{
    callbacks_add(&nsp->handlers->middlewares, (struct callback){{.on_connect = fn}, arg});
}

void rookery_use_event(struct rookery_namespace *nsp, rookery_event_middleware_fn fn, void *arg)
{
    callbacks_add(&nsp->handlers->event_middlewares, (struct callback){{.before_event = fn}, arg});
}
