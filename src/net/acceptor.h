/* Acceptor: the listening side of an HTTP server. libevhtp listens and accepts, with one evhtp_t
 * per port, since that is as many listeners as an evhtp_t can have.
 *
 * Listening sockets have TCP_DEFER_ACCEPT, so that a connection shows up together with its request;
 * it is read on the spot, from evhtp's pre_accept hook. If that is all of a WebSocket upgrade, the
 * descriptor goes to its route before evhtp has made a bufferevent for it: 7.2 us of CPU from
 * accept to the route, 13.6 with the 101 and its place in an epoll, where bare accept and recv take
 * 11.7, and evhtp, its bufferevent and take_ownership 21.1. Everything else goes on to the gate in
 * the post_accept hook; so do, unread, connections that something comes before the first request
 * of: TLS, or a PROXY header.
 *
 * Accepting pauses, all listeners at once,
 *   - after ACCEPTS_PER_TURN_MAX connections, until the end of the turn, so that a storm leaves
 * time for those who are connected;
 *   - while handshakes_max connections have not got through with their first request, until the
 *     oldest of them has had HANDSHAKE_GRACE_MS. From then on whoever comes and dawdles as well
 *     takes its place (see gate.h): honest clients in a storm queue in the kernel, and those that
 *     only hold a place cannot keep it;
 *   - for ACCEPT_PAUSE_MS when there is no descriptor left. Clients that wait in the backlog get a
 *     503 by means of one descriptor kept in reserve, ACCEPT_REFUSED_MAX of them before each pause.
 *
 * Over connections_max a connection is accepted, answered 503 and closed. */
// SPDX-License-Identifier: MIT
#ifndef NET_ACCEPTOR_H
#define NET_ACCEPTOR_H

#include "protocol/bytes.h"
#include "src/base/executor.h"

struct http_port;
struct http_server;
struct listener;

enum {
    ACCEPTS_PER_TURN_MAX = 64,
    ACCEPT_TLS_WEIGHT = 8, /* a handshake is 0.2 to 1 ms of work on the spot */
    ACCEPT_PAUSE_MS = 100,
    ACCEPT_REFUSED_MAX = 64,
    HANDSHAKE_GRACE_MS = 500,
};

enum acceptor_pause {
    PAUSE_TURN = 1,
    PAUSE_HANDSHAKES = 2,
    PAUSE_DESCRIPTORS = 4,
};

struct acceptor {
    struct http_server *server;
    struct listener *listeners;
    unsigned pauses;           /* enum acceptor_pause that hold at present */
    unsigned accepted;         /* in this turn; with TLS it counts ACCEPT_TLS_WEIGHT times */
    struct turn_hook turn_end; /* ends PAUSE_TURN */
    struct timer descriptors;  /* ends PAUSE_DESCRIPTORS */
    struct timer grace;        /* ends PAUSE_HANDSHAKES, if no handshake does */
    int spare_fd;              /* -1 when even that could not be had again */
    bool over;                 /* the connection being accepted is over connections_max */
    bool prefaced;             /* it does not begin with a request */
    uint8_t *first;            /* what has been read of it; as long as a head may be */
    size_t first_len;
};

void acceptor_init(struct acceptor *a, struct http_server *server);

/* Closes the listeners, as acceptor_stop, and frees all. */
void acceptor_finish(struct acceptor *a);

/* Accepts on fd from now on and owns it. 0, or -1: it is still the caller's. */
MUST_USE int acceptor_listen(struct acceptor *a, int fd, const struct http_port *port);

/* Closes the listeners. Connections that evhtp has accepted are not touched. */
void acceptor_stop(struct acceptor *a);

void acceptor_pause(struct acceptor *a, enum acceptor_pause why);
void acceptor_resume(struct acceptor *a, enum acceptor_pause why);

/* PAUSE_HANDSHAKES, for that long at most. */
void acceptor_pause_handshakes(struct acceptor *a, uint64_t delay_ms);
void acceptor_resume_handshakes(struct acceptor *a);

#endif
