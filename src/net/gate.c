// SPDX-License-Identifier: MIT
#include "src/net/gate.h"

#include <assert.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/bufferevent_ssl.h>

#include "src/base/list.h"
#include "src/base/memory.h"
#include "src/net/gate_internal.h"
#include "src/net/tls.h"

#define TO(state) (1U << GATE_##state)

/* From GATE_WAIT straight to GATE_HELD goes a connection that is turned away. */
static const unsigned moves[] = {
    [GATE_WAIT] = TO(HEAD) | TO(HELD) | TO(CLOSED),
    [GATE_HEAD] = TO(BODY) | TO(HELD) | TO(CLOSED),
    [GATE_BODY] = TO(HELD) | TO(CLOSED),
    [GATE_HELD] = TO(SEND) | TO(CLOSED),
    [GATE_SEND] = TO(WAIT) | TO(LINGER) | TO(CLOSED),
    [GATE_LINGER] = TO(CLOSED),
    [GATE_CLOSED] = 0,
    [GATE_PREFACE] = TO(WAIT) | TO(CLOSED),
};

void gate_set_state(struct gate *g, enum gate_state to)
{
    assert((moves[g->state] >> to & 1) != 0);
    g->state = (uint8_t)to;
}

SSL *gate_ssl(const struct gate *g)
{
    return g->evhtp->bev == NULL ? NULL : bufferevent_openssl_get_ssl(g->evhtp->bev);
}

static size_t unsent(const struct gate *g)
{
    return evbuffer_get_length(bufferevent_get_output(g->evhtp->bev));
}

/* How long the oldest of those whose first request has not come may still take its time, should
 * its place be wanted. */
static uint64_t grace_left_ms(const struct http_server *s)
{
    const struct gate *oldest = container_of(s->fresh.first, struct gate, place);
    uint64_t ends_ms = oldest->accepted_ms + HANDSHAKE_GRACE_MS, now_ms = s->loop->executor.now_ms;

    return ends_ms > now_ms ? ends_ms - now_ms : 0;
}

/* Accepts no one else while every place is taken and nobody can be asked to make room. */
static void mind_places(struct http_server *s)
{
    uint64_t wait_ms = s->handshakes < s->limits->handshakes_max ? 0 : grace_left_ms(s);

    if (wait_ms > 0) {
        acceptor_pause_handshakes(&s->acceptor, wait_ms);
    } else {
        acceptor_resume_handshakes(&s->acceptor);
    }
}

void gate_handshake_done(struct gate *g)
{
    struct http_server *s = g->server;

    if (!g->fresh) {
        return;
    }
    g->fresh = false;
    list_queue_remove(&s->fresh, &g->place);
    if (s->handshakes-- >= s->limits->handshakes_max) {
        mind_places(s);
    }
}

static void uncount(struct gate *g)
{
    gate_handshake_done(g);
    if (g->counted) {
        http_connection_closed(g->server->connections);
    }
    g->counted = false;
    g->server->lingering -= g->state == GATE_LINGER;
}

/* A request that is not whole is the gate's; any other is its handler's. */
static void lose_request(struct gate *g, enum gate_state in)
{
    struct http_request *r = g->request;

    if (r == NULL) {
        return;
    }
    g->request = NULL;
    r->gate = NULL;
    if (r->x.on_gone != NULL) {
        r->x.on_gone(&r->x);
    }
    if (in == GATE_BODY) {
        http_request_destroy(r);
    }
}

void gate_close(struct gate *g)
{
    enum gate_state was = g->state;

    if (was == GATE_CLOSED) {
        return;
    }
    uncount(g);
    gate_preface_end(g);
    gate_set_state(g, GATE_CLOSED);
    executor_timer_stop(gate_executor(g), &g->deadline);
    executor_at_turn_end(gate_executor(g), &g->later, TURN_FLUSH);
    if (g->evhtp->bev != NULL) {
        bufferevent_setcb(g->evhtp->bev, NULL, NULL, NULL, NULL);
        (void)bufferevent_disable(g->evhtp->bev, EV_READ | EV_WRITE);
    }
    lose_request(g, was);
}

void gate_abort(struct gate *g)
{
    g->request = NULL;
    gate_close(g);
}

static void free_gate(struct gate *g)
{
    SSL *ssl = gate_ssl(g);
    int fd = ssl == NULL ? -1 : bufferevent_getfd(g->evhtp->bev);

    assert(g->state == GATE_CLOSED);
    list_remove(&g->node);
    evhtp_connection_free(g->evhtp);
    if (ssl != NULL) {
        tls_say_goodbye(ssl);
        tls_free(ssl);
        (void)close(fd);
    }
    free(g);
}

void gate_destroy(struct gate *g)
{
    gate_close(g);
    executor_cancel_hook(gate_executor(g), &g->later);
    free_gate(g);
}

/* What comes after the answer. */

static void linger(struct gate *g)
{
    struct http_server *s = g->server;

    (void)evbuffer_drain(gate_input(g), SIZE_MAX);
    if (g->half_closed || s->lingering >= s->limits->handshakes_max) {
        gate_close(g);
        return;
    }
    gate_set_state(g, GATE_LINGER);
    s->lingering++;
    if (gate_ssl(g) != NULL) {
        tls_say_goodbye(gate_ssl(g));
    }
    (void)shutdown(bufferevent_getfd(g->evhtp->bev), SHUT_WR);
    (void)bufferevent_enable(g->evhtp->bev, EV_READ);
    gate_set_deadline(g, LINGER_MS);
}

static void answered(struct gate *g)
{
    if (!g->keep_alive) {
        linger(g);
        return;
    }
    gate_set_state(g, GATE_WAIT);
    gate_set_deadline(g, g->server->limits->idle_timeout_ms);
    if (g->paused) {
        g->paused = false;
        (void)bufferevent_enable(g->evhtp->bev, EV_READ);
    }
    /* Not here: whoever has answered does not expect the next request from within. */
    if (!g->reading && (evbuffer_get_length(gate_input(g)) > 0 || g->half_closed)) {
        executor_at_turn_end(gate_executor(g), &g->later, TURN_SEAL);
    }
}

/* What the socket takes at once goes there without libevent, which would wait until it is writable,
 * for two epoll_ctl and an epoll_wait more. */
static size_t send_now(struct gate *g, struct span head, struct span body)
{
    struct iovec parts[] = {
        {.iov_base = (void *)(uintptr_t)head.data, .iov_len = head.len},
        {.iov_base = (void *)(uintptr_t)body.data, .iov_len = body.len},
    };
    const struct msghdr message = {.msg_iov = parts, .msg_iovlen = body.len == 0 ? 1 : 2};
    ssize_t n = sendmsg(bufferevent_getfd(g->evhtp->bev), &message, MSG_NOSIGNAL);

    return n < 0 ? 0 : (size_t)n;
}

/* If the connection is broken, the bufferevent will find that out. */
void gate_send(struct gate *g, struct span head, struct span body)
{
    struct bufferevent *bev = g->evhtp->bev;
    size_t sent = unsent(g) == 0 && gate_ssl(g) == NULL ? send_now(g, head, body) : 0;

    if (sent < head.len) {
        (void)bufferevent_write(bev, head.data + sent, head.len - sent);
        sent = head.len;
    }
    sent -= head.len;
    if (sent < body.len) {
        (void)bufferevent_write(bev, body.data + sent, body.len - sent);
    }
}

void gate_answer(struct gate *g, struct span head, struct span body, bool keep_alive)
{
    g->request = NULL;
    g->keep_alive = keep_alive;
    gate_set_state(g, GATE_SEND);
    gate_send(g, head, body);
    g->left = unsent(g);
    if (g->left == 0) {
        answered(g);
    } else {
        gate_set_deadline(g, g->server->limits->request_timeout_ms);
    }
}

void gate_refuse(struct gate *g, int status, struct span origin)
{
    struct bytes kept = {0}; /* the request goes, and what is slices of it */

    bytes_add_span(&kept, origin);
    gate_count(g, STAT_REQUESTS_REFUSED);
    lose_request(g, g->state);
    gate_handshake_done(g);
    executor_timer_stop(gate_executor(g), &g->deadline);
    gate_set_state(g, GATE_HELD);
    gate_answer(g, http_refusal(g->server, status, bytes_span(&kept)), (struct span){0}, false);
    bytes_finish(&kept);
}

/* What libevent and the executor call. */

static struct span origin_of(const struct gate *g)
{
    return g->request == NULL ? SPAN("") : http_exchange_field(&g->request->x, "Origin");
}

static void on_input(struct bufferevent *bev, void *arg)
{
    struct gate *g = arg;

    loop_tick(g->server->loop);
    if (g->state == GATE_LINGER) {
        (void)evbuffer_drain(gate_input(g), SIZE_MAX);
    } else {
        gate_read_on(g);
    }
}

static void on_output_sent(struct bufferevent *bev, void *arg)
{
    struct gate *g = arg;

    loop_tick(g->server->loop);
    if (g->state == GATE_SEND) {
        answered(g);
    }
}

static void on_end(struct bufferevent *bev, short what, void *arg)
{
    struct gate *g = arg;

    loop_tick(g->server->loop);
    g->half_closed = true;
    if ((what & BEV_EVENT_EOF) == 0 || g->state == GATE_LINGER ||
        (g->state == GATE_HELD && g->request->x.on_gone != NULL)) {
        gate_close(g);
    } else if (gate_ssl(g) != NULL) {
        /* What has come with the end is put into the input only behind this call. */
        executor_at_turn_end(gate_executor(g), &g->later, TURN_SEAL);
    } else {
        gate_read_on(g);
    }
}

/* A client that takes its answer in crumbs holds memory of ours. */
static void check_progress(struct gate *g)
{
    size_t left = unsent(g);

    if (g->left - left < SEND_BYTES_MIN) {
        gate_close(g);
        return;
    }
    g->left = left;
    gate_set_deadline(g, g->server->limits->request_timeout_ms);
}

static void on_deadline(struct timer *timer)
{
    struct gate *g = container_of(timer, struct gate, deadline);

    switch ((enum gate_state)g->state) {
    case GATE_HEAD:
    case GATE_BODY:
        gate_count(g, STAT_REQUESTS_TIMED_OUT);
        gate_refuse(g, 408, origin_of(g));
        return;
    case GATE_SEND:
        check_progress(g);
        return;
    case GATE_PREFACE:
        gate_count(g, STAT_REQUESTS_TIMED_OUT);
        gate_close(g);
        return;
    case GATE_WAIT:
    case GATE_LINGER:
        gate_close(g);
        return;
    case GATE_HELD:
    case GATE_CLOSED:
        assert(!"no deadline in this state");
    }
}

static void on_later(struct turn_hook *hook)
{
    struct gate *g = container_of(hook, struct gate, later);

    if (g->state == GATE_CLOSED) {
        free_gate(g);
    } else {
        gate_read_on(g);
    }
}

void gate_listen_to(struct gate *g, struct bufferevent *bev)
{
    g->evhtp->bev = bev;
    bufferevent_setcb(bev, on_input, on_output_sent, on_end, g);
}

static struct gate *new_gate(struct http_server *s, evhtp_connection_t *c)
{
    struct gate *g = xcalloc(1, sizeof *g);

    free(c->parser);
    c->parser = NULL;
    g->server = s;
    g->evhtp = c;
    g->deadline.fire = on_deadline;
    g->later.run = on_later;
    list_add(&s->gates, &g->node);
    gate_listen_to(g, c->bev);
    return g;
}

/* The input buffer is libevent's to append to, which is what freezing it says. */
static void put_back(struct gate *g, struct span early)
{
    (void)evbuffer_unfreeze(gate_input(g), 0);
    (void)evbuffer_add(gate_input(g), early.data, early.len);
    (void)evbuffer_freeze(gate_input(g), 0);
}

static void begin_handshake(struct gate *g)
{
    struct http_server *s = g->server;

    g->fresh = true;
    g->accepted_ms = s->loop->executor.now_ms;
    list_queue_add(&s->fresh, &g->place);
    s->handshakes++;
}

static void crowd_out(struct gate *g)
{
    gate_count(g, STAT_REQUESTS_CROWDED_OUT);
    if (g->state == GATE_WAIT || g->state == GATE_PREFACE) {
        gate_close(g);
    } else {
        gate_refuse(g, 408, origin_of(g));
    }
}

static struct gate *counted_gate(struct http_server *s, evhtp_connection_t *c)
{
    struct gate *g = new_gate(s, c);

    g->counted = true;
    begin_handshake(g);
    gate_set_deadline(g, s->limits->request_timeout_ms);
    return g;
}

static void make_room(struct http_server *s)
{
    if (s->handshakes > s->limits->handshakes_max) {
        crowd_out(container_of(s->fresh.first, struct gate, place));
    } else if (s->handshakes == s->limits->handshakes_max) {
        mind_places(s);
    }
}

void gate_create(struct http_server *s, evhtp_connection_t *c, struct span early)
{
    struct gate *g = counted_gate(s, c);

    if (early.len > 0) {
        put_back(g, early);
        gate_read_on(g);
    }
    make_room(s);
}

void gate_create_prefaced(struct http_server *s, evhtp_connection_t *c,
                          const struct http_port *port)
{
    gate_preface_begin(counted_gate(s, c), port);
    make_room(s);
}

void gate_turn_away(struct http_server *s, evhtp_connection_t *c)
{
    struct gate *g = new_gate(s, c);

    gate_count(g, STAT_CONNECTIONS_REFUSED);
    gate_refuse(g, 503, SPAN(""));
}

bool gate_busy(const struct gate *g)
{
    return g->state != GATE_WAIT && g->state != GATE_LINGER && g->state != GATE_CLOSED &&
           g->state != GATE_PREFACE;
}

void gate_retire(struct gate *g)
{
    if (g->state == GATE_WAIT || g->state == GATE_PREFACE) {
        gate_close(g);
    }
    g->keep_alive = false;
}

static struct gate *of_node(struct list_node *node)
{
    return node == NULL ? NULL : container_of(node, struct gate, node);
}

struct gate *gate_first(const struct http_server *s)
{
    return of_node(s->gates.first);
}

struct gate *gate_next(const struct gate *g)
{
    return of_node(g->node.next);
}
