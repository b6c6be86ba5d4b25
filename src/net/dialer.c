// SPDX-License-Identifier: MIT
#include "src/net/dialer.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>

#include "src/base/memory.h"
#include "src/net/dialer_internal.h"

static struct dialled *of_stream(const struct stream *s)
{
    return s->connection;
}

static struct executor *executor_of(const struct dialled *d)
{
    return &d->dialer->loop->executor;
}

static struct evbuffer *output_of(const struct dialled *d)
{
    return bufferevent_get_output(d->bev);
}

static size_t unsent_bytes(const struct dialled *d)
{
    return d->out.len + (d->bev == NULL ? 0 : evbuffer_get_length(output_of(d)));
}

/* ---- the end ---- */

static void drop_attempt(struct dialled *d)
{
    if (d->fd >= 0) {
        (void)event_del(&d->connecting);
        (void)close(d->fd);
        d->fd = -1;
    }
}

/* Stops all that could still call back; the bufferevent itself may be on the stack. */
static void silence(struct dialled *d)
{
    dialled_cancel_lookup(d);
    drop_attempt(d);
    executor_cancel_hook(executor_of(d), &d->flush);
    executor_cancel_hook(executor_of(d), &d->resume);
    executor_timer_stop(executor_of(d), &d->timer);
    if (d->bev != NULL) {
        bufferevent_setcb(d->bev, NULL, NULL, NULL, NULL);
        (void)bufferevent_disable(d->bev, EV_READ | EV_WRITE);
    }
}

static void destroy(struct dialled *d)
{
    silence(d);
    if (d->bev != NULL) {
        if (d->phase == DIAL_OPEN || d->phase == DIAL_LINGER) {
            dialled_end_tls(d, true);
        }
        bufferevent_free(d->bev);
    }
    if (d->addresses != NULL) {
        evutil_freeaddrinfo(d->addresses);
    }
    list_remove(&d->node);
    bytes_finish(&d->out);
    free((void *)(uintptr_t)d->peer.host);
    free((void *)(uintptr_t)d->peer.ca_file);
    free((void *)(uintptr_t)d->peer.server_name);
    free(d);
}

void dialled_fail(struct dialled *d, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(d->why, sizeof d->why, format, args);
    va_end(args);
    silence(d);
    d->phase = DIAL_FAILED;
    executor_timer_start(executor_of(d), &d->timer, 0);
}

static void report_failure(struct dialled *d)
{
    struct stream *s = d->stream;

    if (s != NULL) {
        s->connection = NULL;
        s->handlers->on_close(s, d->why);
    }
    destroy(d);
}

/* ---- handlers of the owner ---- */

static void let_go(struct dialled *d)
{
    if (d->phase != DIAL_OPEN || unsent_bytes(d) == 0) {
        destroy(d);
        return;
    }
    d->phase = DIAL_LINGER;
    executor_at_turn_end(executor_of(d), &d->flush, TURN_FLUSH);
    executor_timer_start(executor_of(d), &d->timer, DIALER_LINGER_MS);
    (void)bufferevent_enable(d->bev, EV_READ);
}

static void begin_call(struct dialled *d)
{
    d->calling = true;
}

/* False: the owner has closed it. */
static bool end_call(struct dialled *d)
{
    d->calling = false;
    if (d->stream == NULL && d->phase != DIAL_FAILED) {
        let_go(d);
        return false;
    }
    return true;
}

static void tell_data(struct dialled *d)
{
    struct evbuffer *in = bufferevent_get_input(d->bev);

    begin_call(d);
    for (size_t n; d->stream != NULL && !d->held && d->phase == DIAL_OPEN &&
                   (n = evbuffer_get_contiguous_space(in)) > 0;) {
        d->stream->handlers->on_data(d->stream, span_of(evbuffer_pullup(in, (ev_ssize_t)n), n));
        (void)evbuffer_drain(in, n);
    }
    (void)end_call(d);
}

static void on_resume(struct turn_hook *hook)
{
    struct dialled *d = container_of(hook, struct dialled, resume);

    if (d->phase == DIAL_OPEN) {
        tell_data(d);
    }
}

/* ---- sending ---- */

static void all_sent(struct dialled *d)
{
    if (d->phase == DIAL_LINGER) {
        destroy(d);
        return;
    }
    if (d->finishing) {
        dialled_end_tls(d, false);
        (void)shutdown(bufferevent_getfd(d->bev), SHUT_WR);
    }
    if (d->phase == DIAL_OPEN && d->stream->handlers->on_sent != NULL) {
        begin_call(d);
        d->stream->handlers->on_sent(d->stream);
        (void)end_call(d);
    }
}

/* What the socket takes at once goes there without libevent, which would wait until it is writable.
 * If the connection is broken, the bufferevent will find that out. */
static size_t send_now(const struct dialled *d)
{
    if (d->peer.tls || evbuffer_get_length(output_of(d)) > 0) {
        return 0;
    }
    ssize_t n = send(bufferevent_getfd(d->bev), d->out.data, d->out.len, MSG_NOSIGNAL);
    return n < 0 ? 0 : (size_t)n;
}

static void on_flush(struct turn_hook *hook)
{
    struct dialled *d = container_of(hook, struct dialled, flush);

    if (d->out.len > 0) {
        size_t sent = send_now(d);
        if (sent < d->out.len) {
            (void)bufferevent_write(d->bev, d->out.data + sent, d->out.len - sent);
        }
        bytes_clear(&d->out);
    }
    if (d->phase != DIAL_FAILED && unsent_bytes(d) == 0) {
        all_sent(d);
    }
}

/* ---- what libevent calls ---- */

static void on_input(struct bufferevent *bev, void *arg)
{
    struct dialled *d = arg;

    loop_tick(d->dialer->loop);
    if (d->phase == DIAL_LINGER) {
        (void)evbuffer_drain(bufferevent_get_input(bev), SIZE_MAX);
    } else {
        tell_data(d);
    }
}

static void on_written(struct bufferevent *bev, void *arg)
{
    struct dialled *d = arg;

    loop_tick(d->dialer->loop);
    if ((d->phase == DIAL_OPEN || d->phase == DIAL_LINGER) && unsent_bytes(d) == 0) {
        all_sent(d);
    }
}

static void opened(struct dialled *d)
{
    d->phase = DIAL_OPEN;
    executor_timer_stop(executor_of(d), &d->timer);
    (void)bufferevent_enable(d->bev, EV_READ | EV_WRITE);
    begin_call(d);
    d->stream->handlers->on_open(d->stream);
    (void)end_call(d);
}

static void connection_lost(struct dialled *d, short what)
{
    char text[128];

    if ((what & BEV_EVENT_EOF) != 0) {
        dialled_fail(d, "closed by the other side");
    } else if (d->peer.tls && bufferevent_get_openssl_error(d->bev) != 0) {
        dialled_tls_failed(d);
    } else {
        dialled_fail(d, "the connection is broken: %s",
                     strerror_r(EVUTIL_SOCKET_ERROR(), text, sizeof text));
    }
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
    struct dialled *d = arg;

    loop_tick(d->dialer->loop);
    if ((what & BEV_EVENT_CONNECTED) != 0) {
        opened(d);
    } else if (d->phase == DIAL_TLS) {
        dialled_tls_failed(d);
    } else {
        connection_lost(d, what);
    }
}

/* ---- connecting ---- */

static void describe(const struct evutil_addrinfo *to, char *text, size_t size)
{
    const void *address =
        to->ai_family == AF_INET6
            ? (const void *)&((struct sockaddr_in6 *)(void *)to->ai_addr)->sin6_addr
            : (const void *)&((struct sockaddr_in *)(void *)to->ai_addr)->sin_addr;

    if (inet_ntop(to->ai_family, address, text, (socklen_t)size) == NULL) {
        (void)snprintf(text, size, "?");
    }
}

static void connected(struct dialled *d)
{
    const int on = 1;

    (void)event_del(&d->connecting);
    (void)setsockopt(d->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    (void)setsockopt(d->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    d->bev =
        d->peer.tls
            ? dialled_start_tls(d)
            : xnonnull(bufferevent_socket_new(d->dialer->loop->base, d->fd, BEV_OPT_CLOSE_ON_FREE));
    if (d->bev == NULL) {
        return;
    }
    d->fd = -1;
    bufferevent_setcb(d->bev, on_input, on_written, on_event, d);
    if (d->peer.tls) {
        uint64_t now_ms = executor_of(d)->now_ms;
        d->phase = DIAL_TLS;
        executor_timer_start(executor_of(d), &d->timer,
                             d->deadline_ms > now_ms ? d->deadline_ms - now_ms : 0);
    } else {
        opened(d);
    }
}

static void try_next(struct dialled *d);

static void attempt_failed(struct dialled *d, int error)
{
    char address[ADDRESS_TEXT_BYTES], text[128];

    drop_attempt(d);
    if (d->next_address != NULL) {
        try_next(d);
        return;
    }
    const struct evutil_addrinfo *last = d->addresses;
    while (last->ai_next != NULL) {
        last = last->ai_next;
    }
    describe(last, address, sizeof address);
    dialled_fail(d, "%s (%s) port %u cannot be reached: %s", d->peer.host, address, d->peer.port,
                 strerror_r(error, text, sizeof text));
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
    struct dialled *d = arg;
    socklen_t len = sizeof(int);
    int error = 0;

    loop_tick(d->dialer->loop);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0) {
        error = errno;
    }
    if (error != 0) {
        attempt_failed(d, error);
    } else {
        connected(d);
    }
}

/* Its share of the time that is left. */
static uint64_t share_ms(const struct dialled *d)
{
    uint64_t now_ms = executor_of(d)->now_ms, addresses = 1;

    for (const struct evutil_addrinfo *a = d->next_address; a != NULL; a = a->ai_next) {
        addresses++;
    }
    return d->deadline_ms > now_ms ? (d->deadline_ms - now_ms) / addresses : 0;
}

static void try_next(struct dialled *d)
{
    const struct evutil_addrinfo *to = d->next_address;

    d->next_address = to->ai_next;
    d->fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (d->fd < 0) {
        attempt_failed(d, errno);
        return;
    }
    executor_timer_start(executor_of(d), &d->timer, share_ms(d));
    int error =
        event_assign(&d->connecting, d->dialer->loop->base, d->fd, EV_WRITE, on_writable, d);
    assert(error == 0);
    if ((connect(d->fd, to->ai_addr, (socklen_t)to->ai_addrlen) < 0 && errno != EINPROGRESS) ||
        event_add(&d->connecting, NULL) < 0) {
        attempt_failed(d, errno);
    }
}

void dialled_found(struct dialled *d, struct evutil_addrinfo *addresses)
{
    d->addresses = addresses;
    d->next_address = addresses;
    d->phase = DIAL_CONNECT;
    try_next(d);
}

static void on_timer(struct timer *timer)
{
    struct dialled *d = container_of(timer, struct dialled, timer);

    switch (d->phase) {
    case DIAL_FAILED:
        report_failure(d);
        return;
    case DIAL_LINGER:
        destroy(d);
        return;
    case DIAL_CONNECT:
        attempt_failed(d, ETIMEDOUT);
        return;
    case DIAL_LOOKUP:
        dialled_fail(d, "%s is not known: no name server has answered within %u ms", d->peer.host,
                     d->peer.open_timeout_ms);
        return;
    case DIAL_TLS:
        dialled_fail(d, "TLS with %s port %u is not set up within %u ms", d->peer.host,
                     d->peer.port, d->peer.open_timeout_ms);
        return;
    case DIAL_OPEN:
        assert(!"no timer in this phase");
    }
}

/* ---- streams ---- */

static const char *copy(const char *s)
{
    return s == NULL ? NULL : xnonnull(strdup(s));
}

static void stream_ops_open(struct dialer *dialer, struct stream *s, const struct stream_peer *peer)
{
    struct net_dialer *n = container_of(dialer, struct net_dialer, base);
    struct dialled *d = xcalloc(1, sizeof *d);

    assert(s->connection == NULL);
    s->connection = d;
    d->dialer = n;
    d->stream = s;
    d->fd = -1;
    d->peer = *peer;
    d->peer.host = copy(peer->host);
    d->peer.ca_file = copy(peer->ca_file);
    d->peer.server_name = copy(peer->server_name);
    d->timer.fire = on_timer;
    d->flush.run = on_flush;
    d->resume.run = on_resume;
    d->deadline_ms = n->loop->executor.now_ms + peer->open_timeout_ms;
    list_add(&n->dialled, &d->node);
    executor_timer_start(&n->loop->executor, &d->timer, peer->open_timeout_ms);
    dialled_lookup(d);
}

static void stream_ops_send(struct stream *s, struct span data)
{
    struct dialled *d = of_stream(s);

    if (d != NULL && d->phase == DIAL_OPEN && !d->finishing) {
        bytes_add_span(&d->out, data);
        executor_at_turn_end(executor_of(d), &d->flush, TURN_FLUSH);
    }
}

static size_t stream_ops_unsent(const struct stream *s)
{
    return of_stream(s) == NULL ? 0 : unsent_bytes(of_stream(s));
}

static void stream_ops_close(struct stream *s)
{
    struct dialled *d = of_stream(s);

    s->connection = NULL;
    d->stream = NULL;
    if (!d->calling) {
        let_go(d);
    }
}

static void stream_ops_hold(struct stream *s, bool held)
{
    struct dialled *d = of_stream(s);

    if (d == NULL || d->phase != DIAL_OPEN || d->held == held) {
        return;
    }
    d->held = held;
    if (held) {
        (void)bufferevent_disable(d->bev, EV_READ);
    } else {
        (void)bufferevent_enable(d->bev, EV_READ);
        executor_at_turn_end(executor_of(d), &d->resume, TURN_SEAL);
    }
}

static void stream_ops_finish(struct stream *s)
{
    struct dialled *d = of_stream(s);

    if (d != NULL && d->phase == DIAL_OPEN && !d->finishing) {
        d->finishing = true;
        executor_at_turn_end(executor_of(d), &d->flush, TURN_FLUSH);
    }
}

static const struct dialer_ops ops = {
    .open = stream_ops_open,
    .send = stream_ops_send,
    .unsent = stream_ops_unsent,
    .close = stream_ops_close,
    .hold = stream_ops_hold,
    .finish = stream_ops_finish,
};

struct dialer *net_dialer_create(struct loop *loop)
{
    struct net_dialer *n = xcalloc(1, sizeof *n);

    n->base = (struct dialer){.ops = &ops, .executor = &loop->executor};
    n->loop = loop;
    n->resolv_conf = "/etc/resolv.conf";
    return &n->base;
}

void net_dialer_set_resolver(struct dialer *dialer, const char *path)
{
    container_of(dialer, struct net_dialer, base)->resolv_conf = path;
}

void net_dialer_destroy(struct dialer *dialer)
{
    if (dialer == NULL) {
        return;
    }
    struct net_dialer *n = container_of(dialer, struct net_dialer, base);
    while (n->dialled.first != NULL) {
        struct dialled *d = container_of(n->dialled.first, struct dialled, node);
        if (d->stream != NULL) {
            d->stream->connection = NULL;
        }
        destroy(d);
    }
    net_dialer_end_lookups(n);
    free(n);
}
