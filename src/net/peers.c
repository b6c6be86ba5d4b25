// SPDX-License-Identifier: MIT
#include "src/net/peers.h"

#include <assert.h>
#include <stdlib.h>

#include "protocol/http_head.h"
#include "src/base/memory.h"
#include "src/base/stats.h"
#include "src/net/peers_internal.h"

enum { ANSWER_HEAD_BYTES_MAX = 32 * 1024, BODY_UNKNOWN = -1 };

/* A connection to a node, with at most one request under way. */
struct peer_link {
    struct list_node node; /* in busy while there is a request, else in idle */
    struct peer_loop *pl;
    struct stream stream;
    struct timer timer; /* until the node is looked for again, until the answer; or of being idle */
    struct peer_address to;
    struct peer_search search;
    struct http_exchange *x; /* NULL: idle */
    http_handler_fn decline;
    void *arg;
    struct bytes in;       /* what has come of the answer */
    struct http_head head; /* of the answer, once body_bytes is known; points into in */
    size_t head_bytes;
    int64_t body_bytes;
    bool reused;
};

static const struct http_head_limits answer_limits = {ANSWER_HEAD_BYTES_MAX, ANSWER_HEAD_BYTES_MAX,
                                                      HTTP_HEADERS_MAX};

/* ---- where to ---- */

bool peer_address_read(struct span text, struct peer_address *out)
{
    const uint8_t *colon = text.len == 0 ? NULL : memrchr(text.data, ':', text.len);
    struct span host = span_of(text.data, colon == NULL ? 0 : (size_t)(colon - text.data));
    uint64_t port;

    if (host.len == 0 || span_to_u64(span_skip(text, host.len + 1), 65535, &port) < 0) {
        return false;
    }
    if (host.data[0] == '[' && host.data[host.len - 1] == ']') {
        host = span_of(host.data + 1, host.len - 2);
    }
    if (host.len == 0 || host.len >= sizeof out->host || port == 0 ||
        memchr(host.data, '\0', host.len) != NULL) {
        return false;
    }
    memcpy(out->host, host.data, host.len);
    out->host[host.len] = '\0';
    out->port = (unsigned)port;
    return true;
}

struct peer_loop *peer_loop_of(struct peers *p, const struct executor *ex)
{
    assert(ex->index < p->loop_count);
    return &p->loops[ex->index];
}

static enum peer_found ask_finder(struct peer_loop *pl, unsigned node, struct peer_address *to)
{
    const struct peer_finder *finder = &pl->peers->options.finder;

    return pl->closing ? PEER_NONE : finder->find(finder->arg, node, to);
}

enum peer_found peer_find(struct peer_loop *pl, unsigned node, struct peer_address *to)
{
    enum peer_found found = pl->count < PEER_CONNECTIONS_MAX ? ask_finder(pl, node, to) : PEER_NONE;

    return found == PEER_SOUGHT && pl->sought >= pl->peers->options.sought_max ? PEER_NONE : found;
}

void peer_search_start(struct peer_loop *pl, struct peer_search *search, unsigned node,
                       struct timer *timer)
{
    *search = (struct peer_search){.node = node};
    pl->sought++;
    executor_timer_start(&pl->loop->executor, timer, PEER_LOOK_MS);
}

void peer_search_end(struct peer_loop *pl, struct peer_search *search)
{
    pl->sought -= search->node != 0;
    search->node = 0;
}

enum peer_found peer_search_go_on(struct peer_loop *pl, struct peer_search *search,
                                  struct timer *timer, struct peer_address *to)
{
    enum peer_found found = ask_finder(pl, search->node, to);

    if (found == PEER_SOUGHT && ++search->looks < pl->peers->options.looks_max) {
        executor_timer_start(&pl->loop->executor, timer, PEER_LOOK_MS);
        return PEER_SOUGHT;
    }
    peer_search_end(pl, search);
    return found == PEER_FOUND ? PEER_FOUND : PEER_NONE;
}

void peer_dial(struct peer_loop *pl, struct stream *s, const struct peer_address *to)
{
    const struct stream_peer peer = {
        .host = to->host, .port = to->port, .open_timeout_ms = PEER_CONNECT_MS};
    stream_open(pl->dialer, s, &peer);
}

/* ---- the request ---- */

/* Of this connection only, or said anew. */
static bool stays_here(struct span name)
{
    static const char *const names[] = {"connection",        "keep-alive",     "proxy-connection",
                                        "transfer-encoding", "content-length", "te",
                                        "trailer",           "expect",         "upgrade"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (span_eq_nocase(name, span_cstr(names[i]))) {
            return true;
        }
    }
    return hop_is_field(name);
}

static void add_field(struct bytes *out, struct span name, struct span value)
{
    bytes_add_span(out, name);
    bytes_add_cstr(out, ": ");
    bytes_add_span(out, value);
    bytes_add_cstr(out, "\r\n");
}

static void add_hop(const struct peer_loop *pl, const struct peer_request *r,
                    const struct http_head *head, struct bytes *out)
{
    struct hop hop = {.secure = r->secure};

    (void)snprintf(hop.address, sizeof hop.address, "%s", r->address);
    hop_write(&pl->peers->options.key, head->method, head->target, &hop, &pl->loop->executor, out);
}

void peer_write_head(const struct peer_loop *pl, const struct peer_request *r, struct bytes *out)
{
    const struct http_head_limits all = {r->head.len + 1, r->head.len, HTTP_HEADERS_MAX};
    struct http_head head;
    int len = http_head_parse(r->head.data, r->head.len, 0, &all, &head);

    assert(len == (int)r->head.len);
    bytes_add_span(out, head.method);
    bytes_add_byte(out, ' ');
    bytes_add_span(out, head.target);
    bytes_add_cstr(out, " HTTP/1.1\r\n");
    for (unsigned i = 0; i < head.header_count; i++) {
        if (!stays_here(head.headers[i].name)) {
            add_field(out, head.headers[i].name, head.headers[i].value);
        }
    }
    add_hop(pl, r, &head, out);
    if (r->upgrade) {
        bytes_add_cstr(out, "Connection: Upgrade\r\nUpgrade: websocket\r\n");
    } else {
        bytes_add_cstr(out, "Content-Length: ");
        bytes_add_u64(out, r->body_bytes);
        bytes_add_cstr(out, "\r\n");
    }
    bytes_add_cstr(out, "\r\n");
}

static void send_request(struct peer_link *l)
{
    const struct peer_request r = {
        .head = l->x->head,
        .address = l->x->address,
        .secure = l->x->secure,
        .body_bytes = l->x->body.len,
    };
    struct bytes text = {0};

    peer_write_head(l->pl, &r, &text);
    stream_send(&l->stream, bytes_span(&text));
    stream_send(&l->stream, l->x->body);
    bytes_finish(&text);
}

/* ---- the life of a connection ---- */

static struct executor *executor_of(const struct peer_link *l)
{
    return &l->pl->loop->executor;
}

static void remove_from_list(struct peer_link *l)
{
    list_remove(&l->node);
    l->pl->idle_count -= l->x == NULL;
}

static void destroy(struct peer_link *l)
{
    assert(l->x == NULL);
    remove_from_list(l);
    l->pl->count--;
    peer_search_end(l->pl, &l->search);
    executor_timer_stop(executor_of(l), &l->timer);
    stream_close(&l->stream);
    bytes_finish(&l->in);
    free(l);
}

/* The exchange is the caller's again, and the connection idle. */
static struct http_exchange *take_exchange(struct peer_link *l)
{
    struct http_exchange *x = l->x;

    remove_from_list(l);
    l->x = NULL;
    list_add(&l->pl->idle, &l->node);
    l->pl->idle_count++;
    x->on_gone = NULL;
    x->data = NULL;
    return x;
}

static void give_up(struct peer_link *l)
{
    struct http_exchange *x = take_exchange(l);
    http_handler_fn decline = l->decline;
    void *arg = l->arg;

    stats_add(&l->pl->loop->stats, STAT_PASS_FAILED, 1);
    destroy(l);
    decline(x, arg);
}

static void on_client_gone(struct http_exchange *x)
{
    struct peer_link *l = x->data;

    http_exchange_abort(take_exchange(l));
    destroy(l);
}

/* ---- the answer ---- */

static void keep(struct peer_link *l, bool may_be_kept)
{
    if (!may_be_kept || l->pl->idle_count > PEER_IDLE_MAX) {
        destroy(l);
        return;
    }
    bytes_finish(&l->in);
    executor_timer_start(executor_of(l), &l->timer, PEER_IDLE_MS);
}

/* Names end in the colon behind them, which is ours to write to. */
static size_t list_fields(struct peer_link *l, struct http_field fields[HTTP_HEADERS_MAX])
{
    size_t count = 0;

    for (unsigned i = 0; i < l->head.header_count; i++) {
        const struct http_header *h = &l->head.headers[i];
        if (!stays_here(h->name)) {
            uint8_t *name = l->in.data + (h->name.data - l->in.data);
            name[h->name.len] = '\0';
            fields[count++] = (struct http_field){(const char *)name, h->value};
        }
    }
    return count;
}

static void answer(struct peer_link *l)
{
    struct http_field fields[HTTP_HEADERS_MAX];
    size_t count = list_fields(l, fields), whole = l->head_bytes + (size_t)l->body_bytes;
    bool may_be_kept = l->head.keep_alive && l->in.len == whole;
    struct http_exchange *x = take_exchange(l);

    stats_add(&l->pl->loop->stats, STAT_PASSED_REQUESTS, 1);
    http_respond(x, l->head.status, fields, count,
                 span_of(l->in.data + l->head_bytes, (size_t)l->body_bytes));
    keep(l, may_be_kept);
}

/* Parses the head again whenever bytes come, until it is whole; and once more when the answer is,
 * since what it points into has moved. False: it is no answer of a node. */
static bool read_head(struct peer_link *l)
{
    int len = http_head_parse_response(l->in.data, l->in.len, 0, &answer_limits, &l->head);
    bool no_body = l->head.status == 204 || l->head.status == 304;

    if (len <= 0) {
        return len == 0;
    }
    if (l->head.status < 200 || l->head.status > 599 || l->head.chunked ||
        (l->head.content_length < 0 && !no_body)) {
        return false;
    }
    l->head_bytes = (size_t)len;
    l->body_bytes = no_body ? 0 : l->head.content_length;
    return (uint64_t)l->body_bytes <= l->pl->peers->options.answer_bytes_max;
}

static bool answer_is_whole(const struct peer_link *l)
{
    return l->body_bytes != BODY_UNKNOWN && l->in.len >= l->head_bytes + (size_t)l->body_bytes;
}

static void on_data(struct stream *s, struct span data)
{
    struct peer_link *l = container_of(s, struct peer_link, stream);

    if (l->x == NULL) { /* nobody has asked */
        destroy(l);
        return;
    }
    bytes_add_span(&l->in, data);
    if (l->body_bytes == BODY_UNKNOWN && !read_head(l)) {
        give_up(l);
    } else if (answer_is_whole(l)) {
        bool holds = read_head(l);
        assert(holds);
        answer(l);
    }
}

static void on_open(struct stream *s)
{
    send_request(container_of(s, struct peer_link, stream));
}

/* A connection that was idle may have been closed by the node just now. Asking once more is safe
 * where asking twice would be: not with a POST. */
static bool may_try_again(const struct peer_link *l)
{
    return l->reused && l->in.len == 0 && span_eq(l->x->method, SPAN("GET"));
}

static void on_close(struct stream *s, const char *why)
{
    struct peer_link *l = container_of(s, struct peer_link, stream);

    if (l->x == NULL) {
        destroy(l);
    } else if (may_try_again(l)) {
        l->reused = false;
        peer_dial(l->pl, &l->stream, &l->to);
    } else {
        give_up(l);
    }
}

static const struct stream_handlers handlers = {
    .on_open = on_open, .on_data = on_data, .on_close = on_close};

/* ---- passing on ---- */

static struct peer_link *find_idle(struct peer_loop *pl, const struct peer_address *to)
{
    for (struct list_node *n = pl->idle.first; n != NULL; n = n->next) {
        struct peer_link *l = container_of(n, struct peer_link, node);
        if (l->to.port == to->port && strcmp(l->to.host, to->host) == 0) {
            remove_from_list(l);
            l->reused = true;
            return l;
        }
    }
    return NULL;
}

/* Asks the node that l->to leads to. */
static void start(struct peer_link *l)
{
    l->body_bytes = BODY_UNKNOWN;
    executor_timer_start(executor_of(l), &l->timer, l->pl->peers->options.answer_timeout_ms);
    if (l->reused) {
        send_request(l);
    } else {
        peer_dial(l->pl, &l->stream, &l->to);
    }
}

static void look_again(struct peer_link *l)
{
    switch (peer_search_go_on(l->pl, &l->search, &l->timer, &l->to)) {
    case PEER_NONE:
        give_up(l);
        break;
    case PEER_SOUGHT:
        break;
    case PEER_FOUND:
        start(l);
        break;
    }
}

static void on_timer(struct timer *timer)
{
    struct peer_link *l = container_of(timer, struct peer_link, timer);

    if (l->x == NULL) {
        destroy(l);
    } else if (l->search.node != 0) {
        look_again(l);
    } else {
        give_up(l);
    }
}

static struct peer_link *new_link(struct peer_loop *pl)
{
    struct peer_link *l = xcalloc(1, sizeof *l);

    l->pl = pl;
    l->stream.handlers = &handlers;
    l->timer.fire = on_timer;
    pl->count++;
    return l;
}

static void take_on(struct peer_link *l, struct http_exchange *x, http_handler_fn decline,
                    void *arg)
{
    l->x = x;
    l->decline = decline;
    l->arg = arg;
    x->data = l;
    x->on_gone = on_client_gone;
    list_add(&l->pl->busy, &l->node);
}

void peers_pass(struct peers *p, unsigned node, struct http_exchange *x, http_handler_fn decline,
                void *arg)
{
    struct peer_loop *pl = peer_loop_of(p, x->executor);
    bool session_method = span_eq(x->method, SPAN("GET")) || span_eq(x->method, SPAN("POST"));
    struct peer_address to;
    enum peer_found found = session_method ? peer_find(pl, node, &to) : PEER_NONE;

    if (found == PEER_NONE) {
        stats_add(&pl->loop->stats, STAT_PASS_FAILED, 1);
        x->on_gone = NULL;
        x->data = NULL;
        decline(x, arg);
        return;
    }
    struct peer_link *l = found == PEER_FOUND ? find_idle(pl, &to) : NULL;
    if (l == NULL) {
        l = new_link(pl);
    }
    take_on(l, x, decline, arg);
    if (found == PEER_FOUND) {
        l->to = to;
        start(l);
    } else {
        peer_search_start(pl, &l->search, node, &l->timer);
    }
}

/* ---- the whole ---- */

struct peers *peers_create(const struct peers_options *options, struct loop *const loops[],
                           unsigned loop_count)
{
    struct peers *p = xcalloc(1, sizeof *p);

    p->options = *options;
    p->loops = xcalloc(loop_count, sizeof *p->loops);
    p->loop_count = loop_count;
    for (unsigned i = 0; i < loop_count; i++) {
        p->loops[i].peers = p;
        p->loops[i].loop = loops[i];
        p->loops[i].dialer = net_dialer_create(loops[i]);
    }
    return p;
}

void peers_shutdown(struct peers *p, struct loop *loop)
{
    struct peer_loop *pl = peer_loop_of(p, &loop->executor);

    pl->closing = true;
    while (pl->busy.first != NULL) {
        give_up(container_of(pl->busy.first, struct peer_link, node));
    }
    peer_tunnels_close(pl);
}

void peers_destroy(struct peers *p)
{
    if (p == NULL) {
        return;
    }
    for (unsigned i = 0; i < p->loop_count; i++) {
        struct peer_loop *pl = &p->loops[i];
        assert(pl->busy.first == NULL); /* the HTTP servers took the exchanges with them */
        while (pl->idle.first != NULL) {
            destroy(container_of(pl->idle.first, struct peer_link, node));
        }
        peer_tunnels_close(pl);
        net_dialer_destroy(pl->dialer);
    }
    explicit_bzero(&p->options.key, sizeof p->options.key);
    free(p->loops);
    free(p);
}
