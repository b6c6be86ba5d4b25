/* Gate: one HTTP connection, from accept until it is closed or has become a WebSocket.
 *
 *                    ┌───────────────────────── kept alive ─────────────────────────┐
 *                    v                                                              │
 *   accept ──────> WAIT ── bytes ──> HEAD ── whole ──> BODY ── whole ──> HELD ── answered ──> SEND
 *                                     │                 │                 │                    │
 *                                     │ WebSocket       └── refused ──────┤                    │
 *                                     v                                   v                    │
 *                                  its route          closed <──────── LINGER <── not kept ────┘
 *
 * On a port with TLS or PROXY headers accept leads to PREFACE first (gate_preface.c), and that to
 * WAIT. With TLS the connection's bufferevent is libevent's for OpenSSL from then on, and gives the
 * SSL with the descriptor to a WebSocket's route; it owns neither.
 *
 * What libevhtp does and what it does not. It listens, accepts, and owns the connection with its
 * bufferevent, until evhtp_connection_take_ownership or evhtp_connection_free. Its parser sees
 * nothing: the gate sits on the bufferevent's callbacks, reads requests with protocol/http_head.h
 * and protocol/http_chunked.h, and gives them to their routes itself. Handing on checked requests
 * was the plan; but what made the gate necessary goes on to hurt behind it, and nothing it returns
 * is needed any more:
 *   - evhtp turns each argument of a query, and of any form body, into a list element (1 MB of
 * "a=&" costs 45 MB), and drops the connection without an answer over a token of more than 8 KB;
 *   - its answers carry a Content-Length with 204, and close right behind an answer that the client
 *     has not read yet, which a reset then discards;
 *   - its parser takes 8.3 KB of each connection. It is freed as soon as a connection is accepted.
 * An idle kept connection takes 1.65 KB (evhtp alone: 7.8 KB), a GET on it 7.5 us of CPU and four
 * system calls (11.0 to 11.9 us, seven calls).
 *
 * Deadlines run on the executor's wheel, one timer a connection: a request has request_timeout_ms
 * from its first byte (or from accept) until it is whole, whatever trickles in; a connection may be
 * idle for idle_timeout_ms; a client has to take SEND_BYTES_MIN of an answer every
 * request_timeout_ms; and LINGER_MS to close after the last answer.
 *
 * Until its first request is whole a connection is fresh and takes one of handshakes_max places;
 * request_timeout_ms goes for preface and request together.
 * When all are taken by connections older than HANDSHAKE_GRACE_MS, the oldest makes room for one
 * that comes and is not through at once either: with 408, or without a word if it has sent nothing.
 * Those that come with all of their request need no place, so nobody has to go for them.
 *
 * A request that is with its handler (HELD) does not stop reading, so that a client that goes away
 * is noticed at once. Requests that come meanwhile wait in the input buffer; above
 * PIPELINE_BYTES_MAX reading stops until they are served, in their order.
 *
 * A refused request is answered by the gate, and the connection closed: first our side, then, when
 * the client has closed its own, the rest. Closing at once would reset the connection under the
 * answer while the client is still sending. At most handshakes_max connections linger; beyond that
 * they are closed at once.
 *
 * Ownership: a gate frees itself, at the end of a turn, never inside a call. */
// SPDX-License-Identifier: MIT
#ifndef NET_GATE_H
#define NET_GATE_H

#include <stdbool.h>

#include "protocol/bytes.h"
#include "src/net/http_server.h"

struct evhtp_connection;
struct gate;

enum {
    PIPELINE_BYTES_MAX = 16 * 1024,
    SEND_BYTES_MIN = 16 * 1024,
    LINGER_MS = 2000,
};

/* Takes over a connection that evhtp has just accepted; early is what has been read of it. */
void gate_create(struct http_server *s, struct evhtp_connection *c, struct span early);

/* The same where TLS, a PROXY header, or both come before the first request. */
void gate_create_prefaced(struct http_server *s, struct evhtp_connection *c,
                          const struct http_port *port);

/* The same for a connection that is over connections_max and not counted: answers 503. */
void gate_turn_away(struct http_server *s, struct evhtp_connection *c);

/* Answers the request that is held. */
void gate_answer(struct gate *g, struct span head, struct span body, bool keep_alive);

/* Closes the connection instead of answering. */
void gate_abort(struct gate *g);

/* Closes the connection now; harmless when it is closed already. */
void gate_close(struct gate *g);

/* Closes it unless a request is under way; then, after its answer. */
void gate_retire(struct gate *g);

/* Is a request under way? */
bool gate_busy(const struct gate *g);

/* Frees what is closed without waiting for the end of the turn: for the end of the server. */
void gate_destroy(struct gate *g);

/* The gates of a server, in no order; NULL behind the last. */
struct gate *gate_first(const struct http_server *s);
struct gate *gate_next(const struct gate *g);

#endif
