/* Peers: the other nodes, as far as requests for their sessions are passed on to them.
 *
 *   client ──> this node: the session is of node 7 ──> find(7) = 10.0.0.7:3000
 *                │                                          │
 *                └── the request, with a hop field (hop.h) ─┴──> node 7 ──> its session
 *   client <── the answer <─────────────────────────────────────────┘
 *
 * So no load balancer has to be sticky. Requests travel one at a time on connections that are kept
 * for the next; a poll holds its connection for as long as it waits. A WebSocket gets a connection
 * of its own, on which bytes go both ways as they are, with PEER_TUNNEL_BYTES_MAX waiting in each
 * direction before the sender has to wait.
 *
 * Whoever goes away takes the other with it: a client that hangs up ends its request to the node,
 * as if it had hung up there. When nobody answers for the session (no such node, a dead one, one
 * that is silent for answer_timeout_ms) the caller answers himself, which says that the session is
 * unknown: stock clients then begin a new one. A node that is not known may have begun just now:
 * the request waits for looks_max looks, PEER_LOOK_MS each.
 *
 * Bounds: PEER_CONNECTIONS_MAX a loop, PEER_IDLE_MAX of them idle, for PEER_IDLE_MS;
 * sought_max requests a loop whose node is looked for; answers of answer_bytes_max; beyond a
 * bound the session counts as unknown.
 *
 * Threads: create and destroy while no loop runs; everything else on the loop of the request. */
// SPDX-License-Identifier: MIT
#ifndef NET_PEERS_H
#define NET_PEERS_H

#include "src/net/hop.h"
#include "src/net/http.h"
#include "src/net/loop.h"

enum {
    PEER_CONNECTIONS_MAX = 8192,
    PEER_IDLE_MAX = 64,
    PEER_IDLE_MS = 10000, /* shorter than nodes keep connections */
    PEER_CONNECT_MS = 2000,
    PEER_LOOK_MS = 50,
    PEER_TUNNEL_BYTES_MAX = 64 * 1024,
    PEER_HOST_BYTES = 256,
};

struct peer_address {
    char host[PEER_HOST_BYTES]; /* a name or an address */
    unsigned port;
};

/* Reads "host:port" or "[::1]:port". */
bool peer_address_read(struct span text, struct peer_address *out);

enum peer_found {
    PEER_NONE,   /* there is no such node */
    PEER_SOUGHT, /* none is known, and it is being looked for: ask again */
    PEER_FOUND,
};

/* Port: where nodes are. */
struct peer_finder {
    /* Writes *out if it is found. From any loop; never blocks. */
    enum peer_found (*find)(void *arg, unsigned node, struct peer_address *out);
    void *arg;
};

struct peers_options {
    struct peer_finder finder;
    struct hop_key key;
    unsigned answer_timeout_ms; /* more than a poll may wait: ping interval and timeout */
    unsigned looks_max;         /* for a node that is not known */
    unsigned sought_max;        /* requests of a loop that wait for such looks */
    unsigned close_timeout_ms;  /* for the second half of a WebSocket that is half closed */
    size_t answer_bytes_max;
    _Atomic unsigned *connections; /* as in struct ws_conn_options */
};

struct peers;

/* loops[i] has index i. They outlive it. */
struct peers *peers_create(const struct peers_options *options, struct loop *const loops[],
                           unsigned loop_count);

/* Closes all that is left. After the HTTP servers, before the loops. NULL is harmless. */
void peers_destroy(struct peers *p);

/* Passes a request on to its node and answers it with what comes back; or calls decline, which has
 * to answer it, now or later. */
void peers_pass(struct peers *p, unsigned node, struct http_exchange *x, http_handler_fn decline,
                void *arg);

/* The same for an upgrade: takes over *u's descriptor and buffers, or gives them to decline. */
void peers_tunnel(struct peers *p, unsigned node, struct http_upgrade *u, http_upgrade_fn decline,
                  void *arg);

/* For a server that stops, on each of its loops: requests that wait for other nodes are declined,
 * tunnels closed. */
void peers_shutdown(struct peers *p, struct loop *loop);

#endif
