// SPDX-License-Identifier: MIT
#include "src/net/ws_raw.h"

#include <stdlib.h>

#include "protocol/http_head.h"
#include "protocol/ws_frame.h"
#include "src/base/memory.h"
#include "src/net/ws_accept.h"

struct ws_raw {
    struct ws_conn conn;
    const struct ws_raw_endpoint *endpoint;
    struct outq out;
    struct turn_hook flush_hook;
    void *data;
    bool is_open;
    bool overflowed; /* its queue has no room: dropped at the end of the turn */
};

static struct ws_raw *of_conn(struct ws_conn *c)
{
    return container_of(c, struct ws_raw, conn);
}

static void end(struct ws_raw *r, bool in_error)
{
    if (r->is_open) {
        r->is_open = false;
        executor_cancel_hook(&r->conn.loop->executor, &r->flush_hook);
        r->endpoint->on_close(r, in_error, r->endpoint->arg);
    }
}

static void flush(struct turn_hook *hook)
{
    struct ws_raw *r = container_of(hook, struct ws_raw, flush_hook);

    if (!r->overflowed) {
        ws_conn_flush(&r->conn, &r->out);
    }
    if (r->is_open && (r->overflowed || outq_bytes(&r->out) > r->endpoint->queue_bytes_max)) {
        stats_add(&r->conn.loop->stats, STAT_SLOW_CONSUMERS, 1);
        ws_conn_abort(&r->conn);
        end(r, true);
    }
}

static void flush_soon(struct ws_conn *c)
{
    executor_at_turn_end(&c->loop->executor, &of_conn(c)->flush_hook, TURN_FLUSH);
}

static struct outq *queue(struct ws_conn *c)
{
    return &of_conn(c)->out;
}

static void on_message(struct ws_conn *c, bool is_binary, struct span data)
{
    struct ws_raw *r = of_conn(c);
    r->endpoint->on_message(r, is_binary, data, r->endpoint->arg);
}

static void on_gone(struct ws_conn *c, enum ws_end how)
{
    end(of_conn(c), how == WS_END_ERROR);
}

static void on_free(struct ws_conn *c)
{
    outq_clear(&of_conn(c)->out);
    free(of_conn(c));
}

static const struct ws_conn_ops conn_ops = {
    .on_message = on_message,
    .queue = queue,
    .flush_soon = flush_soon,
    .on_gone = on_gone,
    .on_free = on_free,
};

/* Not dropped here: whoever sends does not expect on_close from within. */
static void push(struct ws_raw *r, struct frame *f)
{
    r->overflowed |= !outq_push(&r->out, f);
    flush_soon(&r->conn);
}

void ws_raw_send(struct ws_raw *r, bool is_binary, struct span data)
{
    uint8_t head[WS_HEAD_MAX];

    if (!r->is_open) {
        return;
    }
    size_t head_len = ws_frame_encode_head(head, is_binary ? WS_BINARY : WS_TEXT, true, data.len);
    struct frame *f = frame_create((uint32_t)(head_len + data.len));
    frame_append(f, span_of(head, head_len));
    frame_append(f, data);
    push(r, f);
    frame_release(f);
}

void ws_raw_close(struct ws_raw *r)
{
    if (r->is_open) {
        end(r, false);
        ws_conn_close(&r->conn, &r->out, 0);
    }
}

unsigned ws_raw_loop_index(const struct ws_raw *r)
{
    return r->conn.loop->executor.index;
}

void *ws_raw_data(const struct ws_raw *r)
{
    return r->data;
}

void ws_raw_set_data(struct ws_raw *r, void *data)
{
    r->data = data;
}

static void open_conn(const struct ws_raw_endpoint *ep, struct http_upgrade *u,
                      const struct ws_answer *answer)
{
    struct ws_raw *r = xcalloc(1, sizeof *r);

    r->endpoint = ep;
    r->flush_hook.run = flush;
    r->is_open = true;
    ws_conn_start(&r->conn, &conn_ops, u, &ep->ws);
    ws_conn_set_deflate(&r->conn, answer->deflate_bits);
    push(r, answer->response);
    frame_release(answer->response);
    ep->on_open(r, ep->arg);
    ws_conn_feed(&r->conn, u->early.data, u->early.len);
}

void ws_raw_upgrade(struct http_upgrade *u, void *arg)
{
    const struct ws_raw_endpoint *ep = arg;
    struct http_head head;
    struct ws_answer answer;

    if (ws_accept_check(u, &head, ep->ws.connections) == 0) {
        if (ws_accept_answer(&head, (struct span){0}, ep->ws.deflate, &answer) == 0) {
            open_conn(ep, u, &answer);
        } else {
            ws_refuse(u, 400, WS_EXTENSIONS_REFUSAL, "", ep->ws.connections);
        }
    }
    bytes_finish(&u->head);
    bytes_finish(&u->early);
}
