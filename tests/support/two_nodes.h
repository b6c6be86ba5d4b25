/* two_nodes.h - two nodes of one loop each, with numbers 1 and 2; sessions are opened on the first
 * and asked for on the second. A session answers every message with the same one. Beside the
 * endpoint there is /who, which passes on what is asked for on the second node, and answers with
 * the address; and /raw, the same for upgrades, whose descriptor the first node gives to the test.
 */
// SPDX-License-Identifier: MIT
#ifndef TESTS_SUPPORT_TWO_NODES_H
#define TESTS_SUPPORT_TWO_NODES_H

#include <pthread.h>

#include "protocol/ws_frame.h"
#include "src/base/memory.h"
#include "src/net/endpoint.h"
#include "src/net/peers.h"
#include "tests/support/endpoint_client.h"

enum { NODES = 2, OWNER = 0, OTHER = 1 };

static struct node {
    struct loop loop;
    struct http_server *http;
    struct http_limits limits;
    struct http_route routes[3];
    struct peers *peers;
    struct engine engine;
    struct engine_options engine_options;
    struct endpoint endpoint;
    _Atomic unsigned connections;
    pthread_t thread;
    unsigned port;
} nodes[NODES];

static _Atomic unsigned ports[8]; /* where the finder says that nodes are; 0: there is none */
/* While it is not 0, a node that is not there is sought, and so often: when it has come down to 0
 * it is the owner. */
static _Atomic unsigned looks;
static _Atomic int closed_for; /* enum session_reason of the last session that closed, or -1 */
static _Atomic int raw_fd;     /* what /raw has been given, or -1 */
static struct hop_key keys[NODES];
static unsigned answer_timeout_ms, looks_max = 5;

static inline void on_open(struct session *s, void *arg)
{
}

static inline void answer_with(struct session *s, uint8_t opcode, struct span prefix,
                               struct span data)
{
    uint8_t head[WS_HEAD_MAX];
    struct frame *f = frame_create((uint32_t)(sizeof head + prefix.len + data.len));
    size_t n = ws_frame_encode_head(head, opcode, true, prefix.len + data.len);

    frame_append(f, span_of(head, n));
    frame_append(f, prefix);
    frame_append(f, data);
    session_send(s, f);
    frame_release(f);
}

static inline void on_text(struct session *s, struct span text)
{
    answer_with(s, WS_TEXT, SPAN("4"), text);
}

static inline void on_binary(struct session *s, struct span data)
{
    answer_with(s, WS_BINARY, SPAN(""), data);
}

static inline void on_close(struct session *s, enum session_reason reason)
{
    atomic_store(&closed_for, (int)reason);
}

static const struct engine_app app = {
    .on_open = on_open, .on_text = on_text, .on_binary = on_binary, .on_close = on_close};

static inline enum peer_found find(void *arg, unsigned node, struct peer_address *out)
{
    out->port = node < 8 ? atomic_load(&ports[node]) : 0;
    (void)strcpy(out->host, "127.0.0.1");
    if (out->port == 0 && looks > 0) {
        out->port = --looks == 0 ? nodes[OWNER].port : 0;
        return looks == 0 ? PEER_FOUND : PEER_SOUGHT;
    }
    return out->port == 0 ? PEER_NONE : PEER_FOUND;
}

static inline void say_nobody(struct http_exchange *x, void *arg)
{
    http_respond(x, 404, NULL, 0, SPAN("nobody"));
}

static inline void who(struct http_exchange *x, void *arg)
{
    struct node *n = arg;
    struct bytes out = {0};

    if (n == &nodes[OTHER] && !x->passed_on) {
        peers_pass(n->peers, 1, x, say_nobody, NULL);
        return;
    }
    bytes_add_cstr(&out, x->address);
    bytes_add_cstr(&out, x->passed_on ? " passed on " : " direct ");
    bytes_add_span(&out, http_exchange_field(x, "X-Test"));
    bytes_add_span(&out, x->body);
    const struct http_field field = {"X-Answer", SPAN("42")};
    http_respond(x, 201, &field, 1, bytes_span(&out));
    bytes_finish(&out);
}

static inline void refuse_upgrade(struct http_upgrade *u, void *arg)
{
    (void)!send(u->fd, "nobody", 6, MSG_NOSIGNAL);
    (void)close(u->fd);
    http_connection_closed(&nodes[OTHER].connections);
    bytes_finish(&u->head);
    bytes_finish(&u->early);
}

static inline void raw(struct http_upgrade *u, void *arg)
{
    struct node *n = arg;

    if (n == &nodes[OTHER]) {
        peers_tunnel(n->peers, 1, u, refuse_upgrade, NULL);
        return;
    }
    (void)!send(u->fd, "HTTP/1.1 101 X\r\n\r\n", 18, MSG_NOSIGNAL);
    (void)!send(u->fd, u->early.data, u->early.len, MSG_NOSIGNAL);
    bytes_finish(&u->head);
    bytes_finish(&u->early);
    http_connection_closed(&n->connections);
    atomic_store(&raw_fd, u->fd);
}

static inline void *run(void *arg)
{
    loop_run(arg);
    return NULL;
}

static inline void set_up_endpoint(struct node *n, unsigned number)
{
    n->engine_options = (struct engine_options){
        .ping_interval_ms = 60000,
        .ping_timeout_ms = 60000,
        .upgrade_timeout_ms = 60000,
        .payload_bytes_max = 1000000,
        .queue_bytes_max = 1000000,
        .allow_polling = true,
        .allow_websocket = true,
        .allow_upgrades = true,
    };
    atomic_init(&n->engine_options.node, (uint16_t)number);
    engine_init(&n->engine, &n->loop.executor, &n->engine_options, &app, &n->loop.stats);
    n->endpoint = (struct endpoint){
        .poll.close_timeout_ms = 60000,
        .ws = {.message_bytes_max = 1000000,
               .close_timeout_ms = 60000,
               .connections = &n->connections},
        .peers = n->peers,
        .loop_count = 1,
        .engines = &n->engine,
    };
    endpoint_init(&n->endpoint);
}

static inline void set_up_http(struct node *n)
{
    n->limits = (struct http_limits){
        .head_bytes_max = 16 * 1024,
        .body_bytes_max = 1000000,
        .handshakes_max = 64,
        .request_timeout_ms = 60000,
        .idle_timeout_ms = 60000,
        .hop_key = &keys[n - nodes],
    };
    n->routes[0] = (struct http_route){
        .path = "/e/",
        .is_prefix = true,
        .on_begin = endpoint_begin,
        .handler = endpoint_handle,
        .on_upgrade = endpoint_upgrade,
        .arg = &n->endpoint,
    };
    n->routes[1] = (struct http_route){.path = "/who", .handler = who, .arg = n};
    n->routes[2] = (struct http_route){.path = "/raw", .on_upgrade = raw, .arg = n};
    int fd = http_listen_socket("127.0.0.1", &n->port);
    n->http = http_server_create(&n->loop, &n->limits, n->routes, 3, &n->connections);
    check(http_server_accept(n->http, fd) == 0);
}

static inline void start_node(struct node *n, unsigned number)
{
    struct loop *loops[] = {&n->loop};

    *n = (struct node){0};
    check(loop_init(&n->loop, 0) == 0);
    const struct peers_options options = {
        .finder = {find, n},
        .key = keys[n - nodes],
        .answer_timeout_ms = answer_timeout_ms,
        .looks_max = looks_max,
        .sought_max = 2,
        .close_timeout_ms = 60000,
        .answer_bytes_max = 1000000,
        .connections = &n->connections,
    };
    n->peers = peers_create(&options, loops, 1);
    set_up_endpoint(n, number);
    set_up_http(n);
    atomic_store(&ports[number], n->port);
    check(pthread_create(&n->thread, NULL, run, &n->loop) == 0);
}

static inline void start_with(unsigned timeout_ms, const char *secret, const char *other_secret)
{
    closed_for = -1;
    raw_fd = -1;
    looks = 0;
    answer_timeout_ms = timeout_ms;
    hop_key_make(&keys[OWNER], span_cstr(secret));
    hop_key_make(&keys[OTHER], span_cstr(other_secret));
    for (unsigned i = 0; i < 8; i++) {
        ports[i] = 0;
    }
    start_node(&nodes[OWNER], 1);
    start_node(&nodes[OTHER], 2);
}

static inline void start(void)
{
    start_with(60000, "secret", "secret");
}

static inline void stop_node(struct node *n)
{
    if (n->http == NULL) {
        return;
    }
    loop_stop(&n->loop);
    (void)pthread_join(n->thread, NULL);
    engine_drop_all(&n->engine);
    executor_end_turn(&n->loop.executor);
    ws_conn_abort_closing(&n->loop);
    http_server_destroy(n->http);
    n->http = NULL;
    peers_destroy(n->peers);
    (void)loop_settle(&n->loop);
    engine_finish(&n->engine);
    loop_finish(&n->loop);
    check(n->connections == 0); /* every one that was counted in was counted out */
}

static inline void finish(void)
{
    stop_node(&nodes[OTHER]);
    stop_node(&nodes[OWNER]);
}

static inline uint64_t stat(unsigned node, enum stat_id which)
{
    return stats_get(&nodes[node].loop.stats, which);
}

static inline bool stat_becomes(unsigned node, enum stat_id which, uint64_t want)
{
    uint64_t until_ms = tcp_clock_ms() + TCP_PATIENCE_MS;

    while (stat(node, which) != want && tcp_clock_ms() < until_ms) {
        (void)usleep(1000);
    }
    return stat(node, which) == want;
}

static inline bool session_ends(enum session_reason reason)
{
    uint64_t until_ms = tcp_clock_ms() + TCP_PATIENCE_MS;

    while (closed_for < 0 && tcp_clock_ms() < until_ms) {
        (void)usleep(1000);
    }
    return closed_for == (int)reason;
}

/* Opens a polling session on the node OWNER. */
static inline void handshake(char sid[SID_LEN + 1])
{
    struct tcp_client c = tcp_open(nodes[OWNER].port);
    unsigned node, loop;

    ask(&c, "GET", "polling", "", "\r\n");
    char *answer = tcp_answer(&c, false);
    const char *at = strstr(answer, "\"sid\":\"");
    check(at != NULL);
    (void)snprintf(sid, SID_LEN + 1, "%.20s", at == NULL ? "" : at + 7);
    check(engine_sid_place(span_cstr(sid), &node, &loop) && node == 1 && loop == 0);
    free(answer);
    tcp_close(&c);
}

static const char unknown[] = "{\"code\":1,\"message\":\"Session ID unknown\"}";

/* The other thread has noted its connection, which it does after it has written to it. */
static inline bool raw_is_taken(void)
{
    for (uint64_t until_ms = tcp_clock_ms() + TCP_PATIENCE_MS;
         raw_fd < 0 && tcp_clock_ms() < until_ms;) {
        (void)usleep(1000);
    }
    return raw_fd >= 0;
}

static inline struct tcp_client open_raw(void)
{
    struct tcp_client c = tcp_open(nodes[OTHER].port);

    check(tcp_say(&c, "GET /raw HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
                      "Upgrade: websocket\r\n\r\n"));
    check(answered(&c, " 101 ", "\r\n\r\n"));
    check(raw_is_taken());
    return c;
}

#endif
