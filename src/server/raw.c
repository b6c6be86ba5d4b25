/* src/api/rookery_raw.h: bare Engine.IO sessions and bare WebSockets behind one handle. */
// SPDX-License-Identifier: MIT
#include "src/api/rookery_raw.h"

#include <stdlib.h>

#include "protocol/utf8.h"
#include "protocol/ws_frame.h"
#include "src/base/list.h"
#include "src/base/memory.h"
#include "src/engine/request.h"
#include "src/net/ws_raw.h"
#include "src/server/rookery_internal.h"
#include "src/server/server.h"

/* One of the two is set while the connection is open. */
struct rookery_conn {
    struct list_node node; /* of a WebSocket, among those of its endpoint and loop */
    const struct rookery_conn_handlers *handlers;
    struct session *session;
    struct ws_raw *websocket;
    void *data;
};

/* What rookery_engine set up. */
struct raw_engine {
    struct raw_engine *next;
    struct rookery *server;
    struct rookery_conn_handlers handlers;
    struct engine_app app;
};

/* What rookery_websocket set up. */
struct raw_websocket {
    struct raw_websocket *next;
    struct rookery_conn_handlers handlers;
    struct ws_raw_endpoint endpoint;
    char *path;
    struct list *open; /* by loop, since at shutdown each closes its own */
};

static void opened(struct rookery_conn *conn)
{
    if (conn->handlers->on_open != NULL) {
        conn->handlers->on_open(conn, conn->handlers->arg);
    }
}

static void received(struct rookery_conn *conn, bool is_binary, struct span data)
{
    conn->handlers->on_message(conn, is_binary, (struct rookery_bin){data.data, data.len},
                               conn->handlers->arg);
}

static void closed(struct rookery_conn *conn, const char *reason)
{
    conn->session = NULL;
    conn->websocket = NULL;
    if (conn->handlers->on_close != NULL) {
        conn->handlers->on_close(conn, reason, conn->handlers->arg);
    }
    free(conn);
}

/* ---- Engine.IO ---- */

static void engine_on_open(struct session *s, void *arg)
{
    struct raw_engine *raw = arg;
    struct rookery_conn *conn = xcalloc(1, sizeof *conn);

    conn->handlers = &raw->handlers;
    conn->session = s;
    s->app = conn;
    opened(conn);
}

static void engine_on_text(struct session *s, struct span text)
{
    received(s->app, false, text);
}

static void engine_on_binary(struct session *s, struct span data)
{
    received(s->app, true, data);
}

static void engine_on_close(struct session *s, enum session_reason reason)
{
    closed(s->app, session_reason_text(reason));
}

static void engine_ask(struct rookery_handshake *h, void *arg)
{
    io_ask(&((struct raw_engine *)arg)->server->io, h);
}

void raw_prepare(struct rookery *io)
{
    for (struct raw_engine *raw = io->raw_engines; raw != NULL; raw = raw->next) {
        raw->app.allow = io->io.allow == NULL ? NULL : engine_ask;
    }
}

int rookery_engine(struct rookery *io, const char *path,
                   const struct rookery_conn_handlers *handlers)
{
    struct raw_engine *raw = xcalloc(1, sizeof *raw);
    const struct engine_app **apps = xcalloc(io->loop_count, sizeof *apps);

    raw->server = io;
    raw->handlers = *handlers;
    raw->app = (struct engine_app){
        .on_open = engine_on_open,
        .on_text = engine_on_text,
        .on_binary = engine_on_binary,
        .on_close = engine_on_close,
        .arg = raw,
    };
    raw->next = io->raw_engines;
    io->raw_engines = raw;
    for (unsigned i = 0; i < io->loop_count; i++) {
        apps[i] = &raw->app;
    }
    server_add_endpoint(io, path, apps);
    free(apps);
    return 0;
}

static int send_to_session(struct session *s, bool is_binary, struct span data)
{
    uint8_t head[WS_HEAD_MAX];
    size_t len = data.len + (is_binary ? 0 : 1);
    size_t head_len = ws_frame_encode_head(head, is_binary ? WS_BINARY : WS_TEXT, true, len);
    struct frame *f = frame_create((uint32_t)(head_len + len));

    frame_append(f, span_of(head, head_len));
    if (!is_binary) {
        frame_append(f, SPAN("4")); /* an Engine.IO message */
    }
    frame_append(f, data);
    session_send(s, f);
    frame_release(f);
    return 0;
}

/* ---- WebSocket ---- */

static void websocket_on_open(struct ws_raw *ws, void *arg)
{
    struct raw_websocket *raw = arg;
    struct rookery_conn *conn = xcalloc(1, sizeof *conn);

    conn->handlers = &raw->handlers;
    conn->websocket = ws;
    list_add(&raw->open[ws_raw_loop_index(ws)], &conn->node);
    ws_raw_set_data(ws, conn);
    opened(conn);
}

static void websocket_on_message(struct ws_raw *ws, bool is_binary, struct span data, void *arg)
{
    received(ws_raw_data(ws), is_binary, data);
}

static void websocket_on_close(struct ws_raw *ws, bool in_error, void *arg)
{
    struct rookery_conn *conn = ws_raw_data(ws);

    list_remove(&conn->node);
    closed(conn, session_reason_text(in_error ? REASON_TRANSPORT_ERROR : REASON_TRANSPORT_CLOSE));
}

int rookery_websocket(struct rookery *io, const char *path, size_t message_bytes_max, bool deflate,
                      const struct rookery_conn_handlers *handlers)
{
    if (message_bytes_max > FRAME_BYTES_MAX) {
        return ROOKERY_EINVAL;
    }
    struct raw_websocket *raw = xcalloc(1, sizeof *raw);
    raw->handlers = *handlers;
    raw->path = xnonnull(strdup(path));
    raw->open = xcalloc(io->loop_count, sizeof *raw->open);
    raw->endpoint = (struct ws_raw_endpoint){
        .on_open = websocket_on_open,
        .on_message = websocket_on_message,
        .on_close = websocket_on_close,
        .arg = raw,
        .ws = server_ws_options(io, message_bytes_max),
        .queue_bytes_max = io->options.queue_bytes_max + message_bytes_max,
    };
    raw->endpoint.ws.deflate = deflate;
    raw->next = io->raw_websockets;
    io->raw_websockets = raw;
    server_add_route(io, &(struct http_route){
                             .path = raw->path,
                             .on_upgrade = ws_raw_upgrade,
                             .arg = &raw->endpoint,
                         });
    return 0;
}

/* ---- both ---- */

int rookery_conn_send(struct rookery_conn *conn, bool is_binary, struct rookery_bin data)
{
    struct span content = span_of(data.data, data.len);

    if (content.len > FRAME_BYTES_MAX / 2) {
        return ROOKERY_ELIMIT;
    }
    if (!is_binary && !utf8_valid(content)) {
        return ROOKERY_EINVAL;
    }
    if (conn->session != NULL) {
        return send_to_session(conn->session, is_binary, content);
    }
    if (conn->websocket == NULL) {
        return ROOKERY_EGONE;
    }
    ws_raw_send(conn->websocket, is_binary, content);
    return 0;
}

void rookery_conn_close(struct rookery_conn *conn)
{
    if (conn->session != NULL) {
        session_close(conn->session, REASON_FORCED_CLOSE);
    } else if (conn->websocket != NULL) {
        ws_raw_close(conn->websocket);
    }
}

const struct rookery_request *rookery_conn_request(const struct rookery_conn *conn)
{
    return conn->session == NULL ? NULL : conn->session->request;
}

void rookery_conn_post_headers(const struct rookery_conn *conn, rookery_pair_fn fn, void *arg)
{
    struct span head = conn->session == NULL ? (struct span){0} : conn->session->engine->post_head;

    if (head.len > 0) {
        struct rookery_request *post = request_create(head, "", false, 0);
        rookery_request_headers(post, fn, arg);
        request_release(post);
    }
}

void *rookery_conn_data(const struct rookery_conn *conn)
{
    return conn->data;
}

void rookery_conn_set_data(struct rookery_conn *conn, void *data)
{
    conn->data = data;
}

void raw_shutdown(struct rookery *io, unsigned loop)
{
    for (struct raw_websocket *raw = io->raw_websockets; raw != NULL; raw = raw->next) {
        struct list *open = &raw->open[loop];
        while (open->first != NULL) {
            ws_raw_close(container_of(open->first, struct rookery_conn, node)->websocket);
        }
    }
}

void raw_finish(struct rookery *io)
{
    while (io->raw_websockets != NULL) {
        struct raw_websocket *raw = io->raw_websockets;
        io->raw_websockets = raw->next;
        free(raw->open);
        free(raw->path);
        free(raw);
    }
    while (io->raw_engines != NULL) {
        struct raw_engine *raw = io->raw_engines;
        io->raw_engines = raw->next;
        free(raw);
    }
}
