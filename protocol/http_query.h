/* Query strings of request targets: `EIO=4&transport=polling&sid=...`, pairs in the form of
 * application/x-www-form-urlencoded (WHATWG URL standard, section 5.1).
 *
 * Spans are borrowed from the query. Pure: no global state, any thread. */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_HTTP_QUERY_H
#define PROTOCOL_HTTP_QUERY_H

#include "protocol/bytes.h"

/* Takes the next pair off *rest, still encoded; a pair without '=' has an empty value, empty pairs
 * ("a=1&&b=2") are passed over. False when none is left. */
bool http_query_next(struct span *rest, struct span *key, struct span *value);

/* The value, still encoded, of the first pair whose key is that text; an empty span if there is
 * none. */
struct span http_query_get(struct span query, struct span key);

/* The query in the request line of a head, which empty lines may stand before (http_head.h); an
 * empty span if there is none. */
struct span http_query_of_head(struct span head);

/* Is that the text of an encoded key or value? Allocates nothing. */
bool http_query_eq(struct span encoded, struct span text);

/* Appends the text of a key or value: %XX is a byte, '+' a space; a '%' that begins no escape stays
 * as it is; bytes that are then no UTF-8 become U+FFFD. */
void http_query_decode(struct span encoded, struct bytes *out);

#endif
