// SPDX-License-Identifier: MIT
#include "src/net/ws3_transport.h"

#include <stdlib.h>

#include "protocol/eio3_payload.h"
#include "src/base/memory.h"
#include "src/engine/session.h"
#include "src/net/ws_transport_internal.h"

struct ws3_transport {
    struct ws_transport ws;
    struct outq out; /* as it is sent */
};

static struct ws3_transport *of_conn(struct ws_conn *c)
{
    return container_of(ws_transport_of_conn(c), struct ws3_transport, ws);
}

static struct ws3_transport *of_base(const struct transport *t)
{
    return container_of(ws_transport_of_base(t), struct ws3_transport, ws);
}

/* ---- what is sent ---- */

static bool take_anew(struct ws3_transport *t, struct outq *q, struct span frames, bool no_compress)
{
    struct bytes anew = {0};

    eio3_frames_encode(&anew, frames);
    struct frame *f = frame_copy(bytes_span(&anew));
    f->no_compress = no_compress;
    bool taken = outq_push(&t->out, f);
    if (taken) {
        outq_consume(q, frames.len);
    }
    frame_release(f);
    bytes_finish(&anew);
    return taken;
}

/* Moves segments, which hold whole frames, until the queue of its own has so many bytes. */
static void take(struct ws3_transport *t, struct outq *q, size_t bytes_max)
{
    size_t bytes = outq_bytes(&t->out);
    bool taken = true;

    while (taken && !outq_empty(q) && bytes < bytes_max) {
        const struct frame *f;
        struct span frames = outq_front(q, &f);
        bytes += frames.len;
        taken = eio3_frames_differ(frames) ? take_anew(t, q, frames, f->no_compress)
                                           : outq_shift(q, &t->out);
    }
}

static void take_all(struct ws3_transport *t, struct outq *q)
{
    take(t, q, SIZE_MAX);
    outq_clear(q); /* what did not fit, if anything, had no room */
}

/* ---- from the connection to the session ---- */

static bool probing(const struct ws3_transport *t)
{
    return t->ws.base.session->transport != &t->ws.base;
}

static void on_text(struct ws3_transport *t, struct session *s, struct span text)
{
    struct eio_packet packet;

    if (probing(t) || text.len == 0 || text.data[0] != 'b') {
        session_receive_text(s, &t->ws.base, text);
    } else if (eio3_packet_decode(text, &packet) < 0) {
        session_receive_garbage(s, &t->ws.base);
    } else {
        session_receive_packet(s, &t->ws.base, &packet);
    }
}

static void on_message(struct ws_conn *c, bool is_binary, struct span data)
{
    struct ws3_transport *t = of_conn(c);
    struct session *s = t->ws.base.session;

    if (s == NULL) {
        return;
    }
    if (!is_binary) {
        on_text(t, s, data);
    } else if (eio3_message_decode(data, &data) < 0) {
        session_receive_garbage(s, &t->ws.base);
    } else {
        session_receive_binary(s, &t->ws.base, data);
    }
}

static struct outq *queue(struct ws_conn *c)
{
    struct ws3_transport *t = of_conn(c);
    return t->ws.base.session != NULL && !probing(t) ? &t->out : NULL;
}

/* What the session has left, which is final once it has been told, still goes out. */
static void on_gone(struct ws_conn *c, enum ws_end end)
{
    struct ws3_transport *t = of_conn(c);
    struct session *s = t->ws.base.session;
    struct outq *q = s != NULL && !probing(t) ? &s->queue : NULL;

    ws_transport_on_gone(c, end);
    if (q != NULL) {
        take_all(t, q);
    }
}

static void on_free(struct ws_conn *c)
{
    struct ws3_transport *t = of_conn(c);

    outq_clear(&t->out);
    free(t);
}

static const struct ws_conn_ops conn_ops = {
    .on_message = on_message,
    .queue = queue,
    .flush_soon = ws_transport_flush_soon,
    .on_gone = on_gone,
    .on_free = on_free,
};

/* ---- from the session to the connection ---- */

static void flush(struct transport *base, struct outq *q)
{
    struct ws3_transport *t = of_base(base);

    do {
        take(t, q, WS3_TAKEN_BYTES);
        ws_conn_flush(&t->ws.conn, &t->out);
    } while (!outq_empty(q) && ws_conn_writable(&t->ws.conn));
}

static void close_orderly(struct transport *base, struct outq *q)
{
    struct ws3_transport *t = of_base(base);

    take_all(t, q);
    ws_transport_close_with(base, &t->out);
}

static const struct transport_ops transport_ops = {
    .kind = TRANSPORT_WEBSOCKET,
    .flush = flush,
    .writable = ws_transport_writable,
    .close = close_orderly,
    .abort = ws_transport_abort,
    .release_poll = NULL,
    .cut = ws_transport_cut,
};

struct ws_transport *ws3_transport_create(const struct http_upgrade *u,
                                          const struct ws_conn_options *options,
                                          const struct ws_answer *answer)
{
    struct ws3_transport *t = xcalloc(1, sizeof *t);

    t->ws.base.ops = &transport_ops;
    (void)!outq_push(&t->out, answer->response); /* an empty queue has room */
    ws_conn_start(&t->ws.conn, &conn_ops, u, options);
    ws_conn_set_deflate(&t->ws.conn, answer->deflate_bits);
    return &t->ws;
}
