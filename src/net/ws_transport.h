/* The WebSocket transport of an Engine.IO session: a WebSocket connection behind transport.h.
 * Packets are WebSocket messages one to one, so the session's queue is written as it is.
 *
 * Threads: its loop. */
// SPDX-License-Identifier: MIT
#ifndef NET_WS_TRANSPORT_H
#define NET_WS_TRANSPORT_H

#include "src/engine/transport.h"
#include "src/net/ws_conn.h"

struct ws_transport;

/* Takes over the descriptor and the SSL, on the upgrade's loop; the options outlive the transport.
 * The answer to the handshake, which has agreed on that deflate_bits (see ws_accept.h), has still
 * to be sent. */
struct ws_transport *ws_transport_create(const struct http_upgrade *u,
                                         const struct ws_conn_options *options,
                                         unsigned deflate_bits);

struct transport *ws_transport_base(struct ws_transport *t);

/* See ws_conn_feed. For after the session knows the transport. */
void ws_transport_feed(struct ws_transport *t, uint8_t *p, size_t n);

/* For a transport that no session has taken. */
void ws_transport_close(struct ws_transport *t);

#endif
