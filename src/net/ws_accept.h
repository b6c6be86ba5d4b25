/* Accepting a WebSocket: from an upgrade request to the 101, or the refusal that it deserves
 * (RFC 6455, section 4.2). SHA-1 comes from OpenSSL.
 *
 * Threads: any; the descriptor is the caller's loop's. */
// SPDX-License-Identifier: MIT
#ifndef NET_WS_ACCEPT_H
#define NET_WS_ACCEPT_H

#include "protocol/http_head.h"
#include "src/base/frame.h"
#include "src/net/http.h"

/* Reads the request's head again and checks that it is a WebSocket handshake. 0 with *head filled
 * (it borrows u->head), or -1 after the request has been refused and the descriptor closed. */
MUST_USE int ws_accept_check(const struct http_upgrade *u, struct http_head *head,
                             _Atomic unsigned *connections);

/* The 101 as bytes to be sent as they are; fields are further header lines, each with its CRLF. One
 * reference, the caller's. */
struct frame *ws_accept_response(const struct http_head *head, struct span fields);

/* Answers with an error instead and closes the descriptor. message is the body, as plain text;
 * fields as above. */
void ws_refuse(const struct http_upgrade *u, int status, const char *message, const char *fields,
               _Atomic unsigned *connections);

#endif
