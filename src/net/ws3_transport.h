/* The WebSocket transport of revision 3, whose binary messages begin with their type. A session's
 * queue has none of that, since its frames are shared with members of revision 4: what has no
 * binary message in it goes out as it is, the rest is written anew (eio3_payload.h).
 *
 *   the session's queue --a few segments at a time--> a queue of its own --> the connection
 *
 * What is in its own queue counts no longer against queue_bytes_max; it is refilled up to
 * WS3_TAKEN_BYTES, once it is on its way.
 *
 * It is a struct ws_transport to everybody else. Threads: its loop. */
// SPDX-License-Identifier: MIT
#ifndef NET_WS3_TRANSPORT_H
#define NET_WS3_TRANSPORT_H

#include "src/net/ws_accept.h"
#include "src/net/ws_transport.h"

enum { WS3_TAKEN_BYTES = 64 * 1024 };

/* As ws_transport_create; the answer to the handshake is sent before anything else. */
struct ws_transport *ws3_transport_create(const struct http_upgrade *u,
                                          const struct ws_conn_options *options,
                                          const struct ws_answer *answer);

#endif
