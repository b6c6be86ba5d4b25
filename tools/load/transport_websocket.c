/* Engine.IO over WebSocket from the first byte: frames are taken apart where they were read. */
// SPDX-License-Identifier: MIT
#include "tools/load/client.h"
#include "tools/load/http_response.h"

#include <stddef.h>

#include "protocol/ws_extensions.h"
#include "protocol/ws_frame.h"
#include "protocol/ws_handshake.h"

enum { STATUS_SWITCHING = 101, MESSAGE_BYTES_MAX = 8 << 20 };

/* The key of RFC 6455 1.3 and the SHA-1 of its challenge: a proof that the peer speaks WebSocket,
 * which is all that it is for. */
static const uint8_t digest[WS_DIGEST_LEN] = {0xb3, 0x7a, 0x4f, 0x2c, 0xc0, 0x62, 0x4f,
                                              0x16, 0x90, 0xf6, 0x46, 0x06, 0xcf, 0x38,
                                              0x59, 0x45, 0xb2, 0xbe, 0xc4, 0xea};
#define KEY SPAN("dGhlIHNhbXBsZSBub25jZQ==")

static struct client *client_of(struct conn *conn)
{
    return (struct client *)((char *)conn - offsetof(struct client, conn));
}

static void write_handshake(struct client *c)
{
    struct bytes *target = &c->swarm->packet;

    bytes_clear(target);
    bytes_add_cstr(target, c->swarm->options->path);
    bytes_add_cstr(target, "?EIO=4&transport=websocket");
    ws_handshake_request(client_host(c), bytes_span(target), KEY,
                         c->swarm->options->deflate ? ws_extensions_offer() : SPAN(""),
                         conn_out(&c->conn));
}

static void write_frame(struct client *c, enum ws_opcode opcode, struct span payload)
{
    struct ws_frame_head head = {
        .opcode = opcode, .fin = true, .masked = true, .payload_len = payload.len};
    uint32_t mask = swarm_random(c->swarm);
    struct bytes *out = conn_out(&c->conn);
    uint8_t *at = bytes_reserve(out, WS_HEAD_MAX + payload.len);

    memcpy(head.mask, &mask, sizeof mask);
    at += ws_frame_encode(at, &head);
    if (payload.len > 0) {
        memcpy(at, payload.data, payload.len);
        ws_mask(at, payload.len, head.mask, 0);
    }
    out->len = (size_t)(at + payload.len - out->data);
}

/* The answer to the handshake: its bytes, 0 when it has not come whole, -1 when it is none. */
static ssize_t take_handshake(struct client *c, struct span in)
{
    struct http_head head;
    ssize_t n = http_response_head(in, &head);

    if (n <= 0) {
        return n;
    }
    if (head.status != STATUS_SWITCHING) {
        client_abandon(c, CLIENT_HTTP_STATUS);
        return n;
    }
    if (ws_handshake_check_response(&head, digest) < 0) {
        return -1;
    }
    c->deflated = ws_extensions_agreed(&head);
    if (c->deflated != c->swarm->options->deflate) {
        return -1;
    }
    c->upgraded = true;
    return n;
}

/* A text message in several frames is put together in c->pending. */
static int take_fragment(struct client *c, const struct ws_frame_head *head, struct span payload)
{
    bool first = head->opcode == WS_TEXT;

    if (head->opcode == WS_BINARY || (head->opcode == WS_CONTINUATION && c->pending.len == 0)) {
        c->swarm->packets_ignored++; /* of an attachment, which no template has */
        return 0;
    }
    if (first == (c->pending.len > 0) || c->pending.len + payload.len > MESSAGE_BYTES_MAX) {
        return -1;
    }
    bytes_add_span(&c->pending, payload);
    if (head->fin) {
        struct bytes message = c->pending;
        c->pending = (struct bytes){0};
        client_on_packet(c, bytes_span(&message));
        bytes_finish(&message);
    }
    return 0;
}

/* Inflates a compressed message, which is not expected in fragments; -1 also for a reserved bit
 * without a meaning. */
static int unpack(struct client *c, const struct ws_frame_head *head, struct span *payload)
{
    bool whole = head->fin && (head->opcode == WS_TEXT || head->opcode == WS_BINARY);

    if (head->rsv == 0) {
        return 0;
    }
    if (head->rsv != WS_RSV1 || !c->deflated || !whole) {
        return -1;
    }
    return inflater_run(&c->swarm->inflater, *payload, payload);
}

static int take_frame(struct client *c, const struct ws_frame_head *head, struct span payload)
{
    if (head->masked || unpack(c, head, &payload) < 0) {
        return -1;
    }
    switch (head->opcode) {
    case WS_TEXT:
        if (head->fin && c->pending.len == 0) {
            client_on_packet(c, payload);
            return 0;
        }
        return take_fragment(c, head, payload);
    case WS_CONTINUATION:
    case WS_BINARY:
        return take_fragment(c, head, payload);
    case WS_PING:
        write_frame(c, WS_PONG, payload);
        return 0;
    case WS_CLOSE:
        write_frame(c, WS_CLOSE, span_of(payload.data, payload.len < 2 ? 0 : 2));
        client_abandon(c, CLIENT_DISCONNECTED);
        return 0;
    case WS_PONG:
        return 0;
    }
    return -1;
}

static ssize_t on_bytes(struct conn *conn, struct span in)
{
    struct client *c = client_of(conn);
    struct ws_frame_head head;
    size_t used = 0;

    if (!c->upgraded) {
        ssize_t n = take_handshake(c, in);
        if (n <= 0 || !conn_is_open(conn)) {
            return n;
        }
        used = (size_t)n;
    }
    while (conn_is_open(conn)) {
        struct span rest = span_skip(in, used);
        int n = ws_frame_decode_head(rest.data, rest.len, &head);
        if (n < 0) {
            return -1;
        }
        if (n == 0 || rest.len - (size_t)n < head.payload_len) {
            return (ssize_t)used;
        }
        if (take_frame(c, &head, span_of(rest.data + n, head.payload_len)) < 0) {
            return -1;
        }
        used += (size_t)n + head.payload_len;
    }
    return (ssize_t)used;
}

static void on_lost(struct conn *conn, enum conn_loss why)
{
    client_on_conn_lost(client_of(conn), why);
}

static const struct conn_ops ops = {.on_bytes = on_bytes, .on_lost = on_lost};

static int websocket_open(struct client *c)
{
    if (client_open_conn(c, &c->conn, &ops) < 0) {
        return -1;
    }
    write_handshake(c);
    return 0;
}

static void websocket_send(struct client *c, struct span packet)
{
    write_frame(c, WS_TEXT, packet);
}

static void websocket_close(struct client *c, bool goodbye)
{
    if (goodbye && c->upgraded && conn_is_open(&c->conn)) {
        write_frame(c, WS_CLOSE, SPAN(""));
    }
    conn_close(&c->conn);
}

const struct transport transport_websocket = {
    .name = "websocket",
    .descriptors = 1,
    .open = websocket_open,
    .send = websocket_send,
    .close = websocket_close,
};
