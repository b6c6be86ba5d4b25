/* HTTP: routes and exchanges for everything that is served over HTTP, without a libevent type in
 * sight. Behind it stand the listeners of one libevhtp per loop and port (acceptor.h), and the gate
 * that reads, checks and answers the requests of each connection (gate.h).
 *
 * An exchange is one request and its answer. The handler gets it with the whole body there, and
 * owes it exactly one http_respond, at once or later, on the loop of the exchange. If the client
 * goes away first, on_gone is called (once, if set) and the exchange is then answered into the
 * void: the answer is still owed, since only that frees it. A handler that sets no on_gone does not
 * care; its client may have closed only its own direction, and is answered.
 *
 * An upgrade is a request that asks for a WebSocket. The connection is taken off HTTP: the handler
 * owns the descriptor and everything read from it.
 *
 * Threads: routes are set up before the loops run; handlers run on the loop that accepted the
 * connection; an exchange is used on that loop only. */
// SPDX-License-Identifier: MIT
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/bytes.h"
#include "src/base/executor.h"
#include "src/base/frame.h"

struct http_exchange {
    struct executor *executor;
    struct span head;    /* request line and fields, checked by http_head_parse */
    struct span method;  /* slices of head, as the next four */
    struct span path;    /* not decoded, without the query */
    struct span query;   /* without '?' */
    struct span body;    /* whole; decoded if it came chunked */
    const char *address; /* of who has made the request (forwarded.h), without port */
    bool secure;
    bool passed_on; /* by another node (hop.h), or so it says: it goes to no other again */
    void (*on_gone)(struct http_exchange *x);
    void *data; /* the handler's */
};

struct http_field {
    const char *name;
    struct span value;
};

/* The first field of that name (without case), or an empty span. */
struct span http_exchange_field(const struct http_exchange *x, const char *name);

/* Answers and frees the exchange. Content-Length, Date-less, Connection as the request asks. A HEAD
 * request gets the head alone. Field values that hold control characters are refused by an assert:
 * what comes from a peer is checked before. */
void http_respond(struct http_exchange *x, int status, const struct http_field *fields,
                  size_t field_count, struct span body);

/* Cuts the connection instead of answering; frees the exchange. */
void http_exchange_abort(struct http_exchange *x);

struct http_upgrade {
    struct executor *executor; /* of the loop that read the request */
    int fd;                    /* non-blocking, TCP_NODELAY, in no event_base */
    struct ssl_st *ssl;        /* what it is read and written by (tls.h); NULL: without TLS */
    struct bytes head;         /* as above */
    struct bytes early;        /* what came behind the head already */
    char address[46];          /* as above */
    bool secure;
    bool passed_on; /* as above */
};

typedef void (*http_handler_fn)(struct http_exchange *x, void *arg);
/* Owns *upgrade's fd, SSL and buffers from the call on (the struct itself is the caller's). */
typedef void (*http_upgrade_fn)(struct http_upgrade *upgrade, void *arg);

struct http_route {
    const char *path;
    bool is_prefix; /* path and everything below; else exactly path */
    /* A request has been accepted whose body takes time; handler is called when it is whole. If
     * that never happens, on_gone (if set here) is the last that is heard of it, and no answer is
     * owed. NULL: not told. */
    http_handler_fn on_begin;
    http_handler_fn handler;    /* NULL: 404 */
    http_upgrade_fn on_upgrade; /* NULL: upgrades are answered 404 */
    void *arg;
};

struct networks;
struct hop_key;

struct http_limits {
    size_t head_bytes_max;
    size_t body_bytes_max;
    unsigned handshakes_max;     /* per loop: connections that are not kept alive or upgraded yet */
    unsigned connections_max;    /* all loops together; 0: no limit but descriptors */
    unsigned request_timeout_ms; /* for a whole request to arrive */
    unsigned idle_timeout_ms;    /* between requests of one connection */
    const struct networks *trusted_proxies; /* whose word on clients counts; NULL: nobody's */
    const struct hop_key *hop_key; /* of nodes that pass requests on; NULL: there are none */
};

/* One per loop, with a listener for each port. */
struct http_server;
struct loop;
struct cors_policy;

/* A listening TCP socket with SO_REUSEPORT, so that each loop can have one of its own for the same
 * port: the descriptor, or -1 with errno. Port 0 picks a free one; *port is what it got. */
MUST_USE int http_listen_socket(const char *host, unsigned *port);

/* How a port is served. */
struct http_port {
    struct tls_server *tls; /* NULL: plain HTTP */
    bool proxied; /* connections of trusted_proxies, and no others, begin with a PROXY header */
};

/* 0 if nobody listens on that port, or -1 with errno: EADDRINUSE if somebody does. With
 * SO_REUSEPORT the kernel would let a second server in and deal connections to both. */
MUST_USE int http_port_check(const char *host, unsigned port);

/* routes and limits outlive the server; the first route that matches counts. connections counts
 * those of all loops. */
struct http_server *http_server_create(struct loop *loop, const struct http_limits *limits,
                                       const struct http_route *routes, size_t route_count,
                                       _Atomic unsigned *connections);

/* What the server refuses before any route sees it may be read by pages of other origins as the
 * policy, which outlives the server, has it. NULL or never called: by none. */
void http_server_set_cors(struct http_server *server, const struct cors_policy *cors);

/* Accepts on fd from now on and owns it. 0, or -1 with errno: it is still the caller's. */
MUST_USE int http_server_accept(struct http_server *server, int fd);
MUST_USE int http_server_accept_as(struct http_server *server, int fd,
                                   const struct http_port *port);

/* Answers an upgrade with these bytes, as far as the kernel takes them, and closes it. */
void http_upgrade_end(struct http_upgrade *upgrade, struct span answer);

/* Closes the listeners; connections that are there go on being served. */
void http_server_stop_accepting(struct http_server *server);

/* Closes idle connections, and all others after their present request. */
void http_server_retire(struct http_server *server);

/* Connections that are still HTTP (idle ones not counted). */
unsigned http_server_busy(const struct http_server *server);

/* An upgraded connection counts in connections until its owner says that it is closed. */
void http_connection_closed(_Atomic unsigned *connections);

/* Closes all connections that are still HTTP. */
void http_server_destroy(struct http_server *server);

#endif
