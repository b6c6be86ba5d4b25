/* Engine.IO over HTTP long-polling: one keep-alive connection holds the poll, a second one carries
 * what the client sends, all packets of a turn in one POST. A POST connection that the server
 * closes while it is idle is opened again when needed. */
// SPDX-License-Identifier: MIT
#include "tools/load/client.h"
#include "tools/load/http_response.h"

#include <stddef.h>

enum { RECORD_SEPARATOR = 0x1e, STATUS_OK = 200 };

static struct client *client_of_poll(struct conn *conn)
{
    return (struct client *)((char *)conn - offsetof(struct client, conn));
}

static struct client *client_of_post(struct conn *conn)
{
    return (struct client *)((char *)conn - offsetof(struct client, post));
}

/* Request line and Host, as far as GET and POST agree. */
static void write_head(const struct client *c, const char *method, struct bytes *out)
{
    const struct load_options *o = c->swarm->options;

    bytes_add_cstr(out, method);
    bytes_add_byte(out, ' ');
    bytes_add_cstr(out, o->path);
    bytes_add_cstr(out, "?EIO=4&transport=polling");
    if (c->sid[0] != '\0') {
        bytes_add_cstr(out, "&sid=");
        bytes_add_cstr(out, c->sid);
    }
    bytes_add_cstr(out, " HTTP/1.1\r\nHost: ");
    bytes_add_span(out, client_host(c));
    bytes_add_cstr(out, "\r\n");
}

static void write_poll(struct client *c)
{
    struct bytes *out = conn_out(&c->conn);

    write_head(c, "GET", out);
    bytes_add_cstr(out, "\r\n");
}

static void write_post(struct client *c, struct span body, struct bytes *out)
{
    write_head(c, "POST", out);
    bytes_add_cstr(out, "Content-Type: text/plain;charset=UTF-8\r\nContent-Length: ");
    bytes_add_u64(out, body.len);
    bytes_add_cstr(out, "\r\n\r\n");
    bytes_add_span(out, body);
    c->post_busy = true;
}

/* The packets of one payload, as long as the client lives. */
static void take_payload(struct client *c, struct span body)
{
    while (body.len > 0 && conn_is_open(&c->conn)) {
        const uint8_t *end = memchr(body.data, RECORD_SEPARATOR, body.len);
        size_t len = end != NULL ? (size_t)(end - body.data) : body.len;
        client_on_packet(c, span_of(body.data, len));
        body = span_skip(body, end != NULL ? len + 1 : len);
    }
}

/* One response of either connection: its bytes and body, 0 when it has not come whole, -1 when the
 * client is lost. */
static ssize_t take_response(struct client *c, struct span in, struct http_head *head,
                             struct span *body)
{
    ssize_t n = http_response_take(in, head, &c->swarm->message, body);

    if (n > 0 && head->status != STATUS_OK) {
        client_abandon(c, CLIENT_HTTP_STATUS);
    }
    return n;
}

static const struct conn_ops poll_ops, post_ops;

/* What is pending goes out with the end of this turn: see on_post_flush. */
static void want_post(struct client *c)
{
    if (!conn_is_open(&c->post) && client_open_conn(c, &c->post, &post_ops) < 0) {
        client_abandon(c, CLIENT_NO_DESCRIPTOR);
        return;
    }
    (void)conn_out(&c->post);
}

static ssize_t on_poll_bytes(struct conn *conn, struct span in)
{
    struct client *c = client_of_poll(conn);
    struct http_head head;
    struct span body;
    ssize_t n = take_response(c, in, &head, &body);

    if (n <= 0 || !conn_is_open(conn)) {
        return n;
    }
    take_payload(c, body);
    if (!conn_is_open(conn)) {
        return n;
    }
    if (!head.keep_alive) {
        conn_close(conn);
        if (client_open_conn(c, conn, &poll_ops) < 0) {
            client_abandon(c, CLIENT_NO_DESCRIPTOR);
            return n;
        }
    }
    write_poll(c);
    return n;
}

static ssize_t on_post_bytes(struct conn *conn, struct span in)
{
    struct client *c = client_of_post(conn);
    struct http_head head;
    struct span body;
    ssize_t n = take_response(c, in, &head, &body);

    if (n <= 0 || !conn_is_open(conn)) {
        return n;
    }
    c->post_busy = false;
    if (!head.keep_alive) {
        conn_close(conn);
    }
    if (c->pending.len > 0) {
        want_post(c);
    }
    return n;
}

/* How many of the pending bytes one POST may carry: whole packets, up to the server's limit. */
static size_t post_len(const struct client *c)
{
    const uint8_t *end;

    if (c->pending.len <= c->payload_bytes_max) {
        return c->pending.len;
    }
    end = memrchr(c->pending.data, RECORD_SEPARATOR, c->payload_bytes_max + 1);
    if (end == NULL) {
        end = memchr(c->pending.data, RECORD_SEPARATOR, c->pending.len);
    }
    return end != NULL ? (size_t)(end - c->pending.data) : c->pending.len;
}

static void on_post_flush(struct conn *conn)
{
    struct client *c = client_of_post(conn);

    if (c->post_busy || c->pending.len == 0) {
        return;
    }
    size_t n = post_len(c);
    write_post(c, span_of(c->pending.data, n), &conn->out);
    size_t used = n < c->pending.len ? n + 1 : n; /* its separator too */
    memmove(c->pending.data, c->pending.data + used, c->pending.len - used);
    c->pending.len -= used;
}

static void on_poll_lost(struct conn *conn, enum conn_loss why)
{
    client_on_conn_lost(client_of_poll(conn), why);
}

static void on_post_lost(struct conn *conn, enum conn_loss why)
{
    struct client *c = client_of_post(conn);

    if (why != CONN_CLOSED || c->post_busy) {
        client_on_conn_lost(c, why);
    }
}

static const struct conn_ops poll_ops = {.on_bytes = on_poll_bytes, .on_lost = on_poll_lost};
static const struct conn_ops post_ops = {
    .on_bytes = on_post_bytes, .on_lost = on_post_lost, .on_flush = on_post_flush};

static int polling_open(struct client *c)
{
    if (client_open_conn(c, &c->conn, &poll_ops) < 0) {
        return -1;
    }
    write_poll(c);
    return 0;
}

static void polling_send(struct client *c, struct span packet)
{
    if (c->pending.len > 0) {
        bytes_add_byte(&c->pending, RECORD_SEPARATOR);
    }
    bytes_add_span(&c->pending, packet);
    want_post(c);
}

static void polling_close(struct client *c, bool goodbye)
{
    if (goodbye && c->sid[0] != '\0' && conn_is_open(&c->post) && !c->post_busy) {
        write_post(c, SPAN("1"), conn_out(&c->post));
    }
    conn_close(&c->post);
    conn_close(&c->conn);
}

const struct transport transport_polling = {
    .name = "polling",
    .descriptors = 2,
    .open = polling_open,
    .send = polling_send,
    .close = polling_close,
};
