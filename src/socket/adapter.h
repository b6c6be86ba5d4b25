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

#include "protocol/bytes.h"
#include "src/api/rookery.h"
#include "src/base/executor.h"
#include "src/socket/gather.h"

struct adapter;

/* What this node's own sockets are to get of an event, while the adapter has it (see `recovers`).
 * It is the adapter's until it has called one of the two, once. */
struct adapter_echo {
    /* Says it to them, on a loop of this server. offset: what it can be found again by; empty: it
     * cannot. */
    void (*deliver)(struct adapter_echo *e, struct rookery_str offset);
    void (*drop)(struct adapter_echo *e);
};

/* An event for other nodes' sockets. */
struct adapter_packet {
    const struct rookery_target *to; /* NULL: everybody */
    struct rookery_str except_id;    /* one socket more that does not get it; empty: none */
    struct rookery_str event;
    const struct rookery_args *args; /* NULL: none */
    bool is_volatile, no_compress;
    struct rookery_str note;   /* see rookery_broadcast_forms; empty: none */
    unsigned timeout_ms;       /* with a gather */
    struct adapter_echo *echo; /* NULL: it has been said here */
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
};

/* A session that its client may come back to. */
struct adapter_session {
    struct rookery_str sid, pid;
    const struct rookery_str *rooms; /* that of its id too, if it is in it */
    const uint8_t *tags;             /* its tag in each room; NULL: 0 */
    size_t room_count;
    struct rookery_str info_json; /* an object */
    struct rookery_str mark; /* bytes that whoever has restored it wants back with it, or none */
};

enum { ADAPTER_OFFSET_MAX = 64 }; /* bytes of an offset */

/* A session that is wanted back, with what its client has missed. Each callback runs on loop 0, or
 * within keeper_restore (keeper.h), with borrowed data; on_done is the last, exactly once. Owned by
 * who asks, until then. */
struct restoration {
    struct rookery_str pid, offset;       /* of the last event that the client got */
    const struct adapter_session *former; /* NULL: it is taken from where it was saved */
    /* Unless there is a former one: this is it. */
    void (*on_session)(struct restoration *r, const struct adapter_session *session);
    /* The next event that was missed. False: it cannot be sent again, so nothing is restored. */
    bool (*on_missed)(struct restoration *r, const struct adapter_packet *packet,
                      struct rookery_str offset);
    /* The same, of one that is there as it was sent, in frames. */
    bool (*on_frames)(struct restoration *r, struct span frames);
    /* restored: that was all that has been said by now; what follows comes to the sockets of this
     * node after it, and `through` is the offset at which that begins. Else there is no such
     * session or offset, or it took too long, or it was too much. */
    void (*on_done)(struct restoration *r, bool restored, struct rookery_str through);
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
     * since it is named like a socket's id only if own_rooms is set, or the id is one of a client
     * of Engine.IO 3, which does not begin with the server's prefix. */
    void (*room_opened)(struct adapter *a, struct rookery_namespace *nsp, unsigned loop,
                        struct rookery_str room);
    void (*room_closed)(struct adapter *a, struct rookery_namespace *nsp, unsigned loop,
                        struct rookery_str room);
    /* Posts done to that loop's executor when what other nodes say in the room (open on that loop)
     * comes here, or cannot for now since the bus is down. False: that is so already, and done is
     * not posted. */
    bool (*await_room)(struct adapter *a, struct rookery_namespace *nsp, unsigned loop,
                       struct rookery_str room, struct task *done);
    /* Only if it recovers, from any loop: keeps a session for as long as one may come back, */
    void (*save)(struct adapter *a, struct rookery_namespace *nsp,
                 const struct adapter_session *session);
    /* and gives it back, to one of those who ask for it. */
    void (*restore)(struct adapter *a, struct rookery_namespace *nsp, struct restoration *r);
};

struct adapter {
    const struct adapter_ops *ops;
    /* Clients may come back to their sessions: what is broadcast without a gather comes with an
     * echo, and is said here when the adapter says so. */
    bool recovers;
    bool own_rooms; /* room_opened and room_closed also of the rooms of single sockets */
};

#endif
