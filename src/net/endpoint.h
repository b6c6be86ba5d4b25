/* Endpoint: an Engine.IO endpoint on its HTTP path. It reads what a request asks for, takes it to
 * the loop that owns the session (whichever loop it came in on), and lets the engine decide there.
 *
 *   exchange (poll, POST) --reply.h--> owner's loop: engine_check -> poll transport or error body
 *   upgrade (descriptor)  --task-----> owner's loop: engine_check -> 101 and WebSocket, or refusal
 *
 * What is for a session of another node goes there, and its answer comes back (peers.h); if nobody
 * answers there, the session is unknown, and its client begins a new one.
 *
 * Threads: set up before the loops run, then immutable. */
// SPDX-License-Identifier: MIT
#ifndef NET_ENDPOINT_H
#define NET_ENDPOINT_H

#include "src/engine/engine.h"
#include "src/net/cors.h"
#include "src/net/http.h"
#include "src/net/peers.h"
#include "src/net/poll_transport.h"
#include "src/net/ws_conn.h"

struct endpoint_cookie {
    const char *name; /* NULL: none */
    const char *path; /* "": left out */
    bool http_only;
    bool secure;
    const char *same_site; /* "Lax", "Strict" or "None" */
};

/* Is there nothing in it that would end the cookie, or its field? */
bool endpoint_cookie_usable(const struct endpoint_cookie *cookie);

struct rookery_request;

/* Emits fields for the answer to a handshake that has been let in, ENDPOINT_FIELDS_MAX at most; the
 * names outlive the server. */
enum { ENDPOINT_FIELDS_MAX = 6 };
typedef void (*endpoint_fields_fn)(const struct rookery_request *request, cors_emit_fn emit,
                                   void *emit_arg, void *arg);

struct endpoint {
    const struct cors_policy *cors; /* NULL: no CORS */
    struct endpoint_cookie cookie;
    struct poll_options poll; /* add_fields and arg are the endpoint's own */
    struct ws_conn_options ws;
    struct peers *peers;                 /* NULL: there are no other nodes */
    endpoint_fields_fn handshake_fields; /* NULL: none */
    void *fields_arg;
    unsigned loop_count;
    struct engine *engines; /* one per loop, by index */
};

/* Fills in what the endpoint itself needs; the caller has set all other fields. */
void endpoint_init(struct endpoint *ep);

/* The loop that owns the session that the query names, or would if there were one; `here` if there
 * can be none. *abroad: the node that it is of, then, if that is another; else 0. */
struct executor *endpoint_owner(const struct endpoint *ep, struct span query, struct executor *here,
                                unsigned *abroad);

/* For struct http_route: arg is the endpoint. */
void endpoint_begin(struct http_exchange *x, void *arg);
void endpoint_handle(struct http_exchange *x, void *arg);
void endpoint_upgrade(struct http_upgrade *u, void *arg);

#endif
