/* CORS (Fetch standard, section 3.2): which fields an answer to a cross-origin request carries. */
// SPDX-License-Identifier: MIT
#ifndef NET_CORS_H
#define NET_CORS_H

#include "protocol/bytes.h"

struct cors_options {
    const char *origin; /* NULL: no CORS; "*"; "reflect"; one origin; or a comma-separated list */
    const char *methods;
    const char *allowed_headers; /* NULL: what the preflight asks for */
    const char *exposed_headers; /* NULL: none */
    bool credentials;
    int max_age_s; /* -1: not sent */
};

typedef void (*cors_emit_fn)(void *arg, const char *name, struct span value);

/* Emits the fields for an answer to a request with that Origin field (empty when it had none). */
void cors_fields(const struct cors_options *o, struct span origin, cors_emit_fn emit, void *arg);

/* The same for a preflight (OPTIONS), with what it asks for in Access-Control-Request-Headers. */
void cors_preflight_fields(const struct cors_options *o, struct span origin,
                           struct span request_headers, cors_emit_fn emit, void *arg);

static inline bool cors_enabled(const struct cors_options *o)
{
    return o->origin != NULL;
}

#endif
