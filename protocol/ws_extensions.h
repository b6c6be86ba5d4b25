/* Which extension a WebSocket handshake agrees on (RFC 6455 9.1); there is one, permessage-deflate
 * (RFC 7692).
 *
 *   Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits, permessage-deflate
 *                             '---------------- first offer -----------'  '---- second ----'
 *
 *   server_no_context_takeover     what the server sends refers to no message before; always agreed
 *   client_no_context_takeover     likewise for the client; always agreed, so that nothing has to
 * be kept for a connection between two messages server_max_window_bits=8..15   how far back what
 * the server sends may refer; agreed from 9 on, the least that zlib makes
 *   client_max_window_bits[=8..15] that the client can be told to refer less far; it is not
 *
 * The first offer that can be met is taken. One with a parameter that is unknown, there twice, or
 * of an impossible value is passed over, as the RFC has it (the reference refuses the handshake);
 * what is no list of extensions at all fails the handshake.
 *
 * Pure; only what takes a struct bytes allocates, in that. */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_WS_EXTENSIONS_H
#define PROTOCOL_WS_EXTENSIONS_H

#include "protocol/bytes.h"
#include "protocol/http_head.h"

enum { WS_EXTENSIONS_EMALFORMED = -1 };

enum { WS_WINDOW_BITS_MIN = 9, WS_WINDOW_BITS_MAX = 15 };

/* What was agreed for permessage-deflate, beside that no context is taken over. */
struct ws_deflate_terms {
    uint8_t
        window_bits; /* of what the server sends, WS_WINDOW_BITS_MIN..MAX; 0: not agreed at all */
    bool bits_asked; /* the client has named them, and the answer has to */
};

/* Chooses among what a request offers: 0 with *out filled, or WS_EXTENSIONS_EMALFORMED. */
MUST_USE int ws_extensions_choose(const struct http_head *request, struct ws_deflate_terms *out);

/* Appends the field line that tells the client, with its CRLF; nothing if nothing was agreed. */
void ws_extensions_answer(const struct ws_deflate_terms *terms, struct bytes *out);

/* The field line by which a client of ours asks for it, with its CRLF; a constant. */
struct span ws_extensions_offer(void);

/* Has the server agreed, and to send each message without those before it? */
bool ws_extensions_agreed(const struct http_head *response);

#endif
