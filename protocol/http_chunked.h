/* The chunked transfer coding (RFC 9112 7.1), decoded as it arrives.
 *
 *   body      = *chunk last-chunk *trailer CRLF
 *   chunk     = 1*HEXDIG [ extension ] CRLF data CRLF
 *   last      = 1*"0" [ extension ] CRLF
 *   extension = ";" and any bytes but controls other than HTAB
 *   trailer   = a line of such bytes that does not begin with white space, CRLF
 *
 *      .---------------- CRLF ----------------.
 *      v                                      |
 *   [size, extension] -- CRLF, size > 0 --> [data]
 *      |
 *      `-- CRLF, size = 0 --> [trailers] -- empty line --> [done]
 *
 * No byte is forgiven: not a bare LF, white space around a size, an empty size. A size is held
 * against the body's limit digit by digit, so that none overflows. Extensions, trailers and leading
 * zeros are thrown away, HTTP_CHUNKED_EXTRA_MAX bytes of them at most.
 *
 * Pure: allocates only in the caller's struct bytes. */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_HTTP_CHUNKED_H
#define PROTOCOL_HTTP_CHUNKED_H

#include "protocol/bytes.h"

enum http_chunked_error {
    HTTP_CHUNKED_ESYNTAX = -1, /* not the chunked coding: 400 */
    HTTP_CHUNKED_ETOOBIG = -2, /* a body above its limit: 413 */
    HTTP_CHUNKED_EEXTRAS = -3, /* more than HTTP_CHUNKED_EXTRA_MAX thrown away: 431 */
};

/* The status that answers the error: 400, 413 or 431. */
int http_chunked_error_status(int error);

enum { HTTP_CHUNKED_EXTRA_MAX = 4096 }; /* bytes */

/* A zeroed struct is the beginning of a body. */
struct http_chunked {
    uint64_t body_bytes;  /* of the chunks whose size has been read */
    uint64_t chunk_left;  /* of the present chunk; or its size, as far as it has been read */
    uint32_t extra_bytes; /* thrown away so far */
    uint8_t state;        /* private */
};

/* True when the body is complete. */
bool http_chunked_done(const struct http_chunked *c);

/* Takes the next bytes of a body, n <= INT_MAX, and appends what they hold to *body. Returns how
 * many it took: n, or less if the body ended there; or an enum http_chunked_error, after which the
 * connection is of no use. body_bytes_max is the same in each call. */
MUST_USE int http_chunked_feed(struct http_chunked *c, const uint8_t *p, size_t n,
                               struct bytes *body, uint64_t body_bytes_max);

#endif
