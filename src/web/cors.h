/* CORS for REST routes: the same policy as that of Socket.IO (net/cors.h). A handler does this:
 *
 *     struct http_field fields[WEB_CORS_FIELDS_MAX + 2];
 *     if (web_cors_preflight(policy, x)) {
 *         return;                                      204, and the exchange is gone
 *     }
 *     size_t n = web_cors_fields(policy, x, fields);   for every answer, errors too
 *     fields[n++] = ...
 *     http_respond(x, 200, fields, n, body);
 *
 * Threads: that of the exchange. */
// SPDX-License-Identifier: MIT
#ifndef WEB_CORS_H
#define WEB_CORS_H

#include "src/net/cors.h"
#include "src/net/http.h"

enum { WEB_CORS_FIELDS_MAX = 4 };

/* Writes the fields that an answer to x carries and returns how many. Their values are good until x
 * is answered. policy as in cors_policy_get. */
MUST_USE size_t web_cors_fields(const struct cors_policy *policy, const struct http_exchange *x,
                                struct http_field fields[WEB_CORS_FIELDS_MAX]);

/* Answers x if it is a preflight (OPTIONS, while there is CORS). False: it is still to be answered.
 */
MUST_USE bool web_cors_preflight(const struct cors_policy *policy, struct http_exchange *x);

#endif
