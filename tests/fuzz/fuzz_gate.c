/* The gate on a real connection: whatever a client sends, its answers are HTTP, they do not depend
 * on how the network cuts the input, and when the client has gone nothing is left.
 *
 * Input: a seed for the cuts, then what the client sends. */
// SPDX-License-Identifier: MIT
#include <assert.h>
#include <stdio.h>

#include "protocol/http_head.h"
#include "src/net/http_server.h"
#include "tests/support/tcp_client.h"

enum { PATIENCE_TURNS = 5000, CUTS_MAX = 40 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct loop loop;
static struct http_server *server;
static unsigned port;
static _Atomic unsigned connections;

static const struct http_limits limits = {
    .head_bytes_max = 1000,
    .body_bytes_max = 100,
    .handshakes_max = 4,
    .request_timeout_ms = 60 * 1000,
    .idle_timeout_ms = 60 * 1000,
};

static void echo(struct http_exchange *x, void *arg)
{
    struct http_field field = {"X-Path", x->path};
    http_respond(x, 200, &field, 1, x->body);
}

static void upgrade(struct http_upgrade *u, void *arg)
{
    (void)!send(u->fd, "upgraded", 8, MSG_NOSIGNAL);
    bytes_finish(&u->head);
    bytes_finish(&u->early);
    (void)close(u->fd);
    http_connection_closed(&connections);
}

static const struct http_route routes[] = {
    {.path = "/ws", .handler = echo, .on_upgrade = upgrade},
    {.path = "/", .is_prefix = true, .handler = echo},
};

static void set_up(void)
{
    int error = loop_init(&loop, 0);
    assert(error == 0);
    server = http_server_create(&loop, &limits, routes, 2, &connections);
    int fd = http_listen_socket("127.0.0.1", &port);
    assert(fd >= 0);
    error = http_server_accept(server, fd);
    assert(error == 0);
}

static unsigned turns_left;

static void count_turn(struct task *task)
{
    if (--turns_left == 0) {
        loop_stop(&loop);
    } else {
        executor_post(&loop.executor, task);
    }
}

static void run_turns(unsigned n)
{
    static struct task task = {.run = count_turn};

    turns_left = n;
    executor_post(&loop.executor, &task);
    loop_run(&loop);
    atomic_store(&loop.stopping, false);
}

static void receive_all(struct tcp_client *c)
{
    while (tcp_receive(c, 0)) {
    }
}

static bool ended(const struct tcp_client *c)
{
    return c->closed || c->reset;
}

static bool nothing_left(const struct tcp_client *c)
{
    return server->gates.first == NULL && atomic_load(&connections) == 0;
}

/* The network takes a moment now and then, though mostly none. */
static void run_until(bool (*done)(const struct tcp_client *c), struct tcp_client *c)
{
    for (int i = 0; !done(c) && i < PATIENCE_TURNS; i++) {
        run_turns(1);
        receive_all(c);
        if (i > 10) {
            (void)usleep(1000);
        }
    }
    assert(done(c));
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 16;
}

/* Sends s, in pieces of up to piece_max bytes, then the end; all that comes back is in c->in. */
static void converse(struct tcp_client *c, struct span s, size_t piece_max, uint32_t seed)
{
    const struct linger at_once = {.l_onoff = 1};

    c->fd = tcp_connect(port);
    assert(c->fd >= 0);
    c->len = 0;
    c->closed = c->reset = false;
    for (size_t at = 0, n; at < s.len; at += n) {
        n = 1 + next_random(&seed) % piece_max;
        n = n < s.len - at ? n : s.len - at;
        (void)tcp_send(c, (const char *)s.data + at, n);
        run_turns(2);
        receive_all(c);
    }
    (void)shutdown(c->fd, SHUT_WR);
    run_until(ended, c);
    (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    (void)close(c->fd);
    run_until(nothing_left, c);
    assert(server->handshakes == 0 && server->lingering == 0);
}

/* Each answer is one, but for what a WebSocket or the end of a HEAD's answer is. */
static void check_answers(const struct tcp_client *c)
{
    const struct http_head_limits any = {1 << 20, 1 << 20, HTTP_HEADERS_MAX};
    struct http_head head;

    if (c->len > 0 && c->in[0] == 'H') {
        int n = http_head_parse_response((const uint8_t *)c->in, c->len, 0, &any, &head);
        assert(n > 0);
    }
}

static void replace(struct tcp_client *c, struct span what, struct span by)
{
    for (char *at; (at = memmem(c->in, c->len, what.data, what.len)) != NULL;) {
        size_t behind = c->len - (size_t)(at - c->in) - what.len;
        memmove(at + by.len, at + what.len, behind);
        if (by.len != 0) {
            memcpy(at, by.data, by.len);
        }
        c->len -= what.len - by.len;
    }
}

/* What may depend on the cuts: a 100 is sent only where the body has not come yet; and of a head
 * that is both malformed and too long, the fault that is complete first is the one that is
 * answered. */
static void make_comparable(struct tcp_client *c)
{
    const struct span malformed = SPAN("HTTP/1.1 400 Bad Request\r\n");

    replace(c, SPAN("HTTP/1.1 100 Continue\r\n\r\n"), (struct span){0});
    replace(c, SPAN("HTTP/1.1 414 URI Too Long\r\n"), malformed);
    replace(c, SPAN("HTTP/1.1 431 Request Header Fields Too Large\r\n"), malformed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct tcp_client whole, cut;

    if (server == NULL) {
        set_up();
        whole.in = calloc(1, TCP_INPUT_BYTES + 1);
        cut.in = calloc(1, TCP_INPUT_BYTES + 1);
    }
    if (len < 2 || len > 16 * 1024) {
        return 0;
    }
    struct span s = span_of(data + 1, len - 1);
    converse(&whole, s, s.len, 0);
    converse(&cut, s, 1 + s.len * 2 / CUTS_MAX, data[0]);
    check_answers(&whole);
    make_comparable(&whole);
    make_comparable(&cut);
    assert(whole.len == cut.len && memcmp(whole.in, cut.in, whole.len) == 0);
    return 0;
}
