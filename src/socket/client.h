/* Client: the Socket.IO side of one Engine.IO session: its sockets, at most one per namespace, and
 * what of a packet with attachments has come so far.
 *
 * A packet that is none, or one that does not fit the state, ends the session with
 * REASON_FORCED_CLOSE: text while an attachment is due and the reverse; CONNECT to a namespace that
 * is joined; CONNECT_ERROR; anything else for a namespace that is not joined.
 *
 * A CONNECT to a namespace whose middlewares are still being asked about an earlier one takes the
 * place of that. (The reference lets both in and forgets the first, which then hears broadcasts
 * twice until the connection ends.)
 *
 * For a client of Engine.IO 3 it is as if a CONNECT to / had come with the session (eio3.h).
 *
 * Ownership: freed at the end of the turn in which the session has closed.
 * Threads: its loop only. */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_CLIENT_H
#define SOCKET_CLIENT_H

#include "src/base/executor.h"
#include "src/engine/session.h"
#include "src/socket/io_loop.h"

enum {
    CLIENT_SOCKETS_MAX = 1024, /* of one connection */
    CLIENT_REPLACED_MAX = 100, /* CONNECTs of one connection that another took the place of */
};

struct client {
    struct session *session;
    struct rookery_loop *loop;
    struct rookery_socket *sockets;    /* oldest first; none is GONE */
    struct connect_deadline *deadline; /* until the first socket has connected */
    struct incoming *incoming;         /* while attachments are due */
    struct client *next_closed;
    uint16_t replaced;
};

/* The engine_app of a loop. */
void client_open(struct session *session, void *loop);
void client_receive_text(struct session *session, struct span text);
void client_receive_binary(struct session *session, struct span data);
void client_closed(struct session *session, enum session_reason reason);

/* Queues a packet; also for CONNECTING sockets and for none. */
void client_send(struct client *c, struct span frames);

/* A socket of it has connected. */
void client_greeted(struct client *c);

/* A socket of it is GONE. */
void client_forget(struct client *c, struct rookery_socket *s);

/* Disconnects all its sockets, then ends the session. */
void client_disconnect(struct client *c);

/* The turn hook of a loop: frees the clients that have closed. */
void client_bury_closed(struct turn_hook *hook);

#endif
