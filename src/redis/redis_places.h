/* Redis places: where the servers of a struct redis are, for those parts of the client that have
 * connections of their own to them. Within src/redis only. */
// SPDX-License-Identifier: MIT
#ifndef REDIS_REDIS_PLACES_H
#define REDIS_REDIS_PLACES_H

#include "src/base/list.h"
#include "src/redis/redis_conn.h"

/* Somebody who is told when servers come or go, or slots move. Never inside a call. */
struct redis_watch {
    struct list_node node;
    void (*on_change)(struct redis_watch *w);
};

void redis_watch_add(struct redis *r, struct redis_watch *w);

static inline void redis_watch_remove(struct redis_watch *w)
{
    list_remove(&w->node);
}

const struct redis_settings *redis_settings_of(const struct redis *r);

/* A server that any command may go to: one that is up if there is one. NULL: none is known yet. */
const struct redis_address *redis_place_any(const struct redis *r);

/* The server of that slot. NULL: not known yet. */
const struct redis_address *redis_place_of_slot(const struct redis *r, unsigned slot);

/* Is it one of those just now? */
bool redis_place_known(const struct redis *r, const struct redis_address *a);

bool redis_is_cluster(const struct redis *r);

/* Somebody has seen that what is said here is not so any more. */
void redis_places_refresh(struct redis *r);

#endif
