// SPDX-License-Identifier: MIT
#include "src/web/rest.h"

#include <assert.h>
#include <stdatomic.h>

#include "protocol/http_query.h"
#include "src/chat/policy.h"
#include "src/web/cors.h"
#include "src/web/rest_call.h"

enum { PREFIXES_MAX = 32 };

struct rest {
    struct rest_options options;
    _Atomic uint64_t users_max, rooms_made_max, message_units_max, typing_timeout_ms;
    bool stopped;
    struct web_actions tables[5];
    char *prefixes[PREFIXES_MAX]; /* the first segments of all patterns, each once */
    size_t prefix_count;
};

enum { TABLES = sizeof(((struct rest *)0)->tables) / sizeof(struct web_actions) };

/* ---- what a call can reach ---- */

const struct rest_options *rest_options_of(const struct rest_call *call)
{
    return &call->rest->options;
}

struct store *rest_store(const struct rest_call *call)
{
    return call->rest->stopped ? NULL : call->rest->options.store;
}

struct auth *rest_auth(const struct rest_call *call)
{
    return call->rest->stopped ? NULL : call->rest->options.auth;
}

struct rest_limits rest_limits(const struct rest_call *call)
{
    const struct rest *rest = call->rest;

    return (struct rest_limits){
        .users_max = atomic_load_explicit(&rest->users_max, memory_order_relaxed),
        .rooms_made_max = atomic_load_explicit(&rest->rooms_made_max, memory_order_relaxed),
        .message_units_max = atomic_load_explicit(&rest->message_units_max, memory_order_relaxed),
        .typing_timeout_ms = atomic_load_explicit(&rest->typing_timeout_ms, memory_order_relaxed),
    };
}

void rest_ask_people(struct rest_call *call)
{
    const struct rest *rest = call->rest;
    struct chat_people_request *request = &call->ask.people;

    if (rest->stopped || rest->options.people == NULL) {
        request->on_done(request);
        return;
    }
    rest->options.people(rest->options.chat, call->x->executor->index, request);
}

bool rest_field(const struct rest_call *call, struct span key, struct bytes *out)
{
    size_t before = out->len;

    form_text(&call->form, key, out);
    return out->len > before && out->len - before <= REST_TEXT_BYTES_MAX;
}

void rest_query(const struct rest_call *call, struct span key, struct bytes *out)
{
    http_query_decode(http_query_get(call->x->query, key), out);
}

bool rest_query_u64(const struct rest_call *call, struct span key, uint64_t min, uint64_t max,
                    uint64_t *out)
{
    struct span value = http_query_get(call->x->query, key);

    return value.len == 0 || (span_to_u64(value, max, out) == 0 && *out >= min);
}

void rest_make_id(const struct rest_call *call, char out[REST_ID_LEN])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t random[REST_ID_LEN / 2];

    executor_random(call->x->executor, random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++) {
        out[2 * i] = digits[random[i] >> 4];
        out[2 * i + 1] = digits[random[i] & 15];
    }
}

/* ---- a request ---- */

/* The token of `Authorization: Bearer`, or an empty span. */
static struct span bearer(const struct http_exchange *x)
{
    static const size_t scheme_len = 7;
    struct span field = http_exchange_field(x, "Authorization");

    if (field.len <= scheme_len ||
        !span_eq_nocase(span_of(field.data, scheme_len), SPAN("Bearer "))) {
        return (struct span){0};
    }
    return span_skip(field, scheme_len);
}

/* Whoever brings a valid token is known by it, and may pass. */
static bool may_pass(struct rest_call *call, const struct web_action *action)
{
    const struct rest_options *o = &call->rest->options;
    struct span token = action->guarded ? bearer(call->x) : (struct span){0};

    if (token.len > 0 && o->auth != NULL &&
        auth_check(o->auth, token, executor_wall_ms(call->x->executor), &call->claims) == 0) {
        return true;
    }
    call->claims.user_id.len = 0;
    return !action->guarded || !o->auth_required;
}

/* Parameters are names of rooms, all of them. */
static void run(struct rest_call *call, const struct web_match *match)
{
    struct http_exchange *x = call->x;

    if (router_decode(match->parameter, &call->parameter) < 0 ||
        form_read(http_exchange_field(x, "Content-Type"), x->body, &call->form) < 0) {
        rest_refuse(call, 400, NULL);
    } else if (!may_pass(call, match->action)) {
        rest_refuse(call, 401, NULL);
    } else if (policy_room_name(bytes_span(&call->parameter)) != NULL) {
        rest_refuse(call, 404, NULL);
    } else {
        match->action->run(call);
    }
}

static enum web_style style_of(const struct http_exchange *x, const struct web_match *match)
{
    const struct web_action *action = match->action != NULL ? match->action : match->other;

    if (action != NULL) {
        return action->style;
    }
    return span_starts(x->path, SPAN("/api/")) ? WEB_JSON : WEB_PLAIN;
}

static void handle(struct http_exchange *x, void *arg)
{
    struct rest *rest = arg;
    struct web_match match;

    router_find(rest->tables, TABLES, x->method, x->path, &match);
    enum web_style style = style_of(x, &match);
    if (style != WEB_PAGE && web_cors_preflight(rest->options.cors, x)) {
        return;
    }
    struct rest_call *call = xcalloc(1, sizeof *call);
    call->rest = rest;
    call->x = x;
    call->style = style;
    if (match.action != NULL) {
        run(call, &match);
    } else {
        rest_refuse(call, match.other != NULL ? 405 : 404,
                    match.other != NULL ? match.allow : NULL);
    }
}

/* ---- all of it ---- */

static bool has_prefix(const struct rest *rest, struct span prefix)
{
    for (size_t i = 0; i < rest->prefix_count; i++) {
        if (span_eq(span_cstr(rest->prefixes[i]), prefix)) {
            return true;
        }
    }
    return false;
}

static void add_prefix(struct rest *rest, const char *pattern)
{
    size_t len = 1 + strcspn(pattern + 1, "/");

    if (!has_prefix(rest, span_of(pattern, len))) {
        assert(rest->prefix_count < PREFIXES_MAX);
        rest->prefixes[rest->prefix_count++] = xnonnull(strndup(pattern, len));
    }
}

struct rest *rest_create(const struct rest_options *options)
{
    struct rest *rest = xcalloc(1, sizeof *rest);

    *rest = (struct rest){
        .options = *options,
        .tables = {rest_chatroom, rest_scalable, rest_groups, rest_direct, rest_native},
    };
    for (size_t i = 0; i < TABLES; i++) {
        for (size_t j = 0; j < rest->tables[i].count; j++) {
            add_prefix(rest, rest->tables[i].list[j].pattern);
        }
    }
    return rest;
}

void rest_destroy(struct rest *rest)
{
    if (rest == NULL) {
        return;
    }
    for (size_t i = 0; i < rest->prefix_count; i++) {
        free(rest->prefixes[i]);
    }
    free(rest);
}

/* "/" as a prefix would be in the way of everything else: that is the last route. */
void rest_add_routes(struct rest *rest, web_add_route_fn add, void *server)
{
    for (size_t i = 0; i < rest->prefix_count; i++) {
        const char *prefix = rest->prefixes[i];
        add(server,
            &(struct http_route){
                .path = prefix, .is_prefix = prefix[1] != '\0', .handler = handle, .arg = rest});
    }
}

struct http_route rest_last_route(struct rest *rest)
{
    return (struct http_route){.path = "/", .is_prefix = true, .handler = handle, .arg = rest};
}

void rest_set_limits(struct rest *rest, const struct rest_limits *l)
{
    atomic_store_explicit(&rest->users_max, l->users_max, memory_order_relaxed);
    atomic_store_explicit(&rest->rooms_made_max, l->rooms_made_max, memory_order_relaxed);
    atomic_store_explicit(&rest->message_units_max, l->message_units_max, memory_order_relaxed);
    atomic_store_explicit(&rest->typing_timeout_ms, l->typing_timeout_ms, memory_order_relaxed);
}

void rest_stop(struct rest *rest)
{
    if (rest != NULL) {
        rest->stopped = true;
    }
}
