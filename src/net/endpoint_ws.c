/* The WebSocket half of an endpoint: from a descriptor whose request has been read to a session. */
// SPDX-License-Identifier: MIT
#include <assert.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/http_head.h"
#include "protocol/http_query.h"
#include "src/base/memory.h"
#include "src/engine/handshake.h"
#include "src/engine/request.h"
#include "src/net/endpoint.h"
#include "src/net/loop.h"
#include "src/net/ws3_transport.h"
#include "src/net/ws_accept.h"
#include "src/net/ws_transport.h"

/* An upgrade on its way to the loop that owns the session. */
struct arrival {
    struct task task;
    struct endpoint *endpoint;
    struct executor *owner;
    struct http_upgrade upgrade;
};

static void append_field(void *arg, const char *name, struct span value)
{
    struct bytes *out = arg;

    bytes_add_cstr(out, name);
    bytes_add_cstr(out, ": ");
    bytes_add_span(out, value);
    bytes_add_cstr(out, "\r\n");
}

/* All with 400, a refusal by the application included, and in plain text, as the reference answers
 * upgrades. */
static void refuse(struct engine *e, struct endpoint *ep, struct http_upgrade *u,
                   struct span message)
{
    stats_add(e->stats, STAT_HANDSHAKES_REFUSED, 1);
    ws_refuse(u, 400, message, "", ep->ws.connections);
}

/* A transport of revision 3 sends the response by itself: *preamble is NULL then. */
static struct ws_transport *begin(struct endpoint *ep, const struct http_upgrade *u,
                                  const struct ws_answer *answer, bool eio3,
                                  struct frame **preamble)
{
    *preamble = eio3 ? NULL : answer->response;
    return eio3 ? ws3_transport_create(u, &ep->ws, answer)
                : ws_transport_create(u, &ep->ws, answer->deflate_bits);
}

/* Sends the 101 by itself, where no open packet follows. */
static void probe(struct session *s, struct endpoint *ep, struct http_upgrade *u,
                  const struct ws_answer *answer)
{
    struct frame *preamble;
    struct ws_transport *t = begin(ep, u, answer, s->eio3, &preamble);
    struct outq q = {0};
    bool wanted = engine_probe(s, ws_transport_base(t)) == 0;

    if (preamble != NULL) {
        (void)!outq_push(&q, preamble); /* an empty queue has room */
    }
    ws_transport_base(t)->ops->flush(ws_transport_base(t), &q);
    outq_clear(&q);
    if (!wanted) {
        ws_transport_close(t);
        return;
    }
    ws_transport_feed(t, u->early.data, u->early.len);
}

/* False if the client's extensions are malformed, for which it has been refused. */
static bool make_answer(struct engine *e, struct endpoint *ep, struct http_upgrade *u,
                        const struct http_head *head, const struct bytes *fields,
                        struct ws_answer *answer)
{
    if (ws_accept_answer(head, bytes_span(fields), ep->ws.deflate, answer) < 0) {
        refuse(e, ep, u, WS_EXTENSIONS_REFUSAL);
        return false;
    }
    return true;
}

static void add_cors(const struct endpoint *ep, const struct http_head *head, struct bytes *fields)
{
    const struct cors_options *cors = cors_policy_get(ep->cors);

    if (cors != NULL) {
        cors_fields(cors, http_head_get(head, SPAN("Origin")), append_field, fields);
    }
}

static void open_websocket(struct engine *e, struct endpoint *ep, struct http_upgrade *u,
                           const struct http_head *head, struct rookery_request *request)
{
    struct bytes fields = {0};
    struct ws_answer answer;

    add_cors(ep, head, &fields);
    if (ep->handshake_fields != NULL) {
        ep->handshake_fields(request, append_field, &fields, ep->fields_arg);
    }
    if (make_answer(e, ep, u, head, &fields, &answer)) {
        struct frame *preamble;
        bool eio3 = engine_speaks_3(e, head->query);
        struct ws_transport *t = begin(ep, u, &answer, eio3, &preamble);
        engine_handshake(e, ws_transport_base(t), request, preamble);
        frame_release(answer.response);
        ws_transport_feed(t, u->early.data, u->early.len);
    }
    bytes_finish(&fields);
}

/* ---- handshakes that the application is asked about ---- */

/* An upgrade that waits for that. What its client sends meanwhile stays in the kernel. */
struct asked_upgrade {
    struct endpoint *endpoint;
    struct http_upgrade upgrade;
    struct rookery_handshake *handshake; /* NULL while it is being asked */
    struct event gone;                   /* the client has closed its side; once handshake is set */
};

static void free_asked(struct asked_upgrade *a)
{
    bytes_finish(&a->upgrade.head);
    bytes_finish(&a->upgrade.early);
    free(a);
}

static void open_accepted(struct engine *e, struct asked_upgrade *a,
                          struct rookery_request *request)
{
    struct http_head head;
    int error = ws_accept_check(&a->upgrade, &head, a->endpoint->ws.connections);

    assert(error == 0); /* as it has been before the application was asked */
    open_websocket(e, a->endpoint, &a->upgrade, &head, request);
}

static void on_decided(struct rookery_request *request, enum handshake_verdict verdict,
                       struct span message, void *arg)
{
    struct asked_upgrade *a = arg;
    struct engine *e = &a->endpoint->engines[a->upgrade.executor->index];

    if (a->handshake != NULL) {
        (void)event_del(&a->gone);
    }
    switch (verdict) {
    case HANDSHAKE_ACCEPTED:
        open_accepted(e, a, request);
        break;
    case HANDSHAKE_REFUSED:
        refuse(e, a->endpoint, &a->upgrade, message);
        break;
    case HANDSHAKE_UNDECIDED:
        ws_refuse(&a->upgrade, 503, SPAN("Service Unavailable"), "", a->endpoint->ws.connections);
        break;
    }
    free_asked(a);
}

static void on_asked_gone(evutil_socket_t fd, short what, void *arg)
{
    struct asked_upgrade *a = arg;

    loop_tick(loop_of(a->upgrade.executor));
    handshake_forget(a->handshake);
    http_upgrade_end(&a->upgrade, (struct span){0});
    if (a->endpoint->ws.connections != NULL) {
        http_connection_closed(a->endpoint->ws.connections);
    }
    free_asked(a);
}

/* Takes over what *u has. If its end cannot be waited for it is found when there is an answer. */
static void ask_about(struct engine *e, struct endpoint *ep, struct http_upgrade *u,
                      struct rookery_request *request)
{
    struct asked_upgrade *a = xcalloc(1, sizeof *a);

    a->endpoint = ep;
    a->upgrade = *u;
    u->head = u->early = (struct bytes){0};
    struct rookery_handshake *h = handshake_ask(e, request, on_decided, a);
    if (h != NULL) {
        a->handshake = h;
        (void)event_assign(&a->gone, loop_of(u->executor)->base, u->fd, EV_CLOSED, on_asked_gone,
                           a);
        (void)event_add(&a->gone, NULL);
    }
}

static void begin_websocket(struct engine *e, struct endpoint *ep, struct http_upgrade *u,
                            const struct http_head *head)
{
    struct rookery_request *request =
        request_create(bytes_span(&u->head), u->address, u->secure, executor_wall_ms(e->executor));

    if (engine_asks(e)) {
        ask_about(e, ep, u, request);
    } else {
        open_websocket(e, ep, u, head, request);
    }
    request_release(request);
}

/* ---- arrival ---- */

static void begin_probe(struct engine *e, struct endpoint *ep, struct http_upgrade *u,
                        const struct http_head *head, struct session *s)
{
    struct bytes fields = {0};
    struct ws_answer answer;

    add_cors(ep, head, &fields);
    if (make_answer(e, ep, u, head, &fields, &answer)) {
        probe(s, ep, u, &answer);
        frame_release(answer.response);
    }
    bytes_finish(&fields);
}

static void accept_upgrade(struct endpoint *ep, struct http_upgrade *u,
                           const struct http_head *head)
{
    struct engine *e = &ep->engines[u->executor->index];
    struct engine_request request = {.method = head->method,
                                     .query = head->query,
                                     .origin = http_head_get(head, SPAN("Origin")),
                                     .is_upgrade = true};
    struct session *s;
    enum engine_error error = engine_check(e, &request, &s);

    if (error != ENGINE_OK) {
        refuse(e, ep, u, span_cstr(engine_error_text(error)));
    } else if (s == NULL) {
        begin_websocket(e, ep, u, head);
    } else {
        begin_probe(e, ep, u, head, s);
    }
}

/* On the loop that owns the session, or will. */
static void arrive(struct endpoint *ep, struct http_upgrade *u)
{
    struct http_head head;

    if (ws_accept_check(u, &head, ep->ws.connections) == 0) {
        accept_upgrade(ep, u, &head);
    }
    bytes_finish(&u->head);
    bytes_finish(&u->early);
}

static void run_arrival(struct task *task)
{
    struct arrival *a = container_of(task, struct arrival, task);

    a->upgrade.executor = a->owner;
    arrive(a->endpoint, &a->upgrade);
    free(a);
}

/* No other node answers for it. */
static void arrive_here(struct http_upgrade *u, void *arg)
{
    arrive(arg, u);
}

void endpoint_upgrade(struct http_upgrade *u, void *arg)
{
    struct endpoint *ep = arg;
    struct span query = http_query_of_head(bytes_span(&u->head));
    unsigned abroad;
    struct executor *owner = endpoint_owner(ep, query, u->executor, &abroad);

    if (abroad != 0 && ep->peers != NULL && !u->passed_on) {
        peers_tunnel(ep->peers, abroad, u, arrive_here, ep);
        return;
    }
    if (owner == u->executor) {
        arrive(ep, u);
        return;
    }
    struct arrival *a = xcalloc(1, sizeof *a);
    a->task.run = run_arrival;
    a->endpoint = ep;
    a->owner = owner;
    a->upgrade = *u;
    executor_post(owner, &a->task);
}
