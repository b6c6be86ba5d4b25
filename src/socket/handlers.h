/* Handlers: the functions that an application has set for a namespace and its children. Filled
 * before the server runs and read by all loops from then on. */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_HANDLERS_H
#define SOCKET_HANDLERS_H

#include "src/api/rookery.h"
#include "src/base/map.h"

struct callback {
    union {
        rookery_socket_fn on_socket;
        rookery_event_fn on_event;
        rookery_reason_fn on_reason;
        rookery_error_fn on_error;
        rookery_middleware_fn on_connect;
        rookery_event_middleware_fn before_event;
        rookery_server_event_fn on_server_event;
    } fn;
    void *arg;
};

struct noted_callback {
    rookery_note_fn fn; /* NULL: notes are not taken */
    void *arg;
};

struct gap_callback {
    rookery_gap_fn fn; /* or NULL */
    void *arg;
};

/* In the order in which they were set. */
struct callbacks {
    struct callback *items;
    size_t count;
};

struct handlers {
    struct map events;        /* of struct event_handlers, by name */
    struct map server_events; /* likewise, those of other servers */
    struct callbacks any;
    struct callbacks connection;
    struct callbacks disconnecting;
    struct callbacks disconnect;
    struct callbacks error;
    struct callbacks middlewares;
    struct callbacks event_middlewares;
    struct noted_callback noted;
    struct gap_callback gap;
};

void handlers_init(struct handlers *h, const uint64_t hash_secret[2]);
void handlers_finish(struct handlers *h);

void callbacks_add(struct callbacks *list, struct callback callback);

/* events: one of the maps of struct handlers. */
void handlers_on_event(struct map *events, struct span name, struct callback callback);

/* Those of that event, or NULL. */
const struct callbacks *handlers_of_event(const struct map *events, struct span name);

#endif
