/* WebSockets for sessions of other nodes: bytes both ways, as they are. */
// SPDX-License-Identifier: MIT
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>

#include "src/base/memory.h"
#include "src/base/stats.h"
#include "src/net/peers_internal.h"
#include "src/net/tls.h"

/* Until the node has answered, nothing is read from the client, and it can still be declined. */
struct peer_tunnel {
    struct list_node node;
    struct peer_loop *pl;
    struct stream stream;
    struct timer timer; /* until the node is looked for again, until the answer; or until the second
                         * half is closed */
    struct peer_search search;
    struct http_upgrade upgrade;
    http_upgrade_fn decline;
    void *arg;
    struct bufferevent *client; /* NULL until the node has answered */
    bool node_gone;
    bool full; /* the node does not take what the client sends */
};

static struct executor *executor_of(const struct peer_tunnel *t)
{
    return &t->pl->loop->executor;
}

static size_t unsent(const struct peer_tunnel *t)
{
    return evbuffer_get_length(bufferevent_get_output(t->client));
}

/* ---- the end ---- */

static void destroy(struct peer_tunnel *t)
{
    list_remove(&t->node);
    t->pl->count--;
    peer_search_end(t->pl, &t->search);
    executor_timer_stop(executor_of(t), &t->timer);
    stream_close(&t->stream);
    if (t->client != NULL) {
        bufferevent_free(t->client);
    }
    if (t->upgrade.fd >= 0) {
        if (t->client == NULL) {
            http_upgrade_end(&t->upgrade, (struct span){0});
        }
        http_connection_closed(t->pl->peers->options.connections);
        bytes_finish(&t->upgrade.head);
        bytes_finish(&t->upgrade.early);
    }
    free(t);
}

static void give_up(struct peer_tunnel *t)
{
    struct http_upgrade upgrade = t->upgrade;
    http_upgrade_fn decline = t->decline;
    void *arg = t->arg;

    stats_add(&t->pl->loop->stats, STAT_PASS_FAILED, 1);
    t->upgrade.fd = -1;
    destroy(t);
    decline(&upgrade, arg);
}

static void dial(struct peer_tunnel *t, const struct peer_address *to)
{
    executor_timer_start(executor_of(t), &t->timer, t->pl->peers->options.answer_timeout_ms);
    peer_dial(t->pl, &t->stream, to);
}

static void look_again(struct peer_tunnel *t)
{
    struct peer_address to;

    switch (peer_search_go_on(t->pl, &t->search, &t->timer, &to)) {
    case PEER_NONE:
        give_up(t);
        break;
    case PEER_SOUGHT:
        break;
    case PEER_FOUND:
        dial(t, &to);
        break;
    }
}

static void on_timer(struct timer *timer)
{
    struct peer_tunnel *t = container_of(timer, struct peer_tunnel, timer);

    if (t->search.node != 0) {
        look_again(t);
    } else if (t->client == NULL) {
        give_up(t);
    } else {
        destroy(t);
    }
}

static void await_second_half(struct peer_tunnel *t)
{
    executor_timer_start(executor_of(t), &t->timer, t->pl->peers->options.close_timeout_ms);
}

/* ---- the client's side ---- */

/* Tells the client that nothing follows. */
static void shut(struct peer_tunnel *t)
{
    if (t->upgrade.ssl != NULL) {
        tls_say_goodbye(t->upgrade.ssl);
    }
    (void)shutdown(bufferevent_getfd(t->client), SHUT_WR);
}

static void on_input(struct bufferevent *bev, void *arg)
{
    struct peer_tunnel *t = arg;
    struct evbuffer *in = bufferevent_get_input(bev);

    loop_tick(t->pl->loop);
    for (size_t n; (n = evbuffer_get_contiguous_space(in)) > 0;) {
        stream_send(&t->stream, span_of(evbuffer_pullup(in, (ev_ssize_t)n), n));
        (void)evbuffer_drain(in, n);
    }
    if (stream_unsent(&t->stream) > PEER_TUNNEL_BYTES_MAX) {
        t->full = true;
        (void)bufferevent_disable(bev, EV_READ);
    }
}

static void on_output_sent(struct bufferevent *bev, void *arg)
{
    struct peer_tunnel *t = arg;

    loop_tick(t->pl->loop);
    if (t->node_gone) {
        shut(t);
        destroy(t);
    } else {
        stream_hold(&t->stream, false);
    }
}

static void on_end(struct bufferevent *bev, short what, void *arg)
{
    struct peer_tunnel *t = arg;

    loop_tick(t->pl->loop);
    if ((what & BEV_EVENT_EOF) == 0 || t->node_gone) {
        destroy(t);
    } else {
        (void)bufferevent_disable(bev, EV_READ);
        stream_finish(&t->stream);
        await_second_half(t);
    }
}

static void write_to_client(struct peer_tunnel *t, struct span data)
{
    bool at_once = unsent(t) == 0 && t->upgrade.ssl == NULL;
    ssize_t n = at_once ? send(bufferevent_getfd(t->client), data.data, data.len, MSG_NOSIGNAL) : 0;
    size_t sent = n < 0 ? 0 : (size_t)n;

    if (sent < data.len) {
        (void)bufferevent_write(t->client, data.data + sent, data.len - sent);
    }
}

/* ---- the node's side ---- */

static void on_open(struct stream *s)
{
    struct peer_tunnel *t = container_of(s, struct peer_tunnel, stream);
    const struct peer_request r = {
        .head = bytes_span(&t->upgrade.head),
        .address = t->upgrade.address,
        .secure = t->upgrade.secure,
        .upgrade = true,
    };
    struct bytes text = {0};

    peer_write_head(t->pl, &r, &text);
    bytes_add_span(&text, bytes_span(&t->upgrade.early));
    stream_send(s, bytes_span(&text));
    bytes_finish(&text);
}

static struct bufferevent *client_of(const struct peer_tunnel *t)
{
    struct event_base *base = t->pl->loop->base;

    if (t->upgrade.ssl == NULL) {
        return xnonnull(bufferevent_socket_new(base, t->upgrade.fd, BEV_OPT_CLOSE_ON_FREE));
    }
    struct bufferevent *bev = xnonnull(bufferevent_openssl_socket_new(
        base, t->upgrade.fd, t->upgrade.ssl, BUFFEREVENT_SSL_OPEN, BEV_OPT_CLOSE_ON_FREE));
    bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
    return bev;
}

static void start_client(struct peer_tunnel *t)
{
    executor_timer_stop(executor_of(t), &t->timer);
    stats_add(&t->pl->loop->stats, STAT_PASSED_TUNNELS, 1);
    bytes_finish(&t->upgrade.head);
    bytes_finish(&t->upgrade.early);
    t->client = client_of(t);
    bufferevent_setcb(t->client, on_input, on_output_sent, on_end, t);
    (void)bufferevent_enable(t->client, EV_READ | EV_WRITE);
}

static void on_data(struct stream *s, struct span data)
{
    struct peer_tunnel *t = container_of(s, struct peer_tunnel, stream);

    if (t->client == NULL) {
        start_client(t);
    }
    write_to_client(t, data);
    if (unsent(t) > PEER_TUNNEL_BYTES_MAX) {
        stream_hold(s, true);
    }
}

static void on_sent(struct stream *s)
{
    struct peer_tunnel *t = container_of(s, struct peer_tunnel, stream);

    if (t->full) {
        t->full = false;
        (void)bufferevent_enable(t->client, EV_READ);
    }
}

static void on_close(struct stream *s, const char *why)
{
    struct peer_tunnel *t = container_of(s, struct peer_tunnel, stream);

    if (t->client == NULL) {
        give_up(t);
        return;
    }
    t->node_gone = true;
    (void)bufferevent_disable(t->client, EV_READ);
    if (unsent(t) > 0) {
        await_second_half(t);
    } else {
        shut(t);
        destroy(t);
    }
}

static const struct stream_handlers handlers = {
    .on_open = on_open, .on_data = on_data, .on_close = on_close, .on_sent = on_sent};

/* ---- all of them ---- */

void peers_tunnel(struct peers *p, unsigned node, struct http_upgrade *u, http_upgrade_fn decline,
                  void *arg)
{
    struct peer_loop *pl = peer_loop_of(p, u->executor);
    struct peer_address to;
    enum peer_found found = peer_find(pl, node, &to);

    if (found == PEER_NONE) {
        stats_add(&pl->loop->stats, STAT_PASS_FAILED, 1);
        decline(u, arg);
        return;
    }
    struct peer_tunnel *t = xcalloc(1, sizeof *t);
    t->pl = pl;
    t->stream.handlers = &handlers;
    t->timer.fire = on_timer;
    t->upgrade = *u;
    t->decline = decline;
    t->arg = arg;
    pl->count++;
    list_add(&pl->tunnels, &t->node);
    if (found == PEER_FOUND) {
        dial(t, &to);
    } else {
        peer_search_start(pl, &t->search, node, &t->timer);
    }
}

void peer_tunnels_close(struct peer_loop *pl)
{
    while (pl->tunnels.first != NULL) {
        destroy(container_of(pl->tunnels.first, struct peer_tunnel, node));
    }
}
