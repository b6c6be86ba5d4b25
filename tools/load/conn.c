// SPDX-License-Identifier: MIT
#include "tools/load/conn.h"

#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    READ_BYTES_MAX = 1 << 18,
    IN_BYTES_MAX = 8 << 20,    /* of one packet or response that has not come in whole */
    EVENTS_MAX = 4096,         /* of one turn: a whole swarm at once, so that its sends batch too */
    SOURCE_FIRST = 0x7f000002, /* 127.0.0.2 */
    NS_PER_S = 1000000000,
};

static uint64_t monotonic_ns(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

int loop_init(struct loop *loop, uint32_t sources)
{
    *loop = (struct loop){.sources = sources, .origin_ns = monotonic_ns()};
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (loop->epoll_fd < 0) {
        return -1;
    }
    loop->scratch = malloc(IN_BYTES_MAX + READ_BYTES_MAX);
    if (loop->scratch == NULL) {
        abort();
    }
    return 0;
}

void loop_finish(struct loop *loop)
{
    assert(loop->dirty == NULL);
    (void)close(loop->epoll_fd);
    free(loop->scratch);
}

uint64_t loop_clock(struct loop *loop)
{
    loop->now_ns = monotonic_ns() - loop->origin_ns;
    return loop->now_ns;
}

static void lose(struct conn *c, enum conn_loss why)
{
    conn_close(c);
    c->ops->on_lost(c, why);
}

/* Hands over what is there, in the scratch buffer, and keeps what is left of it. */
static void deliver(struct conn *c, struct span in)
{
    ssize_t used = c->ops->on_bytes(c, in);

    if (!conn_is_open(c)) {
        return;
    }
    if (used < 0) {
        lose(c, CONN_PROTOCOL);
        return;
    }
    if ((size_t)used == in.len) {
        bytes_finish(&c->in);
    } else {
        bytes_clear(&c->in);
        bytes_add_span(&c->in, span_skip(in, (size_t)used));
    }
}

/* Reads once, behind what was kept; true when there may be more. */
static bool read_some(struct conn *c)
{
    size_t kept = c->in.len;
    ssize_t n = recv(c->fd, c->loop->scratch + kept, READ_BYTES_MAX, 0);

    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return errno == EINTR;
    }
    if (n <= 0) {
        lose(c, n == 0 ? CONN_CLOSED : CONN_RESET);
        return false;
    }
    if (kept + (size_t)n > IN_BYTES_MAX) {
        lose(c, CONN_PROTOCOL);
        return false;
    }
    if (kept > 0) {
        memcpy(c->loop->scratch, c->in.data, kept);
    }
    (void)loop_clock(c->loop);
    deliver(c, span_of(c->loop->scratch, kept + (size_t)n));
    return n == READ_BYTES_MAX && conn_is_open(c);
}

static void flush(struct conn *c)
{
    while (c->out_at < c->out.len) {
        ssize_t n = send(c->fd, c->out.data + c->out_at, c->out.len - c->out_at, MSG_NOSIGNAL);
        if (n < 0) {
            c->blocked = errno == EAGAIN;
            return; /* a broken connection is reported by its read */
        }
        c->out_at += (size_t)n;
    }
    bytes_clear(&c->out);
    c->out_at = 0;
}

static void mark_dirty(struct conn *c)
{
    if (!c->dirty && c->connected && !c->blocked) {
        c->dirty = true;
        c->next_dirty = c->loop->dirty;
        c->loop->dirty = c;
    }
}

/* The first event of a connection tells whether it was made. */
static bool finish_connect(struct conn *c, uint32_t events)
{
    int error = 0;
    socklen_t len = sizeof error;

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 || error != 0) {
        lose(c, CONN_REFUSED);
        return false;
    }
    c->connected = (events & EPOLLOUT) != 0;
    mark_dirty(c);
    return c->connected;
}

static void on_event(struct conn *c, uint32_t events)
{
    if (c->fd < 0) {
        return; /* closed by an earlier event of this turn */
    }
    if (!c->connected && !finish_connect(c, events)) {
        return;
    }
    if ((events & EPOLLOUT) != 0 && c->blocked) {
        c->blocked = false;
        mark_dirty(c);
    }
    if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0) {
        while (read_some(c)) {
        }
    }
}

int loop_turn(struct loop *loop, uint64_t until_ns)
{
    static struct epoll_event events[EVENTS_MAX];
    uint64_t now = loop_clock(loop);
    uint64_t wait = until_ns > now ? until_ns - now : 0;
    struct timespec timeout = {(time_t)(wait / NS_PER_S), (long)(wait % NS_PER_S)};
    int n = epoll_pwait2(loop->epoll_fd, events, EVENTS_MAX, &timeout, NULL);

    for (int i = 0; i < n; i++) {
        on_event(events[i].data.ptr, events[i].events);
    }
    (void)loop_clock(loop);
    return n > 0 ? n : 0;
}

void loop_flush(struct loop *loop)
{
    while (loop->dirty != NULL) {
        struct conn *c = loop->dirty;
        loop->dirty = c->next_dirty;
        c->dirty = false;
        if (c->fd < 0 || !c->connected) {
            continue;
        }
        if (c->ops->on_flush != NULL) {
            c->ops->on_flush(c);
        }
        flush(c);
    }
}

/* Another loopback address for each connection in turn, so that the 28,232 ports between one pair
 * of addresses are no limit; the port is chosen at connect, where the pair is known. */
static int bind_source(struct loop *loop, int fd)
{
    const int on = 1;
    struct sockaddr_in from = {.sin_family = AF_INET};

    if (loop->sources == 0) {
        return 0;
    }
    from.sin_addr.s_addr = htonl(SOURCE_FIRST + loop->next_source++ % loop->sources);
    if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) < 0) {
        return -1;
    }
    return bind(fd, (struct sockaddr *)&from, sizeof from);
}

static int start_connect(struct loop *loop, const struct sockaddr_in *to, int fd)
{
    const int on = 1;

    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0 || bind_source(loop, fd) < 0) {
        return -1;
    }
    if (connect(fd, (const struct sockaddr *)to, sizeof *to) < 0 && errno != EINPROGRESS) {
        return -1;
    }
    return 0;
}

int conn_open(struct conn *c, struct loop *loop, const struct sockaddr_in *to,
              const struct conn_ops *ops)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    assert(!conn_is_open(c));
    if (fd < 0) {
        return -1;
    }
    if (start_connect(loop, to, fd) < 0 ||
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
        int error = errno;
        (void)close(fd);
        errno = error;
        return -1;
    }
    c->ops = ops;
    c->loop = loop;
    c->fd = fd;
    c->connected = false;
    c->blocked = false;
    return 0;
}

struct bytes *conn_out(struct conn *c)
{
    if (conn_is_open(c)) {
        mark_dirty(c);
    }
    return &c->out;
}

void conn_close(struct conn *c)
{
    if (!conn_is_open(c)) {
        return;
    }
    if (c->connected && !c->blocked) {
        flush(c);
    }
    (void)close(c->fd);
    c->fd = -1;
    bytes_finish(&c->in);
    bytes_finish(&c->out);
    c->out_at = 0;
}
