// SPDX-License-Identifier: MIT
#include <assert.h>
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/bufferevent_ssl.h>
#include <event2/event_struct.h>

#include "protocol/proxy_header.h"
#include "src/base/memory.h"
#include "src/net/forwarded.h"
#include "src/net/gate_internal.h"
#include "src/net/tls.h"

/* What a connection needs until its first request may come: first the PROXY header, if there is
 * one, then the handshake of TLS. The bufferevent that evhtp has made reads nothing meanwhile,
 * since it would take more than the header. */
struct gate_preface {
    const struct http_port *port;
    struct event event;
    bool header_due;
    struct bytes header; /* as far as it has come */
    struct ssl_st *ssl;  /* NULL: TLS has not begun, or there is none */
};

enum preface_step {
    PREFACE_DONE,
    PREFACE_READS,
    PREFACE_WRITES,
    PREFACE_BROKEN,
};

static int fd_of(const struct gate *g)
{
    return bufferevent_getfd(g->evhtp->bev);
}

void gate_preface_end(struct gate *g)
{
    struct gate_preface *p = g->preface;

    if (p != NULL) {
        g->preface = NULL;
        if (event_initialized(&p->event)) {
            (void)event_del(&p->event);
        }
        bytes_finish(&p->header);
        if (p->ssl != NULL) {
            tls_free(p->ssl);
        }
        free(p);
    }
}

/* ---- the PROXY header ---- */

/* Who it speaks for stands in the peer's place. False: it is not an address. */
static bool take_address(struct gate *g, const struct proxy_header *header)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } client = {0};
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct address address;

    memcpy(address.bytes, mapped, sizeof mapped);
    if (header->text.len > 0) {
        if (!address_read(header->text, &address)) {
            return false;
        }
    } else {
        memcpy(address.bytes + sizeof address.bytes - header->bytes.len, header->bytes.data,
               header->bytes.len);
    }
    if (memcmp(address.bytes, mapped, sizeof mapped) == 0) {
        client.v4.sin_family = AF_INET;
        client.v4.sin_port = htons(header->port);
        memcpy(&client.v4.sin_addr, address.bytes + sizeof mapped, 4);
    } else {
        client.v6.sin6_family = AF_INET6;
        client.v6.sin6_port = htons(header->port);
        memcpy(&client.v6.sin6_addr, address.bytes, sizeof address.bytes);
    }
    free(g->evhtp->saddr); /* evhtp has it from malloc, and frees what stands there */
    g->evhtp->saddr = xmalloc(sizeof client);
    memcpy(g->evhtp->saddr, &client, sizeof client);
    return true;
}

static enum preface_step refuse_header(struct gate *g)
{
    gate_count(g, STAT_PROXY_HEADERS_REFUSED);
    return PREFACE_BROKEN;
}

/* Takes off the socket what is the header's and no more: what follows may be for OpenSSL, which
 * reads the socket itself. */
static enum preface_step read_header(struct gate *g)
{
    struct gate_preface *p = g->preface;
    size_t before = p->header.len;
    uint8_t *to = bytes_reserve(&p->header, PROXY_HEADER_BYTES_MAX);
    ssize_t n = recv(fd_of(g), to, PROXY_HEADER_BYTES_MAX - before, MSG_PEEK);
    struct proxy_header header;

    if (n < 0 && errno == EAGAIN) {
        return PREFACE_READS;
    }
    if (n <= 0) { /* one that closes without a word is looking whether we are there */
        return before == 0 ? PREFACE_BROKEN : refuse_header(g);
    }
    p->header.len += (size_t)n;
    int len = proxy_header_parse(p->header.data, p->header.len, &header);
    if (len < 0 || (len == 0 && p->header.len == PROXY_HEADER_BYTES_MAX)) {
        return refuse_header(g);
    }
    size_t own = len == 0 ? (size_t)n : (size_t)len - before;
    ssize_t taken = recv(fd_of(g), to, own, 0);
    assert(taken == (ssize_t)own);
    if (len == 0) {
        return PREFACE_READS;
    }
    if (header.family != PROXY_NONE && !take_address(g, &header)) {
        return refuse_header(g);
    }
    g->secure = header.secure;
    p->header_due = false;
    return PREFACE_DONE;
}

/* ---- TLS ---- */

/* Who has come to the wrong port gets to know it. */
static void answer_plain_http(const struct gate *g)
{
    static const char answer[] = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"
                                 "Content-Type: text/plain\r\nContent-Length: 29\r\n\r\n"
                                 "This port takes https only.\r\n";

    (void)!send(fd_of(g), answer, sizeof answer - 1, MSG_NOSIGNAL);
}

static enum preface_step shake_hands(struct gate *g)
{
    struct gate_preface *p = g->preface;

    if (p->ssl == NULL) {
        p->ssl = tls_accept(p->port->tls, fd_of(g));
    }
    switch (tls_handshake(p->ssl)) {
    case TLS_DONE:
        gate_count(g, STAT_TLS_HANDSHAKES);
        return PREFACE_DONE;
    case TLS_READS:
        return PREFACE_READS;
    case TLS_WRITES:
        return PREFACE_WRITES;
    case TLS_PLAIN_HTTP:
        answer_plain_http(g);
        break;
    case TLS_FAILED:
        break;
    }
    gate_count(g, STAT_TLS_FAILED);
    return PREFACE_BROKEN;
}

/* The bufferevent that evhtp has made gives way to one with TLS, which owns neither descriptor nor
 * SSL. */
static void put_tls_on(struct gate *g, struct ssl_st *ssl)
{
    struct bufferevent *plain = g->evhtp->bev;
    struct bufferevent *bev = xnonnull(bufferevent_openssl_socket_new(
        g->server->loop->base, fd_of(g), ssl, BUFFEREVENT_SSL_OPEN, 0));

    bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
    (void)bufferevent_setfd(plain, -1);
    bufferevent_free(plain);
    gate_listen_to(g, bev);
    g->secure = true;
}

/* ---- one after the other ---- */

static void finish(struct gate *g)
{
    struct ssl_st *ssl = g->preface->ssl;

    g->preface->ssl = NULL;
    gate_preface_end(g);
    if (ssl != NULL) {
        put_tls_on(g, ssl);
    }
    gate_set_state(g, GATE_WAIT);
    (void)bufferevent_enable(g->evhtp->bev, EV_READ);
}

static enum preface_step step(struct gate *g)
{
    enum preface_step done = g->preface->header_due ? read_header(g) : PREFACE_DONE;

    return done == PREFACE_DONE && g->preface->port->tls != NULL ? shake_hands(g) : done;
}

static void on_ready(evutil_socket_t fd, short what, void *arg);

/* Waits for one direction, in place of what it has waited for. */
static void await(struct gate *g, short what)
{
    struct event *event = &g->preface->event;

    if (event_initialized(event)) {
        if (event_get_events(event) == (what | EV_PERSIST)) {
            return;
        }
        (void)event_del(event);
    }
    if (event_assign(event, g->server->loop->base, fd_of(g), (short)(what | EV_PERSIST), on_ready,
                     g) < 0 ||
        event_add(event, NULL) < 0) {
        gate_close(g);
    }
}

static void go_on(struct gate *g)
{
    switch (step(g)) {
    case PREFACE_DONE:
        finish(g);
        break;
    case PREFACE_READS:
        await(g, EV_READ);
        break;
    case PREFACE_WRITES:
        await(g, EV_WRITE);
        break;
    case PREFACE_BROKEN:
        gate_close(g);
        break;
    }
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
    struct gate *g = arg;

    loop_tick(g->server->loop);
    go_on(g);
}

void gate_preface_begin(struct gate *g, const struct http_port *port)
{
    g->state = GATE_PREFACE;
    g->preface = xcalloc(1, sizeof *g->preface);
    g->preface->port = port;
    g->preface->header_due =
        port->proxied && forwarded_trusts(g->server->limits->trusted_proxies, g->evhtp->saddr);
    (void)bufferevent_disable(g->evhtp->bev, EV_READ);
    go_on(g);
}
