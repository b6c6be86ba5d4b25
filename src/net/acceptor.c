// SPDX-License-Identifier: MIT
#include "src/net/acceptor.h"

#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <evhtp.h>

#include "src/base/memory.h"
#include "src/net/forwarded.h"
#include "src/net/gate.h"
#include "src/net/http_server.h"

enum { BACKLOG = 4096, DEFER_ACCEPT_S = 1 };

struct listener {
    struct listener *next;
    struct acceptor *acceptor;
    evhtp_t *evhtp;
    struct http_port port;
};

static int bound_port(int fd, unsigned *port)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } bound = {0};
    socklen_t len = sizeof bound;

    if (getsockname(fd, &bound.any, &len) < 0) {
        return -1;
    }
    *port = ntohs(bound.any.sa_family == AF_INET6 ? bound.v6.sin6_port : bound.v4.sin_port);
    return 0;
}

/* What accepted sockets inherit (TCP_NODELAY) costs them no call of their own. "::" takes IPv4
 * connections as well. */
static int prepare(int fd, const struct addrinfo *at, bool shared)
{
    const int on = 1, off = 0, share = shared, defer_s = DEFER_ACCEPT_S;

    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &share, sizeof share) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &defer_s, sizeof defer_s) < 0) {
        return -1;
    }
    if (at->ai_family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) < 0) {
        return -1;
    }
    return bind(fd, at->ai_addr, at->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0 ? -1 : 0;
}

static int listen_on(const char *host, unsigned *port, bool shared)
{
    const struct addrinfo hints = {
        .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
        .ai_socktype = SOCK_STREAM,
    };
    struct addrinfo *at;
    char service[16];

    (void)snprintf(service, sizeof service, "%u", *port);
    if (getaddrinfo(host, service, &hints, &at) != 0) {
        errno = EADDRNOTAVAIL;
        return -1;
    }
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && (prepare(fd, at, shared) < 0 || bound_port(fd, port) < 0)) {
        int error = errno;
        (void)close(fd);
        errno = error;
        fd = -1;
    }
    freeaddrinfo(at);
    return fd;
}

int http_listen_socket(const char *host, unsigned *port)
{
    return listen_on(host, port, true);
}

int http_port_check(const char *host, unsigned port)
{
    int fd = listen_on(host, &port, false);

    return fd < 0 ? -1 : close(fd);
}

static void for_listeners(const struct acceptor *a, int (*turn)(struct evconnlistener *))
{
    for (struct listener *l = a->listeners; l != NULL; l = l->next) {
        if (l->evhtp->server != NULL) {
            (void)turn(l->evhtp->server);
        }
    }
}

void acceptor_pause(struct acceptor *a, enum acceptor_pause why)
{
    if (a->pauses == 0) {
        for_listeners(a, evconnlistener_disable);
    }
    a->pauses |= why;
}

void acceptor_resume(struct acceptor *a, enum acceptor_pause why)
{
    if (a->pauses == (unsigned)why) {
        for_listeners(a, evconnlistener_enable);
    }
    a->pauses &= ~(unsigned)why;
}

static void end_turn(struct turn_hook *hook)
{
    struct acceptor *a = container_of(hook, struct acceptor, turn_end);
    a->accepted = 0;
    acceptor_resume(a, PAUSE_TURN);
}

static struct executor *executor_of(const struct acceptor *a)
{
    return &a->server->loop->executor;
}

void acceptor_pause_handshakes(struct acceptor *a, uint64_t delay_ms)
{
    acceptor_pause(a, PAUSE_HANDSHAKES);
    executor_timer_start(executor_of(a), &a->grace, delay_ms);
}

void acceptor_resume_handshakes(struct acceptor *a)
{
    executor_timer_stop(executor_of(a), &a->grace);
    acceptor_resume(a, PAUSE_HANDSHAKES);
}

static void end_grace(struct timer *timer)
{
    acceptor_resume(container_of(timer, struct acceptor, grace), PAUSE_HANDSHAKES);
}

static int open_spare(void)
{
    return eventfd(0, EFD_CLOEXEC);
}

static void end_descriptor_pause(struct timer *timer)
{
    struct acceptor *a = container_of(timer, struct acceptor, descriptors);
    if (a->spare_fd < 0) {
        a->spare_fd = open_spare();
    }
    acceptor_resume(a, PAUSE_DESCRIPTORS);
}

void acceptor_init(struct acceptor *a, struct http_server *server)
{
    *a = (struct acceptor){
        .server = server,
        .turn_end.run = end_turn,
        .descriptors.fire = end_descriptor_pause,
        .grace.fire = end_grace,
        .spare_fd = open_spare(),
        .first = xmalloc(server->limits->head_bytes_max),
    };
}

void acceptor_finish(struct acceptor *a)
{
    acceptor_stop(a);
    while (a->listeners != NULL) {
        struct listener *l = a->listeners;
        a->listeners = l->next;
        evhtp_free(l->evhtp);
        free(l);
    }
    if (a->spare_fd >= 0) {
        (void)close(a->spare_fd);
    }
    free(a->first);
}

/* Counts the connection in, unless it is one too many. */
static bool within_limit(struct http_server *s)
{
    unsigned before = atomic_fetch_add_explicit(s->connections, 1, memory_order_relaxed);

    if (s->limits->connections_max == 0 || before < s->limits->connections_max) {
        return true;
    }
    http_connection_closed(s->connections);
    return false;
}

/* A request that is whole and wants a WebSocket needs nothing of evhtp but its socket. */
static bool upgrade_at_once(struct acceptor *a, const evhtp_connection_t *c)
{
    struct http_server *s = a->server;
    struct http_head head;
    int len = http_head_parse(a->first, a->first_len, 0, &s->head_limits, &head);

    if (len <= 0 || !http_upgrade_wanted(&head)) {
        return false;
    }
    const struct http_route *route = http_route_find(s, head.path);
    if (route == NULL || route->on_upgrade == NULL) {
        return false;
    }
    http_upgrade_dispatch(s, route, c->sock, &head, span_of(a->first, a->first_len), (size_t)len,
                          &(struct http_peer){.address = c->saddr});
    return true;
}

static void count_accepted(struct acceptor *a, const struct listener *l)
{
    struct loop *loop = a->server->loop;

    stats_add(&loop->stats, STAT_CONNECTIONS_ACCEPTED, 1);
    executor_at_turn_end(&loop->executor, &a->turn_end, TURN_FLUSH);
    a->accepted += l->port.tls == NULL ? 1 : ACCEPT_TLS_WEIGHT;
    if (a->accepted >= ACCEPTS_PER_TURN_MAX && (a->pauses & PAUSE_TURN) == 0) {
        acceptor_pause(a, PAUSE_TURN);
    }
}

static bool begins_otherwise(const struct listener *l, const evhtp_connection_t *c)
{
    const struct networks *proxies = l->acceptor->server->limits->trusted_proxies;

    return l->port.tls != NULL || (l->port.proxied && forwarded_trusts(proxies, c->saddr));
}

/* One over connections_max that does not begin with a request would not understand a 503. */
static evhtp_res accept_unread(struct acceptor *a)
{
    if (!within_limit(a->server)) {
        stats_add(&a->server->loop->stats, STAT_CONNECTIONS_REFUSED, 1);
        return EVHTP_RES_ERROR;
    }
    a->over = false;
    return EVHTP_RES_OK;
}

/* Before evhtp makes a bufferevent. Anything but EVHTP_RES_OK makes it close the socket and forget
 * the connection; -1 stands for a socket that is not its any more. */
static evhtp_res on_pre_accept(evhtp_connection_t *c, void *arg)
{
    const struct listener *l = arg;
    struct acceptor *a = l->acceptor;

    loop_tick(a->server->loop);
    count_accepted(a, l);
    a->prefaced = begins_otherwise(l, c);
    if (a->prefaced) {
        return accept_unread(a);
    }
    ssize_t n = recv(c->sock, a->first, a->server->limits->head_bytes_max, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN)) {
        return EVHTP_RES_ERROR;
    }
    a->first_len = n < 0 ? 0 : (size_t)n;
    a->over = !within_limit(a->server);
    if (!a->over && upgrade_at_once(a, c)) {
        c->sock = -1;
        return EVHTP_RES_ERROR;
    }
    return EVHTP_RES_OK;
}

static evhtp_res on_post_accept(evhtp_connection_t *c, void *arg)
{
    const struct listener *l = arg;
    struct acceptor *a = l->acceptor;

    if (a->prefaced) {
        gate_create_prefaced(a->server, c, &l->port);
    } else if (a->over) {
        gate_turn_away(a->server, c);
    } else {
        gate_create(a->server, c, span_of(a->first, a->first_len));
    }
    return EVHTP_RES_OK;
}

/* Answers one connection of the backlog with a descriptor that was set free for it. What it has
 * sent is read first, since closing a socket with unread input discards the answer. */
static bool refuse_one(struct loop *loop, int listen_fd)
{
    static const char answer[] = "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
                                 "Content-Length: 0\r\n\r\n";
    int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0) {
        return false;
    }
    (void)recv(fd, loop->read_buffer, LOOP_READ_BYTES, 0);
    (void)send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL);
    (void)close(fd);
    return true;
}

/* accept found no descriptor, or no memory: trying again at once would spin. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
    struct acceptor *a = ((struct listener *)((evhtp_t *)arg)->arg)->acceptor;
    struct loop *loop = a->server->loop;
    int fd = evconnlistener_get_fd(listener);

    if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) {
        return; /* trouble of one connection */
    }
    loop_tick(loop);
    stats_add(&loop->stats, STAT_DESCRIPTORS_EXHAUSTED, 1);
    if (a->spare_fd >= 0) {
        (void)close(a->spare_fd);
        for (int i = 0; i < ACCEPT_REFUSED_MAX && refuse_one(loop, fd); i++) {
            stats_add(&loop->stats, STAT_CONNECTIONS_REFUSED, 1);
        }
        a->spare_fd = open_spare();
    }
    acceptor_pause(a, PAUSE_DESCRIPTORS);
    executor_timer_start(&loop->executor, &a->descriptors, ACCEPT_PAUSE_MS);
}

int acceptor_listen(struct acceptor *a, int fd, const struct http_port *port)
{
    struct listener *l = xcalloc(1, sizeof *l);
    int error;

    l->acceptor = a;
    l->port = *port;
    l->evhtp = evhtp_new(a->server->loop->base, l);
    if (l->evhtp == NULL || evhtp_accept_socket(l->evhtp, fd, BACKLOG) < 0) {
        goto fail;
    }
    /* Without BEV_OPT_DEFER_CALLBACKS: more than 32 deferred callbacks keep libevent from ending
     * the turn, and under load there are always more. */
    evhtp_set_bev_flags(l->evhtp, BEV_OPT_CLOSE_ON_FREE);
    evhtp_set_pre_accept_cb(l->evhtp, on_pre_accept, l);
    evhtp_set_post_accept_cb(l->evhtp, on_post_accept, l);
    evconnlistener_set_error_cb(l->evhtp->server, on_accept_error);
    if (a->pauses != 0) {
        (void)evconnlistener_disable(l->evhtp->server);
    }
    l->next = a->listeners;
    a->listeners = l;
    return 0;

fail:
    error = errno;
    evhtp_free(l->evhtp);
    free(l);
    errno = error;
    return -1;
}

void acceptor_stop(struct acceptor *a)
{
    struct executor *ex = executor_of(a);

    executor_timer_stop(ex, &a->descriptors);
    executor_timer_stop(ex, &a->grace);
    executor_cancel_hook(ex, &a->turn_end);
    for (struct listener *l = a->listeners; l != NULL; l = l->next) {
        evhtp_unbind_socket(l->evhtp);
    }
}
