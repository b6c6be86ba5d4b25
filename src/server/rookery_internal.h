/* The server's own struct, for the files of this folder.
 *
 * Who owns what: the server its loops, one HTTP server and one engine per loop and endpoint; the
 * loops run until rookery_stop has drained them, each destroys nothing; rookery_destroy takes
 * everything down on one thread when they have ended. */
// SPDX-License-Identifier: MIT
#ifndef SERVER_ROOKERY_INTERNAL_H
#define SERVER_ROOKERY_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "src/api/rookery_raw.h"
#include "src/base/networks.h"
#include "src/net/endpoint.h"
#include "src/net/http.h"
#include "src/net/loop.h"
#include "src/net/peers.h"
#include "src/server/cluster_parts.h"
#include "src/socket/io.h"
#include "src/web/bundles.h"

/* What a loop still does once rookery_stop has been called: see drain.c. */
enum drain_phase {
    DRAIN_SESSIONS, /* clients fetch their close packets */
    DRAIN_REQUESTS, /* no more, on any loop: what is under way ends */
    DRAIN_DONE,     /* nothing is left here, but other loops may still ask for something */
};

/* One thread's part. */
struct server_loop {
    struct rookery *server;
    struct loop loop;
    struct http_server *http;
    pthread_t thread;
    struct task stop_task;
    struct timer drain_check;
    enum drain_phase drain_phase;
    uint64_t drain_started_ms;
};

/* An Engine.IO endpoint with its engines; in a list. */
struct server_endpoint {
    struct server_endpoint *next;
    struct endpoint endpoint;
    char *path;
};

struct server_port {
    struct server_port *next;
    int *fds; /* one listening socket per loop */
    struct http_port as;
};

struct raw_websocket; /* both: raw.c */
struct raw_engine;

struct rookery {
    struct io io;
    struct rookery_options options; /* strings are our copies */
    struct engine_options engine_options;
    struct http_limits http_limits;
    struct networks trusted_proxies;
    struct server_loop *loops;
    unsigned loop_count;
    struct server_endpoint *endpoints; /* the Socket.IO one is the last */
    struct raw_websocket *raw_websockets;
    struct raw_engine *raw_engines;
    struct server_port *ports;
    struct cors_policy cors;           /* of all endpoints */
    rookery_handshake_fn handshake_fn; /* NULL: nobody adds fields to answers */
    void *handshake_arg;
    struct tls_server *tls;        /* NULL: no certificate */
    bool has_plain_port;           /* that other nodes can reach this one at */
    struct web_files *bundles;     /* NULL: not served */
    struct cluster_parts *cluster; /* NULL: alone */
    struct peers *peers;           /* NULL: there is nobody to pass requests on to */
    struct hop_key hop_key;        /* where there are peers */
    struct http_route *routes;
    size_t route_count;
    struct http_route last_route; /* without a path: none */
    _Atomic unsigned connections;
    atomic_bool stop_requested;
    struct task stop_task;
    _Atomic unsigned fetching; /* loops in DRAIN_SESSIONS */
    _Atomic unsigned draining; /* loops not yet in DRAIN_DONE */
};

/* Adds an Engine.IO endpoint: apps[i] is what sits on the engine of loop i. */
void server_add_endpoint(struct rookery *io, const char *path,
                         const struct engine_app *const apps[]);

/* Options of WebSockets by the server's options, with another message limit. */
struct ws_conn_options server_ws_options(struct rookery *io, size_t message_bytes_max);

/* ports.c: the certificate, if there is one. 0, or -1 with errno and *why. */
MUST_USE int server_open_tls(struct rookery *io, struct bytes *why);

/* Closes what nobody accepts on, and frees all. */
void server_close_ports(struct rookery *io);

/* passing_on.c: the peers, if this is a node of a cluster that has a secret. */
void server_open_peers(struct rookery *io);

/* answer.c: an endpoint_fields_fn; arg is the server. */
void server_answer_fields(const struct rookery_request *request, cors_emit_fn emit, void *emit_arg,
                          void *arg);

/* raw.c: the application has said all that it wants. */
void raw_prepare(struct rookery *io);

/* raw.c: closes, then frees what rookery_engine and rookery_websocket have set up. */
void raw_shutdown(struct rookery *io, unsigned loop);
void raw_finish(struct rookery *io);

#endif
