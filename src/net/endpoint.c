// SPDX-License-Identifier: MIT
#include "src/net/endpoint.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "src/engine/handshake.h"
#include "src/engine/request.h"

/* ---- fields of answers ---- */

static void add_to_reply(void *arg, const char *name, struct span value)
{
    reply_add_field(arg, name, value);
}

/* Old Internet Explorers took a payload for an attack. */
static bool wants_no_xss_filter(struct span agent)
{
    return agent.data != NULL && (memmem(agent.data, agent.len, ";MSIE", 5) != NULL ||
                                  memmem(agent.data, agent.len, "Trident/", 8) != NULL);
}

static void add_common_fields(struct reply *r, const void *arg)
{
    const struct endpoint *ep = arg;
    const struct cors_options *cors = cors_policy_get(ep->cors);

    if (wants_no_xss_filter(http_exchange_field(r->exchange, "User-Agent"))) {
        reply_add_field(r, "X-XSS-Protection", SPAN("0"));
    }
    reply_add_field(r, "cache-control", SPAN("no-store"));
    if (cors != NULL) {
        cors_fields(cors, http_exchange_field(r->exchange, "Origin"), add_to_reply, r);
    }
}

static bool holds_any(const char *text, const char *bad)
{
    for (; *text != '\0'; text++) {
        if ((uint8_t)*text <= ' ' || *text == 0x7f || strchr(bad, *text) != NULL) {
            return true;
        }
    }
    return false;
}

bool endpoint_cookie_usable(const struct endpoint_cookie *c)
{
    static const char *const sites[] = {"Lax", "Strict", "None"};
    bool known = false;

    for (size_t i = 0; i < sizeof sites / sizeof *sites; i++) {
        known |= strcmp(c->same_site, sites[i]) == 0;
    }
    return known && (c->name == NULL || (*c->name != '\0' && !holds_any(c->name, "=;,\""))) &&
           !holds_any(c->path, ";");
}

static void add_cookie(struct reply *r, const struct endpoint_cookie *cookie, struct span sid)
{
    struct bytes value = {0};

    bytes_add_cstr(&value, cookie->name);
    bytes_add_byte(&value, '=');
    bytes_add_span(&value, sid);
    if (*cookie->path != '\0') {
        bytes_add_cstr(&value, "; Path=");
        bytes_add_cstr(&value, cookie->path);
    }
    if (cookie->http_only) {
        bytes_add_cstr(&value, "; HttpOnly");
    }
    if (cookie->secure) {
        bytes_add_cstr(&value, "; Secure");
    }
    bytes_add_cstr(&value, "; SameSite=");
    bytes_add_cstr(&value, cookie->same_site);
    reply_add_field(r, "Set-Cookie", bytes_span(&value));
    bytes_finish(&value);
}

/* ---- requests over HTTP ---- */

static void answer_error(struct reply *r, struct endpoint *ep, int status, enum engine_error error,
                         struct span message)
{
    struct bytes body = {0};

    engine_error_body(&body, error, message);
    reply_add_field(r, "Content-Type", SPAN("application/json"));
    add_common_fields(r, ep);
    reply_send(r, status, bytes_span(&body));
    bytes_finish(&body);
}

static void refuse(struct reply *r, struct endpoint *ep, enum engine_error error,
                   struct span message)
{
    stats_add(ep->engines[r->owner->index].stats, STAT_HANDSHAKES_REFUSED, 1);
    answer_error(r, ep, error == ENGINE_FORBIDDEN ? 403 : 400, error, message);
}

static void open_polling(struct reply *r, struct endpoint *ep, struct rookery_request *request)
{
    struct engine *e = &ep->engines[r->owner->index];
    struct span query = r->exchange->query;
    bool eio3 = engine_speaks_3(e, query);
    struct poll_transport *t = poll_transport_create(e->executor, &ep->poll, query, eio3);
    struct session *s = engine_handshake(e, poll_transport_base(t), request, NULL);

    if (ep->cookie.name != NULL) {
        add_cookie(r, &ep->cookie, session_sid(s));
    }
    if (ep->handshake_fields != NULL) {
        ep->handshake_fields(request, add_to_reply, r, ep->fields_arg);
    }
    poll_transport_get(t, r);
}

/* A poll that waits for the application to decide about its handshake. */
struct asked_poll {
    struct endpoint *endpoint;
    struct reply *reply;
    struct rookery_handshake *handshake;
};

static void on_decided(struct rookery_request *request, enum handshake_verdict verdict,
                       struct span message, void *arg)
{
    struct asked_poll asked = *(struct asked_poll *)arg;
    struct reply *r = asked.reply;

    free(arg);
    r->on_gone = NULL;
    switch (verdict) {
    case HANDSHAKE_ACCEPTED:
        open_polling(r, asked.endpoint, request);
        return;
    case HANDSHAKE_REFUSED:
        refuse(r, asked.endpoint, ENGINE_FORBIDDEN, message);
        return;
    case HANDSHAKE_UNDECIDED:
        answer_error(r, asked.endpoint, 503, ENGINE_FORBIDDEN, SPAN("Service Unavailable"));
        return;
    }
}

static void on_asked_gone(struct reply *r)
{
    struct asked_poll *asked = r->data;

    handshake_forget(asked->handshake);
    free(asked);
    reply_cut(r);
}

static void ask_about(struct reply *r, struct endpoint *ep, struct engine *e,
                      struct rookery_request *request)
{
    struct asked_poll *asked = xcalloc(1, sizeof *asked);

    *asked = (struct asked_poll){.endpoint = ep, .reply = r};
    struct rookery_handshake *h = handshake_ask(e, request, on_decided, asked);
    if (h != NULL) {
        asked->handshake = h;
        r->data = asked;
        r->on_gone = on_asked_gone;
    }
}

static void begin_polling(struct reply *r, struct endpoint *ep, struct engine *e)
{
    const struct http_exchange *x = r->exchange;
    struct rookery_request *request =
        request_create(x->head, x->address, x->secure, executor_wall_ms(e->executor));

    if (engine_asks(e)) {
        ask_about(r, ep, e, request);
    } else {
        open_polling(r, ep, request);
    }
    request_release(request);
}

/* On the loop that owns the session, or on that of the exchange for one that is to be. */
static void answer(struct reply *r)
{
    struct endpoint *ep = r->data;
    struct engine *e = &ep->engines[r->owner->index];
    const struct http_exchange *x = r->exchange;
    struct engine_request request = {
        .method = x->method, .query = x->query, .origin = http_exchange_field(x, "Origin")};
    struct session *s;
    enum engine_error error = engine_check(e, &request, &s);

    if (error != ENGINE_OK) {
        refuse(r, ep, error, (struct span){0});
    } else if (s == NULL) {
        begin_polling(r, ep, e);
    } else if (span_eq(x->method, SPAN("GET"))) {
        poll_transport_get(poll_transport_of(s->transport), r);
    } else {
        e->post_head = x->head;
        poll_transport_post(poll_transport_of(s->transport), r, r->announced);
        e->post_head = (struct span){0};
    }
}

static void answer_preflight(struct reply *r)
{
    const struct cors_options *cors = r->data;

    cors_preflight_fields(cors, http_exchange_field(r->exchange, "Origin"),
                          http_exchange_field(r->exchange, "Access-Control-Request-Headers"),
                          add_to_reply, r);
    reply_send(r, 204, (struct span){0});
}

struct executor *endpoint_owner(const struct endpoint *ep, struct span query, struct executor *here,
                                unsigned *abroad)
{
    unsigned node, loop;

    *abroad = 0;
    if (!engine_sid_place(engine_query_sid(query), &node, &loop)) {
        return here;
    }
    /* Sessions of a node without a number bear none. */
    if (node != 0 &&
        node != atomic_load_explicit(&ep->engines[0].options->node, memory_order_relaxed)) {
        *abroad = node;
        return here;
    }
    return loop < ep->loop_count ? ep->engines[loop].executor : here;
}

/* ---- POSTs whose body takes time ---- */

/* News of such a POST on its way to the loop that owns the session. */
struct notice {
    struct task task;
    struct engine *engine;
    void (*tell)(struct poll_transport *t);
    struct span sid; /* in text */
    uint8_t text[SID_LEN];
};

static void tell(struct engine *e, struct span sid, void (*fn)(struct poll_transport *t))
{
    struct session *s = engine_find(e, sid);

    if (s != NULL && s->transport->ops->kind == TRANSPORT_POLLING) {
        fn(poll_transport_of(s->transport));
    }
}

static void run_notice(struct task *task)
{
    struct notice *n = container_of(task, struct notice, task);

    tell(n->engine, n->sid, n->tell);
    free(n);
}

static void send_notice(struct http_exchange *x, struct endpoint *ep,
                        void (*fn)(struct poll_transport *t))
{
    struct span sid = engine_query_sid(x->query);
    unsigned abroad;
    struct executor *owner = endpoint_owner(ep, x->query, x->executor, &abroad);
    struct engine *e = &ep->engines[owner->index];

    if (owner == x->executor || sid.len != SID_LEN) {
        tell(e, sid, fn);
        return;
    }
    struct notice *n = xcalloc(1, sizeof *n);
    n->task.run = run_notice;
    n->engine = e;
    n->tell = fn;
    memcpy(n->text, sid.data, SID_LEN);
    n->sid = span_of(n->text, SID_LEN);
    executor_post(owner, &n->task);
}

static void on_post_dropped(struct http_exchange *x)
{
    send_notice(x, x->data, poll_transport_post_dropped);
}

void endpoint_begin(struct http_exchange *x, void *arg)
{
    if (span_eq(x->method, SPAN("POST"))) {
        x->data = arg;
        x->on_gone = on_post_dropped;
        send_notice(x, arg, poll_transport_post_begun);
    }
}

/* No other node answers for it. */
static void answer_here(struct http_exchange *x, void *arg)
{
    reply_hand_over(x, x->executor, answer, arg);
}

void endpoint_handle(struct http_exchange *x, void *arg)
{
    struct endpoint *ep = arg;
    const struct cors_options *cors = cors_policy_get(ep->cors);
    unsigned abroad;

    if (span_eq(x->method, SPAN("OPTIONS")) && cors != NULL) {
        reply_hand_over(x, x->executor, answer_preflight, (void *)(uintptr_t)cors);
        return;
    }
    struct executor *owner = endpoint_owner(ep, x->query, x->executor, &abroad);
    if (abroad != 0 && ep->peers != NULL && !x->passed_on) {
        peers_pass(ep->peers, abroad, x, answer_here, ep);
    } else {
        reply_hand_over(x, owner, answer, ep);
    }
}

void endpoint_init(struct endpoint *ep)
{
    ep->poll.add_fields = add_common_fields;
    ep->poll.arg = ep;
}
