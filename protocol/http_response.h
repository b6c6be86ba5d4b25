/* Heads of HTTP/1.1 responses (RFC 9112, RFC 9110 15), written in three steps:
 *
 *   http_response_begin    HTTP/1.1 200 OK
 *                          Content-Length: 2
 *                          Connection: close
 *   http_response_field    Content-Type: text/html          any number of times
 *   http_response_end      the empty line
 *
 * Allocates only in the caller's struct bytes. There is no clock here and so no Date. */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_HTTP_RESPONSE_H
#define PROTOCOL_HTTP_RESPONSE_H

#include "protocol/bytes.h"

/* The reason phrase of a status, "" for one that is none of RFC 9110 or RFC 6585. */
const char *http_reason(int status);

/* Appends the status line and what frames the message: Content-Length, unless the status says that
 * there is no body (1xx, 204, 304), and Connection where it differs from what HTTP/1.minor takes
 * for granted; minor is the request's. body_bytes is the length of the body that follows, or that
 * would follow if the request were not a HEAD. */
void http_response_begin(int status, uint64_t body_bytes, bool keep_alive, unsigned minor,
                         struct bytes *out);

/* Appends a field. The name is a token; the value holds no control but HTAB: ours, or checked. */
void http_response_field(struct span name, struct span value, struct bytes *out);

void http_response_end(struct bytes *out);

#endif
