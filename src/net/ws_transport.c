// SPDX-License-Identifier: MIT
#include "src/net/ws_transport.h"

#include <stdlib.h>

#include "src/base/memory.h"
#include "src/engine/session.h"
#include "src/net/ws_transport_internal.h"

/* ---- from the connection to the session ---- */

static void on_message(struct ws_conn *c, bool is_binary, struct span data)
{
    struct ws_transport *t = ws_transport_of_conn(c);

    if (t->base.session == NULL) {
        return;
    }
    if (is_binary) {
        session_receive_binary(t->base.session, &t->base, data);
    } else {
        session_receive_text(t->base.session, &t->base, data);
    }
}

static struct outq *queue(struct ws_conn *c)
{
    struct session *s = ws_transport_of_conn(c)->base.session;
    /* While it probes, the session's queue is not the WebSocket's yet. */
    return s != NULL && s->transport == &ws_transport_of_conn(c)->base ? &s->queue : NULL;
}

void ws_transport_flush_soon(struct ws_conn *c)
{
    if (ws_transport_of_conn(c)->base.session != NULL) {
        session_flush_soon(ws_transport_of_conn(c)->base.session);
    }
}

void ws_transport_on_gone(struct ws_conn *c, enum ws_end end)
{
    struct ws_transport *t = ws_transport_of_conn(c);
    struct session *s = t->base.session;

    if (s != NULL) {
        t->base.session = NULL;
        session_transport_gone(
            s, &t->base, end == WS_END_ERROR ? REASON_TRANSPORT_ERROR : REASON_TRANSPORT_CLOSE);
    }
}

static void on_free(struct ws_conn *c)
{
    free(ws_transport_of_conn(c));
}

static const struct ws_conn_ops conn_ops = {
    .on_message = on_message,
    .queue = queue,
    .flush_soon = ws_transport_flush_soon,
    .on_gone = ws_transport_on_gone,
    .on_free = on_free,
};

/* ---- from the session to the connection ---- */

static void flush(struct transport *t, struct outq *q)
{
    ws_conn_flush(&ws_transport_of_base(t)->conn, q);
}

bool ws_transport_writable(const struct transport *t)
{
    return ws_conn_writable(&ws_transport_of_base(t)->conn);
}

void ws_transport_close_with(struct transport *t, struct outq *q)
{
    struct session *s = t->session;

    ws_conn_close(&ws_transport_of_base(t)->conn, q, 0);
    if (s != NULL) { /* nothing that the session could still be asked for */
        t->session = NULL;
        session_transport_gone(s, t, REASON_FORCED_CLOSE);
    }
}

void ws_transport_abort(struct transport *t)
{
    ws_conn_abort(&ws_transport_of_base(t)->conn);
}

bool ws_transport_cut(struct transport *t)
{
    ws_conn_cut(&ws_transport_of_base(t)->conn);
    return true;
}

static const struct transport_ops transport_ops = {
    .kind = TRANSPORT_WEBSOCKET,
    .flush = flush,
    .writable = ws_transport_writable,
    .close = ws_transport_close_with,
    .abort = ws_transport_abort,
    .release_poll = NULL,
    .cut = ws_transport_cut,
};

struct ws_transport *ws_transport_create(const struct http_upgrade *u,
                                         const struct ws_conn_options *options,
                                         unsigned deflate_bits)
{
    struct ws_transport *t = xcalloc(1, sizeof *t);

    t->base.ops = &transport_ops;
    ws_conn_start(&t->conn, &conn_ops, u, options);
    ws_conn_set_deflate(&t->conn, deflate_bits);
    return t;
}

struct transport *ws_transport_base(struct ws_transport *t)
{
    return &t->base;
}

void ws_transport_feed(struct ws_transport *t, uint8_t *p, size_t n)
{
    ws_conn_feed(&t->conn, p, n);
}

void ws_transport_close(struct ws_transport *t)
{
    struct outq nothing = {0};
    ws_conn_close(&t->conn, &nothing, 0);
}
