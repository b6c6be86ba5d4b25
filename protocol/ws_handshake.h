/* The opening handshake of WebSocket (RFC 6455 4), on heads that http_head.h has parsed.
 *
 *   GET target HTTP/1.1                        HTTP/1.1 101 Switching Protocols
 *   Host: host                                 Upgrade: websocket
 *   Upgrade: websocket                         Connection: Upgrade
 *   Connection: Upgrade                        Sec-WebSocket-Accept: accept
 *   Sec-WebSocket-Key: key
 *   Sec-WebSocket-Version: 13
 *
 *   key     Base64 of 16 bytes of the client's choice
 *   accept  Base64 of SHA-1(key "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")
 *
 * There is no SHA-1 here: the caller hashes the challenge and gives the digest back. Pure; only
 * what takes a struct bytes allocates, in that. */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_WS_HANDSHAKE_H
#define PROTOCOL_WS_HANDSHAKE_H

#include "protocol/bytes.h"
#include "protocol/http_head.h"

enum ws_handshake_error {
    WS_HANDSHAKE_EMETHOD = -1,  /* not GET, or not HTTP/1.1 */
    WS_HANDSHAKE_EUPGRADE = -2, /* does not ask for a WebSocket, or did not get one */
    WS_HANDSHAKE_EVERSION = -3, /* a version other than 13, or none */
    WS_HANDSHAKE_EKEY = -4,     /* no key, or not of 16 bytes */
    WS_HANDSHAKE_EACCEPT = -5,  /* the server's answer is not the one that the key asks for */
};

enum {
    WS_KEY_LEN = 24,       /* characters */
    WS_CHALLENGE_LEN = 60, /* bytes */
    WS_DIGEST_LEN = 20,    /* bytes of a SHA-1 */
};

/* What a request that is no handshake is answered. */
struct ws_refusal {
    int status;
    const char *message; /* a few words */
    const char *fields;  /* header lines that the answer must carry, each with its CRLF, or "" */
};

/* Checks a request: 0, or an enum ws_handshake_error. */
MUST_USE int ws_handshake_check(const struct http_head *request);

/* What answers an error of ws_handshake_check; a constant. */
const struct ws_refusal *ws_handshake_refusal(int error);

/* Writes what has to be hashed. key is the checked request's Sec-WebSocket-Key, or the client's
 * own: WS_KEY_LEN characters. */
void ws_handshake_challenge(struct span key, uint8_t out[WS_CHALLENGE_LEN]);

/* The subprotocol that is agreed on: the first of those that the client offers, as it takes an
 * answer without one for a failure; an empty span if it offers none. A slice of the request. */
struct span ws_handshake_subprotocol(const struct http_head *request);

/* Appends the 101 response. fields are further header lines, each with its CRLF. */
void ws_handshake_response(const uint8_t digest[WS_DIGEST_LEN], struct span fields,
                           struct bytes *out);

/* Appends a client's request. target begins with '/'; key has WS_KEY_LEN characters. */
void ws_handshake_request(struct span host, struct span target, struct span key, struct span fields,
                          struct bytes *out);

/* Checks the answer that a client got, of http_head_parse_response; digest is that of its own
 * challenge. 0, WS_HANDSHAKE_EUPGRADE or WS_HANDSHAKE_EACCEPT. */
MUST_USE int ws_handshake_check_response(const struct http_head *response,
                                         const uint8_t digest[WS_DIGEST_LEN]);

#endif
