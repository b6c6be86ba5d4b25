// SPDX-License-Identifier: MIT
#include "src/socket/handlers.h"

#include <stdlib.h>

#include "src/base/memory.h"

struct event_handlers {
    struct callbacks callbacks;
    size_t name_len;
    char name[];
};

static struct span key_of_event(const void *value)
{
    const struct event_handlers *e = value;
    return span_of(e->name, e->name_len);
}

void handlers_init(struct handlers *h, const uint64_t hash_secret[2])
{
    *h = (struct handlers){0};
    map_init(&h->events, key_of_event, hash_secret);
    map_init(&h->server_events, key_of_event, hash_secret);
}

static void callbacks_finish(struct callbacks *list)
{
    free(list->items);
}

static void events_finish(struct map *events)
{
    struct event_handlers *e;

    for (uint32_t i = 0; (e = map_next(events, &i)) != NULL;) {
        callbacks_finish(&e->callbacks);
        free(e);
    }
    map_finish(events);
}

void handlers_finish(struct handlers *h)
{
    events_finish(&h->events);
    events_finish(&h->server_events);
    callbacks_finish(&h->any);
    callbacks_finish(&h->connection);
    callbacks_finish(&h->disconnecting);
    callbacks_finish(&h->disconnect);
    callbacks_finish(&h->error);
    callbacks_finish(&h->middlewares);
    callbacks_finish(&h->event_middlewares);
}

void callbacks_add(struct callbacks *list, struct callback callback)
{
    list->items = xreallocarray(list->items, list->count + 1, sizeof *list->items);
    list->items[list->count++] = callback;
}

void handlers_on_event(struct map *events, struct span name, struct callback callback)
{
    struct event_handlers *e = map_get(events, name);

    if (e == NULL) {
        e = xcalloc(1, sizeof *e + name.len);
        e->name_len = name.len;
        if (name.len != 0) {
            memcpy(e->name, name.data, name.len);
        }
        map_add(events, e);
    }
    callbacks_add(&e->callbacks, callback);
}

const struct callbacks *handlers_of_event(const struct map *events, struct span name)
{
    const struct event_handlers *e = map_get(events, name);
    return e == NULL ? NULL : &e->callbacks;
}
