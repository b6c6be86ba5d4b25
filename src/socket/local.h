/* Local: what other nodes say and do, for the sockets of this one. The adapter (adapter.h) calls
 * it.
 *
 * Broadcasts, commands on many sockets and rookery_fetch_sockets are those of the API with
 * target.local set; here is what the API has not.
 *
 * Threads: loop 0. */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_LOCAL_H
#define SOCKET_LOCAL_H

#include "src/api/rookery.h"

/* A broadcast from another node: as rookery_broadcast to sockets of this node only, unless it has a
 * note and the application takes such (rookery_on_note). offset: see struct adapter_echo. */
void local_broadcast_at(struct rookery_namespace *nsp, const struct rookery_target *to,
                        const struct rookery_elsewhere *said, const struct rookery_broadcast *how,
                        struct rookery_str offset);

/* One that has no offset. */
static inline void local_broadcast(struct rookery_namespace *nsp, const struct rookery_target *to,
                                   struct rookery_str event, const struct rookery_args *args,
                                   const struct rookery_broadcast *how, struct rookery_str note)
{
    static const struct rookery_args none;
    const struct rookery_elsewhere said = {note, event, args == NULL ? none : *args};

    local_broadcast_at(nsp, to, &said, how, (struct rookery_str){0});
}

/* Another node has said more in an outage than it could say again (rookery_on_gap). */
void local_gap(struct rookery_namespace *nsp);

/* A broadcast whose answers another node wants. Each callback on loop 0, never within local_ask;
 * on_over is the last, exactly once, and frees what it is embedded in. */
struct local_asking {
    void (*on_count)(struct local_asking *a, size_t asked);
    void (*on_answer)(struct local_asking *a, const struct rookery_args *answer);
    void (*on_over)(struct local_asking *a);
};
void local_ask(struct rookery_namespace *nsp, const struct rookery_target *to,
               struct rookery_str event, const struct rookery_args *args, unsigned timeout_ms,
               struct local_asking *a);

/* The names of all rooms of this node, socket ids included, each once. */
typedef void (*local_rooms_fn)(const struct rookery_str *rooms, size_t count, void *arg);
void local_rooms(struct rookery_namespace *nsp, local_rooms_fn fn, void *arg);

/* An event of another server (rookery_on_server_event). fn (NULL: no answer is wanted) is called
 * exactly once, with the answer, or NULL when nobody has given one. */
typedef void (*local_answer_fn)(const struct rookery_args *answer, void *arg);
void local_server_event(struct rookery_namespace *nsp, struct rookery_str event,
                        const struct rookery_args *args, local_answer_fn fn, void *arg);

#endif
