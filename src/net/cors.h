/* CORS (Fetch standard, section 3.2): which fields an answer to a cross-origin request carries, and
 * a policy for that which can be replaced while loops read it.
 *
 * Threads: functions on options are pure. A policy is read on any, set on one at a time. */
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

/* A zeroed struct is one without CORS. Options that have been replaced are freed with the last
 * ones, since a loop may still read them: some hundred bytes each time that somebody reloads. */
struct cors_policy {
    _Atomic(struct cors_version *) now;
};

/* Copies *o. */
void cors_policy_set(struct cors_policy *p, const struct cors_options *o);

/* When nobody reads it any more. */
void cors_policy_finish(struct cors_policy *p);

/* What holds now, good until cors_policy_finish; NULL: no CORS. p may be NULL. */
const struct cors_options *cors_policy_get(const struct cors_policy *p);

#endif
