/* The WebSocket half of an endpoint: from a descriptor whose request has been read to a session. */
// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/http_head.h"
#include "protocol/http_query.h"
#include "src/base/memory.h"
#include "src/engine/request.h"
#include "src/net/endpoint.h"
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
                   const char *message)
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

/* fields: those of CORS, to which the application adds its own. */
static void open_websocket(struct engine *e, struct endpoint *ep, struct http_upgrade *u,
                           const struct http_head *head, struct bytes *fields)
{
    struct rookery_request *request =
        request_create(bytes_span(&u->head), u->address, u->secure, executor_wall_ms(e->executor));
    const char *refusal = engine_allow(e, request);
    struct ws_answer answer;

    if (refusal == NULL && ep->handshake_fields != NULL) {
        ep->handshake_fields(request, append_field, fields, ep->fields_arg);
    }
    if (refusal != NULL) {
        refuse(e, ep, u, refusal);
    } else if (make_answer(e, ep, u, head, fields, &answer)) {
        struct frame *preamble;
        bool eio3 = engine_speaks_3(e, head->query);
        struct ws_transport *t = begin(ep, u, &answer, eio3, &preamble);
        engine_handshake(e, ws_transport_base(t), request, preamble);
        frame_release(answer.response);
        ws_transport_feed(t, u->early.data, u->early.len);
    }
    request_release(request);
}

static void accept_upgrade(struct endpoint *ep, struct http_upgrade *u,
                           const struct http_head *head)
{
    struct engine *e = &ep->engines[u->executor->index];
    struct span origin = http_head_get(head, SPAN("Origin"));
    struct engine_request request = {
        .method = head->method, .query = head->query, .origin = origin, .is_upgrade = true};
    const struct cors_options *cors = cors_policy_get(ep->cors);
    struct bytes fields = {0};
    struct ws_answer answer;
    struct session *s;
    enum engine_error error = engine_check(e, &request, &s);

    if (error != ENGINE_OK) {
        refuse(e, ep, u, engine_error_text(error));
        return;
    }
    if (cors != NULL) {
        cors_fields(cors, origin, append_field, &fields);
    }
    if (s == NULL) {
        open_websocket(e, ep, u, head, &fields);
    } else if (make_answer(e, ep, u, head, &fields, &answer)) {
        probe(s, ep, u, &answer);
        frame_release(answer.response);
    }
    bytes_finish(&fields);
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
