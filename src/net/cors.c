// SPDX-License-Identifier: MIT
#include "src/net/cors.h"

#include <stdatomic.h>
#include <stdio.h>

#include "src/base/memory.h"

/* ---- fields ---- */

static bool listed(struct span list, struct span origin)
{
    while (list.len > 0) {
        const uint8_t *comma = memchr(list.data, ',', list.len);
        size_t len = comma == NULL ? list.len : (size_t)(comma - list.data);
        struct span one = {list.data, len};
        while (one.len > 0 && one.data[0] == ' ') {
            one = span_skip(one, 1);
        }
        if (span_eq(one, origin)) {
            return true;
        }
        list = span_skip(list, comma == NULL ? len : len + 1);
    }
    return false;
}

/* One fixed origin is always named, so that the browser refuses for us; of a list, and when
 * reflecting, the answer depends on who asks, which caches must know. */
static void emit_origin(const struct cors_options *o, struct span origin, cors_emit_fn emit,
                        void *arg)
{
    struct span allowed = span_cstr(o->origin);

    if (span_eq(allowed, SPAN("*"))) {
        emit(arg, "Access-Control-Allow-Origin", allowed);
        return;
    }
    bool reflect = span_eq(allowed, SPAN("reflect"));
    bool is_list = memchr(allowed.data, ',', allowed.len) != NULL;
    if (reflect || is_list) {
        if (origin.len > 0 && (reflect || listed(allowed, origin))) {
            emit(arg, "Access-Control-Allow-Origin", origin);
        }
    } else {
        emit(arg, "Access-Control-Allow-Origin", allowed);
    }
    emit(arg, "Vary", SPAN("Origin"));
}

void cors_fields(const struct cors_options *o, struct span origin, cors_emit_fn emit, void *arg)
{
    emit_origin(o, origin, emit, arg);
    if (o->credentials) {
        emit(arg, "Access-Control-Allow-Credentials", SPAN("true"));
    }
    if (o->exposed_headers != NULL) {
        emit(arg, "Access-Control-Expose-Headers", span_cstr(o->exposed_headers));
    }
}

void cors_preflight_fields(const struct cors_options *o, struct span origin,
                           struct span request_headers, cors_emit_fn emit, void *arg)
{
    const char *methods = o->methods == NULL ? "GET,HEAD,PUT,PATCH,POST,DELETE" : o->methods;
    char age[16];

    cors_fields(o, origin, emit, arg);
    emit(arg, "Access-Control-Allow-Methods", span_cstr(methods));
    if (o->allowed_headers != NULL) {
        emit(arg, "Access-Control-Allow-Headers", span_cstr(o->allowed_headers));
    } else if (request_headers.len > 0) {
        emit(arg, "Access-Control-Allow-Headers", request_headers);
        emit(arg, "Vary", SPAN("Access-Control-Request-Headers"));
    }
    if (o->max_age_s >= 0) {
        int n = snprintf(age, sizeof age, "%d", o->max_age_s);
        emit(arg, "Access-Control-Max-Age", span_of(age, (size_t)n));
    }
}

/* ---- policies ---- */

struct cors_version {
    struct cors_options options; /* strings are our copies */
    struct cors_version *before;
};

static const char *copy(const char *s)
{
    return s == NULL ? NULL : xnonnull(strdup(s));
}

static void drop(const char *s)
{
    free((void *)(uintptr_t)s);
}

void cors_policy_set(struct cors_policy *p, const struct cors_options *o)
{
    struct cors_version *v = xcalloc(1, sizeof *v);

    v->options = *o;
    v->options.origin = copy(o->origin);
    v->options.methods = copy(o->methods);
    v->options.allowed_headers = copy(o->allowed_headers);
    v->options.exposed_headers = copy(o->exposed_headers);
    v->before = atomic_load(&p->now);
    atomic_store(&p->now, v);
}

void cors_policy_finish(struct cors_policy *p)
{
    struct cors_version *before;

    for (struct cors_version *v = atomic_load(&p->now); v != NULL; v = before) {
        before = v->before;
        drop(v->options.origin);
        drop(v->options.methods);
        drop(v->options.allowed_headers);
        drop(v->options.exposed_headers);
        free(v);
    }
    atomic_store(&p->now, NULL);
}

const struct cors_options *cors_policy_get(const struct cors_policy *p)
{
    const struct cors_version *v = p == NULL ? NULL : atomic_load(&p->now);

    return v == NULL || v->options.origin == NULL ? NULL : &v->options;
}
