/* Port: the adapter is what makes the sockets of several servers one cluster. The socket layer
 * tells it what is said and done here; what others say and do it hands to local.h. Without one
 * (NULL) a server is alone.
 *
 * src/cluster implements it over the bus. Whatever is sent with target.local set does not come by
 * here.
 *
 * Threads: open, broadcast, command and inquire from any loop; room_opened, room_closed and
 * await_room from the loop that they name. None of them blocks or calls back within. What they are
 * given is borrowed. */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_ADAPTER_H
#define SOCKET_ADAPTER_H

#include "src/api/rookery.h"
#include "src/base/executor.h"
#include "src/socket/gather.h"

struct adapter;

/* An event for other nodes' sockets. */
struct adapter_packet {
    const struct rookery_target *to; /* NULL: everybody */
    struct rookery_str except_id;    /* one socket more that does not get it; empty: none */
    struct rookery_str event;
    const struct rookery_args *args; /* NULL: none */
    bool is_volatile, no_compress;
    struct rookery_str note; /* see rookery_broadcast_forms; empty: none */
    unsigned timeout_ms;     /* with a gather */
};

enum adapter_action { ADAPT_JOIN, ADAPT_LEAVE, ADAPT_DISCONNECT };

struct adapter_order {
    enum adapter_action action;
    const struct rookery_target *who;
    const struct rookery_str *rooms; /* to join or leave */
    size_t room_count;
    bool close_connections;
};

enum inquiry_kind {
    INQUIRE_SOCKETS, /* rookery_fetch_sockets */
    INQUIRE_ROOMS,   /* rookery_all_rooms */
    INQUIRE_SERVERS, /* rookery_server_count: on_count */
    INQUIRE_EMIT,    /* rookery_server_emit; on_answer only if wants_answers */
};

/* A question to all other nodes. Each callback runs on loop 0 with borrowed data; on_done is the
 * last, exactly once. Owned by who asks, until then. */
struct inquiry {
    enum inquiry_kind kind;
    void (*on_sockets)(struct inquiry *q, const struct rookery_socket_info *sockets, size_t count);
    void (*on_rooms)(struct inquiry *q, const struct rookery_str *rooms, size_t count);
    void (*on_count)(struct inquiry *q, uint64_t servers); /* this one included */
    void (*on_answer)(struct inquiry *q, const struct rookery_args *answer);
    /* 0: all have answered; ROOKERY_ETIMEOUT; ROOKERY_EGONE: the bus is down. */
    void (*on_done)(struct inquiry *q, int error);
    unsigned timeout_ms; /* 0: that of the options */
    bool wants_answers;
    struct task task; /* the adapter's */
    struct inquiry *next;
};

struct adapter_ops {
    /* A namespace exists (fixed ones before the server runs). */
    void (*open)(struct adapter *a, struct rookery_namespace *nsp);
    /* answers: NULL unless those are wanted; the adapter then has a part in it, see gather.h. */
    void (*broadcast)(struct adapter *a, struct rookery_namespace *nsp,
                      const struct adapter_packet *packet, struct gather *answers);
    void (*order)(struct adapter *a, struct rookery_namespace *nsp,
                  const struct adapter_order *order);
    /* target: of INQUIRE_SOCKETS; event, args: of INQUIRE_EMIT. */
    void (*inquire)(struct adapter *a, struct rookery_namespace *nsp, struct inquiry *q,
                    const struct rookery_target *target, struct rookery_str event,
                    const struct rookery_args *args);
    /* The first member on that loop is in the room; the last has left it. Of a room that is there
     * since it is named like a socket's id only if own_rooms is set. */
    void (*room_opened)(struct adapter *a, struct rookery_namespace *nsp, unsigned loop,
                        struct rookery_str room);
    void (*room_closed)(struct adapter *a, struct rookery_namespace *nsp, unsigned loop,
                        struct rookery_str room);
    /* Posts done to that loop's executor when what other nodes say in the room (open on that loop)
     * comes here, or cannot for now since the bus is down. False: that is so already, and done is
     * not posted. */
    bool (*await_room)(struct adapter *a, struct rookery_namespace *nsp, unsigned loop,
                       struct rookery_str room, struct task *done);
};

struct adapter {
    const struct adapter_ops *ops;
    bool own_rooms; /* room_opened and room_closed also of the rooms of single sockets */
};

#endif
