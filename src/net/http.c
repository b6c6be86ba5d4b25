// SPDX-License-Identifier: MIT
#include "src/net/http.h"

#include <assert.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/http_response.h"
#include "src/base/memory.h"
#include "src/net/cors.h"
#include "src/net/forwarded.h"
#include "src/net/gate.h"
#include "src/net/hop.h"
#include "src/net/http_server.h"
#include "src/net/tls.h"

enum { REQUEST_LINE_BYTES_MAX = 8 * 1024 };

/* Routes. */

static bool matches(const struct http_route *route, struct span path)
{
    struct span want = span_cstr(route->path);

    if (!route->is_prefix || path.len == want.len) {
        return span_eq(path, want);
    }
    return span_starts(path, want) &&
           (want.data[want.len - 1] == '/' || path.data[want.len] == '/');
}

const struct http_route *http_route_find(const struct http_server *s, struct span path)
{
    for (size_t i = 0; i < s->route_count; i++) {
        if (matches(&s->routes[i], path)) {
            return &s->routes[i];
        }
    }
    return NULL;
}

/* Who asks. */

static void find_client(const struct http_server *s, const struct http_head *head,
                        const struct http_peer *peer, struct hop *client)
{
    struct loop *loop = s->loop;
    enum hop_verdict verdict = s->limits->hop_key == NULL
                                   ? HOP_NONE
                                   : hop_read(s->limits->hop_key, head, &loop->executor, client);

    if (verdict == HOP_FORGED) {
        stats_add(&loop->stats, STAT_HOPS_FORGED, 1);
    }
    if (verdict != HOP_VALID) {
        client->secure =
            forwarded_secure(s->limits->trusted_proxies, peer->address, head, peer->secure);
        forwarded_address(s->limits->trusted_proxies, peer->address, head, client->address);
    }
    client->passed_on = verdict != HOP_NONE;
}

/* Upgrades. */

bool http_upgrade_wanted(const struct http_head *head)
{
    return head->upgrade && head->content_length <= 0 && !head->chunked &&
           http_list_has(http_head_get(head, SPAN("upgrade")), SPAN("websocket"));
}

void http_upgrade_dispatch(struct http_server *s, const struct http_route *route, int fd,
                           const struct http_head *head, struct span input, size_t head_len,
                           const struct http_peer *peer)
{
    struct http_upgrade upgrade = {
        .executor = &s->loop->executor,
        .fd = fd,
        .ssl = peer->ssl,
    };
    struct hop client;

    bytes_add(&upgrade.head, input.data, head_len);
    bytes_add_span(&upgrade.early, span_skip(input, head_len));
    find_client(s, head, peer, &client);
    memcpy(upgrade.address, client.address, sizeof upgrade.address);
    upgrade.secure = client.secure;
    upgrade.passed_on = client.passed_on;
    stats_add(&s->loop->stats, STAT_REQUESTS, 1);
    route->on_upgrade(&upgrade, route->arg);
}

void http_upgrade_end(struct http_upgrade *upgrade, struct span answer)
{
    const struct iovec all = {.iov_base = (void *)(uintptr_t)answer.data, .iov_len = answer.len};

    if (upgrade->ssl != NULL) {
        (void)!tls_send(upgrade->ssl, &all, 1);
        tls_say_goodbye(upgrade->ssl);
        tls_free(upgrade->ssl);
        upgrade->ssl = NULL;
    } else {
        (void)!send(upgrade->fd, answer.data, answer.len, MSG_NOSIGNAL);
    }
    (void)shutdown(upgrade->fd, SHUT_WR);
    (void)close(upgrade->fd);
    upgrade->fd = -1;
}

/* Exchanges. */

/* The same slice of another copy of the bytes. One that is not of them stays: "/" of a target
 * without a path. */
static struct span moved(struct span slice, struct span from, const uint8_t *to)
{
    if (slice.data < from.data || slice.data > from.data + from.len) {
        return slice;
    }
    return span_of(to + (slice.data - from.data), slice.len);
}

struct http_request *http_request_create(struct gate *gate, struct http_server *s,
                                         const struct http_head *head, struct span head_bytes,
                                         const struct http_peer *peer)
{
    struct http_request *r = xmalloc(sizeof *r + head_bytes.len);
    struct hop client;

    find_client(s, head, peer, &client);
    *r = (struct http_request){
        .x =
            {
                .executor = &s->loop->executor,
                .head = span_of(r->head, head_bytes.len),
                .method = moved(head->method, head_bytes, r->head),
                .path = moved(head->path, head_bytes, r->head),
                .query = moved(head->query, head_bytes, r->head),
                .address = r->address,
                .secure = client.secure,
                .passed_on = client.passed_on,
            },
        .gate = gate,
        .server = s,
        .is_chunked = head->chunked,
        .keep_alive = head->keep_alive,
        .head_only = span_eq(head->method, SPAN("HEAD")),
        .minor = head->minor,
    };
    memcpy(r->head, head_bytes.data, head_bytes.len);
    memcpy(r->address, client.address, sizeof r->address);
    return r;
}

void http_request_destroy(struct http_request *r)
{
    bytes_finish(&r->body);
    free(r);
}

void http_request_announce(struct http_request *r)
{
    const struct http_route *route = r->announced ? NULL : http_route_find(r->server, r->x.path);

    r->announced = true;
    if (route != NULL && route->on_begin != NULL) {
        route->on_begin(&r->x, route->arg);
    }
}

void http_request_dispatch(struct http_request *r)
{
    const struct http_route *route = http_route_find(r->server, r->x.path);

    r->x.body = bytes_span(&r->body);
    if (route == NULL || route->handler == NULL) {
        http_respond(&r->x, 404, NULL, 0, (struct span){0});
    } else {
        route->handler(&r->x, route->arg);
    }
}

struct span http_exchange_field(const struct http_exchange *x, const char *name)
{
    const struct http_head_limits all = {x->head.len + 1, x->head.len, HTTP_HEADERS_MAX};
    struct http_head head;
    int len = http_head_parse(x->head.data, x->head.len, 0, &all, &head);

    assert(len == (int)x->head.len);
    return http_head_get(&head, span_cstr(name));
}

/* Answers. */

static void add_field(void *arg, const char *name, struct span value)
{
    http_response_field(span_cstr(name), value, arg);
}

struct span http_refusal(struct http_server *s, int status, struct span origin)
{
    const struct cors_options *cors = cors_policy_get(s->cors);

    bytes_clear(&s->out);
    http_response_begin(status, 0, false, 1, &s->out);
    if (cors != NULL) {
        cors_fields(cors, origin, add_field, &s->out);
    }
    http_response_end(&s->out);
    return bytes_span(&s->out);
}

void http_respond(struct http_exchange *x, int status, const struct http_field *fields,
                  size_t field_count, struct span body)
{
    struct http_request *r = container_of(x, struct http_request, x);

    if (r->gate != NULL) {
        bool keep_alive = r->keep_alive && !r->server->retiring;
        struct bytes *out = &r->server->out;

        bytes_clear(out);
        http_response_begin(status, body.len, keep_alive, r->minor, out);
        for (size_t i = 0; i < field_count; i++) {
            http_response_field(span_cstr(fields[i].name), fields[i].value, out);
        }
        http_response_end(out);
        gate_answer(r->gate, bytes_span(out), r->head_only ? (struct span){0} : body, keep_alive);
    }
    http_request_destroy(r);
}

void http_exchange_abort(struct http_exchange *x)
{
    struct http_request *r = container_of(x, struct http_request, x);

    if (r->gate != NULL) {
        gate_abort(r->gate);
    }
    http_request_destroy(r);
}

/* The server. */

struct http_server *http_server_create(struct loop *loop, const struct http_limits *limits,
                                       const struct http_route *routes, size_t route_count,
                                       _Atomic unsigned *connections)
{
    struct http_server *s = xcalloc(1, sizeof *s);
    size_t head_max = limits->head_bytes_max;

    assert(limits->handshakes_max > 0);
    s->loop = loop;
    s->limits = limits;
    s->head_limits = (struct http_head_limits){
        .head_bytes_max = head_max,
        .request_line_bytes_max =
            head_max < REQUEST_LINE_BYTES_MAX ? head_max : REQUEST_LINE_BYTES_MAX,
        .headers_max = HTTP_HEADERS_MAX,
    };
    s->routes = routes;
    s->route_count = route_count;
    s->connections = connections;
    acceptor_init(&s->acceptor, s);
    return s;
}

void http_server_set_cors(struct http_server *server, const struct cors_policy *cors)
{
    server->cors = cors;
}

int http_server_accept_as(struct http_server *server, int fd, const struct http_port *port)
{
    return acceptor_listen(&server->acceptor, fd, port);
}

int http_server_accept(struct http_server *server, int fd)
{
    return http_server_accept_as(server, fd, &(struct http_port){0});
}

void http_server_stop_accepting(struct http_server *server)
{
    acceptor_stop(&server->acceptor);
}

void http_server_retire(struct http_server *server)
{
    server->retiring = true;
    for (struct gate *g = gate_first(server); g != NULL; g = gate_next(g)) {
        gate_retire(g);
    }
}

unsigned http_server_busy(const struct http_server *server)
{
    unsigned busy = 0;

    for (const struct gate *g = gate_first(server); g != NULL; g = gate_next(g)) {
        busy += gate_busy(g);
    }
    return busy;
}

void http_connection_closed(_Atomic unsigned *connections)
{
    unsigned before = atomic_fetch_sub_explicit(connections, 1, memory_order_relaxed);
    assert(before > 0);
}

void http_server_destroy(struct http_server *server)
{
    if (server == NULL) {
        return;
    }
    while (server->gates.first != NULL) {
        gate_destroy(gate_first(server));
    }
    acceptor_finish(&server->acceptor);
    bytes_finish(&server->out);
    free(server);
}
