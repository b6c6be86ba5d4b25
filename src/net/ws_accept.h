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
MUST_USE int ws_accept_check(struct http_upgrade *u, struct http_head *head,
                             _Atomic unsigned *connections);

/* What a handshake is answered. */
struct ws_answer {
    struct frame *response; /* the 101, to be sent as it is; one reference, the caller's */
    uint8_t deflate_bits;   /* of permessage-deflate, see ws_conn_set_deflate; 0: not agreed */
};

/* Makes the answer, with the subprotocol that the client likes best, if it names any; fields are
 * further header lines, each with its CRLF. deflate: may that be
 * agreed on? Returns 0, or -1 if what the client says of extensions is malformed, for which it is
 * to be refused with WS_EXTENSIONS_REFUSAL. */
MUST_USE int ws_accept_answer(const struct http_head *head, struct span fields, bool deflate,
                              struct ws_answer *out);

#define WS_EXTENSIONS_REFUSAL SPAN("Invalid or unacceptable Sec-WebSocket-Extensions header")

/* Answers with an error instead and closes the descriptor. message is the body, as plain text;
 * fields as above. */
void ws_refuse(struct http_upgrade *u, int status, struct span message, const char *fields,
               _Atomic unsigned *connections);

#endif
