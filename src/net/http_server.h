/* HTTP server, inside net: what acceptor, gate and exchange of one loop share. Not for others; they
 * include http.h.
 *
 *   acceptor.c   listeners, accepting, and when not to
 *   gate.c       a connection: its states, what it reads and what it is answered
 *   http.c       routes, exchanges, the server as a whole
 *
 * Threads: all of it on the server's loop, except *connections. */
// SPDX-License-Identifier: MIT
#ifndef NET_HTTP_SERVER_H
#define NET_HTTP_SERVER_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "protocol/http_chunked.h"
#include "protocol/http_head.h"
#include "src/base/list.h"
#include "src/base/networks.h"
#include "src/net/acceptor.h"
#include "src/net/http.h"
#include "src/net/loop.h"

struct http_server {
    struct loop *loop;
    const struct http_limits *limits;
    struct http_head_limits head_limits;
    const struct http_route *routes;
    size_t route_count;
    _Atomic unsigned *connections;
    const struct cors_policy *cors; /* of what is refused; NULL: none */
    struct acceptor acceptor;
    struct list gates;       /* connections that are still HTTP */
    struct list_queue fresh; /* those of them that have not had a whole request yet, by age */
    unsigned handshakes;     /* how many are fresh */
    unsigned lingering; /* gates that are answered for good and wait for their client to close */
    bool retiring;      /* no connection is kept alive */
    struct bytes out;   /* where heads of answers are made */
};

/* The first route for that path, or NULL. */
const struct http_route *http_route_find(const struct http_server *s, struct span path);

/* Does the head ask for a WebSocket? */
bool http_upgrade_wanted(const struct http_head *head);

/* The head of an answer with that status and no body, after which the connection is closed. Good
 * until the next answer. origin: the request's, or empty. */
struct span http_refusal(struct http_server *s, int status, struct span origin);

/* The other end of a connection. */
struct http_peer {
    const struct sockaddr *address; /* or that of whom it speaks for (protocol/proxy_header.h) */
    struct ssl_st *ssl;             /* NULL: without TLS */
    bool secure;                    /* it is TLS, or a proxy says that its client's is */
};

/* An exchange as net keeps it. */
struct http_request {
    struct http_exchange x;
    struct http_server *server;
    struct gate *gate; /* NULL once the connection has gone; then server may have gone as well */
    struct bytes body;
    struct http_chunked chunked; /* if is_chunked: how far the body has been read */
    bool is_chunked;
    bool announced;  /* on_begin has been called, or need not be */
    bool keep_alive; /* as far as the client is concerned */
    bool head_only;  /* the method is HEAD */
    unsigned minor;
    char address[ADDRESS_TEXT_BYTES];
    uint8_t head[];
};

struct http_request *http_request_create(struct gate *gate, struct http_server *s,
                                         const struct http_head *head, struct span head_bytes,
                                         const struct http_peer *peer);
void http_request_destroy(struct http_request *r);

/* Its body takes time: tells the route, once. */
void http_request_announce(struct http_request *r);

/* Calls the route's handler. r may be gone when it returns. */
void http_request_dispatch(struct http_request *r);

/* Hands a connection over to its route as a WebSocket: fd and peer->ssl. */
void http_upgrade_dispatch(struct http_server *s, const struct http_route *route, int fd,
                           const struct http_head *head, struct span input, size_t head_len,
                           const struct http_peer *peer);

#endif
