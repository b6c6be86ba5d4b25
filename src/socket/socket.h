/* Socket: one client in one namespace. It is the `struct rookery_socket` of the API.
 *
 *   CONNECTING --socket_connect()--> CONNECTED --socket_leave()--> LEAVING --> GONE
 *       |                                                                       ^
 *       +----------------------------socket_abandon()---------------------------+
 *
 *   CONNECTING  it is being restored (recovery.h), or middlewares are being asked; it may be in
 *               rooms but receives nothing
 *   CONNECTED   its CONNECT is answered
 *   LEAVING     its on_disconnecting handlers run: still in its rooms, but receives nothing more
 *   GONE        in no room, not of the client's; memory for those who hold it
 *
 * It is in the room named like its id without a membership: such rooms are found by looking the id
 * up among the sockets (see receivers.h).
 *
 * Ownership: counted; one reference is the client's until GONE.
 * Threads: its loop only. */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_SOCKET_H
#define SOCKET_SOCKET_H

#include "src/api/rookery.h"
#include "src/base/frame.h"
#include "src/base/list.h"
#include "src/engine/session.h"
#include "src/socket/client.h"
#include "src/socket/share.h"

enum { SOCKET_ID_LEN = 20, SOCKET_MEMBERSHIPS_OWN = 2 };

enum socket_state { SOCKET_CONNECTING, SOCKET_CONNECTED, SOCKET_LEAVING, SOCKET_GONE };

/* That a socket is in a section of a room, at that index of its members (see rooms.h). */
struct membership {
    struct section *section;
    uint32_t index;
};

struct rookery_socket {
    uint8_t state; /* enum socket_state */
    bool left_own_room;
    uint16_t id_len;
    uint32_t refs;
    uint32_t membership_count, membership_cap;
    struct membership *memberships; /* the namespace's room of everybody is one of them */
    struct membership own_memberships[SOCKET_MEMBERSHIPS_OWN]; /* where they are while so few */
    uint64_t mark;                                             /* see receivers.h */
    struct share *share;
    struct client *client;       /* NULL once GONE and on_disconnect has run */
    struct rookery_socket *next; /* of the same client */
    struct list pending_acks;    /* see acks.h */
    void *data;
    void (*free_data)(void *data);
    char *auth;                /* JSON, NUL-terminated; NULL: "{}" */
    char *info;                /* likewise */
    struct recovery *recovery; /* see recovery.h; NULL: it cannot be come back to */
    char id[];                 /* not NUL-terminated */
};

/* CONNECTING, with one reference, the client's. auth may be empty. */
struct rookery_socket *socket_create(struct share *share, struct client *client, struct span auth);

/* Gives it an id of SOCKET_ID_LEN, for which it has the room; nobody knows it by another one yet.
 */
void socket_make_id(struct rookery_socket *s);

/* Joins the namespace: answers the CONNECT, then runs the connection handlers. */
void socket_connect(struct rookery_socket *s);

/* A CONNECTING socket that will not connect any more. */
void socket_abandon(struct rookery_socket *s);

/* Leaves the namespace without a word to the client; harmless unless CONNECTED. */
void socket_leave(struct rookery_socket *s, const char *reason);

/* Tells the client and leaves; harmless unless CONNECTED. */
void socket_disconnect(struct rookery_socket *s);

static inline struct span socket_id(const struct rookery_socket *s)
{
    return span_of(s->id, s->id_len);
}

/* May a socket have that id? Those of clients of Engine.IO 3 begin with the namespace, but in /. */
static inline bool socket_id_fits(struct rookery_str id)
{
    return id.len == SOCKET_ID_LEN || (id.len > SOCKET_ID_LEN && id.data[0] == '/');
}

static inline bool socket_receives(const struct rookery_socket *s)
{
    return s->state == SOCKET_CONNECTED;
}

static inline bool socket_in_own_room(const struct rookery_socket *s)
{
    return (s->state == SOCKET_CONNECTED || s->state == SOCKET_LEAVING) && !s->left_own_room;
}

static inline struct session *socket_session(const struct rookery_socket *s)
{
    return s->client->session;
}

/* Queues a packet for it alone; s is CONNECTED. */
void socket_send(struct rookery_socket *s, struct frame *f);

/* The same, unless the transport is busy: then the packet is dropped and counted. */
void socket_send_volatile(struct rookery_socket *s, struct frame *f);

#endif
