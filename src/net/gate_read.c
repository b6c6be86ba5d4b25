// SPDX-License-Identifier: MIT
#include "src/net/gate_internal.h"

/* Each step returns whether there is something for the next. */

static bool begin_request(struct gate *g)
{
    if (evbuffer_get_length(gate_input(g)) == 0) {
        return false;
    }
    gate_set_state(g, GATE_HEAD);
    g->scanned = 0;
    if (!g->fresh) {
        gate_set_deadline(g, g->server->limits->request_timeout_ms);
    }
    return true;
}

/* The bufferevent goes, the descriptor stays. */
static void take_off(struct gate *g, const struct http_route *route, const struct http_head *head,
                     struct span in, size_t head_len)
{
    const struct http_peer peer = gate_peer(g);
    struct bufferevent *bev = evhtp_connection_take_ownership(g->evhtp);
    int fd = bufferevent_getfd(bev);

    if (peer.ssl == NULL) { /* with TLS the descriptor is not the bufferevent's */
        (void)bufferevent_setfd(bev, -1);
    }
    g->counted = false;
    http_upgrade_dispatch(g->server, route, fd, head, in, head_len, &peer);
    bufferevent_free(bev);
    gate_close(g);
}

static void take_upgrade(struct gate *g, const struct http_head *head, struct span in,
                         size_t head_len)
{
    const struct http_route *route = http_route_find(g->server, head->path);

    if (route == NULL || route->on_upgrade == NULL) {
        gate_refuse(g, 404, SPAN(""));
    } else {
        take_off(g, route, head, in, head_len);
    }
}

static void take_request(struct gate *g, const struct http_head *head, struct span head_bytes)
{
    if (head->content_length > 0 &&
        (uint64_t)head->content_length > g->server->limits->body_bytes_max) {
        gate_refuse(g, 413, http_head_get(head, SPAN("origin")));
        return;
    }
    const struct http_peer peer = gate_peer(g);
    g->request = http_request_create(g, g->server, head, head_bytes, &peer);
    g->left = head->content_length > 0 ? (size_t)head->content_length : 0;
    gate_set_state(g, GATE_BODY);
    (void)evbuffer_drain(gate_input(g), head_bytes.len);
    if (head->expect_continue && (g->left > 0 || head->chunked) &&
        evbuffer_get_length(gate_input(g)) == 0) {
        gate_send(g, SPAN("HTTP/1.1 100 Continue\r\n\r\n"), (struct span){0});
    }
}

static bool read_head(struct gate *g)
{
    const struct http_head_limits *limits = &g->server->head_limits;
    struct span in =
        span_of(evbuffer_pullup(gate_input(g), -1), evbuffer_get_length(gate_input(g)));
    size_t looked_at = in.len < limits->head_bytes_max ? in.len : limits->head_bytes_max;
    struct http_head head;
    int len = http_head_parse(in.data, looked_at, g->scanned, limits, &head);

    if (len == 0) {
        g->scanned = looked_at;
        return false;
    }
    if (len < 0) {
        gate_refuse(g, http_error_status(len), SPAN(""));
    } else if (http_upgrade_wanted(&head)) {
        take_upgrade(g, &head, in, (size_t)len);
    } else {
        take_request(g, &head, span_of(in.data, (size_t)len));
    }
    return true;
}

static void dispatch(struct gate *g)
{
    gate_handshake_done(g);
    executor_timer_stop(gate_executor(g), &g->deadline);
    gate_set_state(g, GATE_HELD);
    gate_count(g, STAT_REQUESTS);
    http_request_dispatch(g->request);
}

/* Is the body there with this? */
static bool read_sized(struct gate *g)
{
    struct bytes *body = &g->request->body;
    size_t n = evbuffer_get_length(gate_input(g));

    n = n < g->left ? n : g->left;
    if (n > 0) {
        (void)evbuffer_remove(gate_input(g), bytes_reserve(body, n), n);
        body->len += n;
        g->left -= n;
    }
    return g->left == 0;
}

/* The same; or it is refused. */
static bool read_chunked(struct gate *g)
{
    struct http_request *r = g->request;

    for (size_t n; (n = evbuffer_get_contiguous_space(gate_input(g))) > 0;) {
        int taken = http_chunked_feed(&r->chunked, evbuffer_pullup(gate_input(g), (ev_ssize_t)n), n,
                                      &r->body, g->server->limits->body_bytes_max);
        if (taken < 0) {
            gate_refuse(g, http_chunked_error_status(taken), http_exchange_field(&r->x, "Origin"));
            return false;
        }
        (void)evbuffer_drain(gate_input(g), (size_t)taken);
        if (http_chunked_done(&r->chunked)) {
            return true;
        }
    }
    return false;
}

static bool read_body(struct gate *g)
{
    bool whole = g->request->is_chunked ? read_chunked(g) : read_sized(g);

    if (whole) {
        dispatch(g);
    } else if (g->state == GATE_BODY) {
        http_request_announce(g->request);
    }
    return whole;
}

static bool step(struct gate *g)
{
    switch ((enum gate_state)g->state) {
    case GATE_WAIT:
        return begin_request(g);
    case GATE_HEAD:
        return read_head(g);
    case GATE_BODY:
        return read_body(g);
    case GATE_HELD:
    case GATE_SEND:
    case GATE_LINGER:
    case GATE_CLOSED:
    case GATE_PREFACE:
        return false;
    }
    return false;
}

static void bound_input(struct gate *g)
{
    if (!g->paused && evbuffer_get_length(gate_input(g)) > PIPELINE_BYTES_MAX) {
        g->paused = true;
        (void)bufferevent_disable(g->evhtp->bev, EV_READ);
    }
}

void gate_read_on(struct gate *g)
{
    g->reading = true;
    while (step(g)) {
    }
    g->reading = false;
    if (g->state == GATE_HELD || g->state == GATE_SEND) {
        bound_input(g);
    } else if (g->half_closed) {
        gate_close(g); /* the rest of the next request will never come */
    }
}
