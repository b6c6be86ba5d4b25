/* HTTP responses, whole: a head (protocol/http_head.h) and the body that belongs to it.
 *
 * The body's length is Content-Length, or chunked; a response with neither has no body here (a poll
 * that ends with its connection is not keep-alive and of no use to a generator).
 *
 * Spans borrow the input. Pure; any thread may call anything here. RFC 9112. */
// SPDX-License-Identifier: MIT
#ifndef TOOLS_LOAD_HTTP_RESPONSE_H
#define TOOLS_LOAD_HTTP_RESPONSE_H

#include <sys/types.h>

#include "protocol/http_head.h"

/* The head at the front of `in`. Returns its bytes and fills *head, 0 when it has not come whole,
 * -1 when it is no response. */
MUST_USE ssize_t http_response_head(struct span in, struct http_head *head);

/* The response at the front of `in`. Returns its bytes, fills *head and sets *body; 0 when it has
 * not come whole, -1 when it is no response. A chunked body is put together in `scratch`, another
 * one borrows `in`. */
MUST_USE ssize_t http_response_take(struct span in, struct http_head *head, struct bytes *scratch,
                                    struct span *body);

#endif
