// SPDX-License-Identifier: MIT
#include "src/net/ws_conn.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/ws_frame.h"
#include "src/base/list.h"
#include "src/base/memory.h"
#include "src/net/http.h"
#include "src/net/tls.h"
#include "src/net/ws_deflate.h"

enum { IOV_MAX_PER_WRITE = 64 };

/* What a connection needs only while it says goodbye. */
struct ws_closing {
    struct list_node node; /* in loop->ws_closing */
    struct ws_conn *conn;
    struct timer timeout;
    struct outq rest; /* what was queued, and the Close frame */
    bool shut;        /* all of it is sent */
};

enum written {
    WRITTEN_ALL,
    WRITTEN_SOME,   /* the kernel takes no more now */
    WRITTEN_BROKEN, /* nobody will read it */
};

/* ---- the end ---- */

/* At the end of the turn: handlers that are under way may hold what the reader has given them, and
 * the poller a readiness that comes too late. */
static void free_closed(struct turn_hook *hook)
{
    struct loop *loop = container_of(hook, struct loop, ws_free_hook);

    while (loop->ws_closed != NULL) {
        struct ws_conn *c = loop->ws_closed;
        loop->ws_closed = c->next_closed;
        ws_reader_finish(&c->reader);
        c->ops->on_free(c);
    }
}

static void free_closing(struct ws_conn *c)
{
    struct ws_closing *closing = c->closing;

    if (closing != NULL) {
        list_remove(&closing->node);
        executor_timer_stop(&c->loop->executor, &closing->timeout);
        outq_clear(&closing->rest);
        free(closing);
        c->closing = NULL;
    }
}

static void finish(struct ws_conn *c)
{
    assert(c->fd >= 0);
    if (c->ssl != NULL) {
        tls_free(c->ssl);
        c->ssl = NULL;
    }
    close(c->fd);
    c->fd = -1;
    free_closing(c);
    if (c->options->connections != NULL) {
        http_connection_closed(c->options->connections);
    }
    c->next_closed = c->loop->ws_closed;
    c->loop->ws_closed = c;
    c->loop->ws_free_hook.run = free_closed;
    executor_at_turn_end(&c->loop->executor, &c->loop->ws_free_hook, TURN_FLUSH);
}

static void tell(struct ws_conn *c, enum ws_end end)
{
    if (!c->told) {
        c->told = true;
        c->ops->on_gone(c, end);
    }
}

static void broken(struct ws_conn *c)
{
    tell(c, WS_END_CLOSED);
    finish(c);
}

/* ---- writing ---- */

static void set_blocked(struct ws_conn *c, bool blocked)
{
    c->blocked = blocked;
    poller_want_write(&c->loop->poller, c->fd, &c->watch, blocked);
}

/* One segment is the common case, and send costs the kernel less than sendmsg. */
static ssize_t send_segments(const struct ws_conn *c, struct iovec *iov, int count)
{
    struct msghdr message = {.msg_iov = iov, .msg_iovlen = (size_t)count};

    if (c->ssl != NULL) {
        return tls_send(c->ssl, iov, count);
    }
    if (count == 1) {
        return send(c->fd, iov->iov_base, iov->iov_len, MSG_NOSIGNAL);
    }
    return sendmsg(c->fd, &message, MSG_NOSIGNAL);
}

static void compress_next(struct ws_conn *c, struct outq *q)
{
    if (c->deflate_bits != 0) {
        ws_deflate_queue(c->loop->ws_deflate, q, IOV_MAX_PER_WRITE, c->deflate_bits,
                         c->options->deflate_threshold);
    }
}

static enum written write_queue(struct ws_conn *c, struct outq *q)
{
    struct iovec iov[IOV_MAX_PER_WRITE];

    while (!outq_empty(q)) {
        ssize_t offered = 0;
        compress_next(c, q);
        int count = outq_iovec(q, iov, IOV_MAX_PER_WRITE);
        for (int i = 0; i < count; i++) {
            offered += (ssize_t)iov[i].iov_len;
        }
        ssize_t n = send_segments(c, iov, count);
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            return WRITTEN_BROKEN;
        }
        if (n > 0) {
            outq_consume(q, (size_t)n);
        }
        if (n < offered) {
            set_blocked(c, true);
            return WRITTEN_SOME;
        }
    }
    return WRITTEN_ALL;
}

void ws_conn_flush(struct ws_conn *c, struct outq *q)
{
    if (ws_conn_writable(c) && write_queue(c, q) == WRITTEN_BROKEN) {
        broken(c);
    }
}

static void flush_rest(struct ws_conn *c)
{
    struct ws_closing *closing = c->closing;

    switch (write_queue(c, &closing->rest)) {
    case WRITTEN_ALL:
        /* The peer sees the Close frame and then the end. Reading goes on until its end comes, so
         * that what it has still sent does not turn our last words into a reset. */
        closing->shut = true;
        if (c->ssl != NULL) {
            tls_say_goodbye(c->ssl);
        }
        (void)shutdown(c->fd, SHUT_WR);
        break;
    case WRITTEN_SOME:
        break;
    case WRITTEN_BROKEN:
        finish(c);
        break;
    }
}

/* ---- closing ---- */

static void on_close_timeout(struct timer *timer)
{
    finish(container_of(timer, struct ws_closing, timeout)->conn);
}

static struct frame *control_frame(enum ws_opcode opcode, struct span payload)
{
    uint8_t head[WS_HEAD_MAX];
    struct frame *f = frame_create((uint32_t)(sizeof head + payload.len));

    frame_append(f, span_of(head, ws_frame_encode_head(head, opcode, true, payload.len)));
    frame_append(f, payload);
    return f;
}

static void queue_close_frame(struct outq *q, unsigned code)
{
    uint8_t payload[2];

    store_be16(payload, (uint16_t)code);
    struct frame *f = control_frame(WS_CLOSE, span_of(payload, code == 0 ? 0 : sizeof payload));
    (void)!outq_push(q, f); /* a queue without room goes out without it */
    frame_release(f);
}

/* q NULL: what is queued goes down with the connection. If some frame of it has been sent in part,
 * a Close frame cannot follow, and the connection just ends. */
static void begin_closing(struct ws_conn *c, struct outq *q, unsigned code)
{
    if (q == NULL && c->blocked) {
        finish(c);
        return;
    }
    struct ws_closing *closing = xcalloc(1, sizeof *closing);

    closing->conn = c;
    list_add(&c->loop->ws_closing, &closing->node);
    c->closing = closing;
    closing->timeout.fire = on_close_timeout;
    executor_timer_start(&c->loop->executor, &closing->timeout, c->options->close_timeout_ms);
    if (q != NULL) {
        outq_move(q, &closing->rest);
    }
    queue_close_frame(&closing->rest, code);
    if (!c->blocked) {
        flush_rest(c);
    }
}

void ws_conn_close(struct ws_conn *c, struct outq *q, unsigned code)
{
    c->told = true;
    if (c->fd >= 0 && c->closing == NULL) {
        begin_closing(c, q, code);
    } else {
        outq_clear(q);
    }
}

void ws_conn_abort(struct ws_conn *c)
{
    c->told = true;
    if (c->fd >= 0) {
        finish(c);
    }
}

void ws_conn_cut(struct ws_conn *c)
{
    static const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    if (c->fd >= 0) {
        (void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        (void)shutdown(c->fd, SHUT_RDWR);
    }
}

void ws_conn_abort_closing(struct loop *loop)
{
    while (loop->ws_closing.first != NULL) {
        ws_conn_abort(container_of(loop->ws_closing.first, struct ws_closing, node)->conn);
    }
}

/* The peer has ended it. The owner is told first: that takes corks off the queue, whose content is
 * then final and still goes out, as the answer to what came before the end. */
static void end_by_peer(struct ws_conn *c, unsigned code, enum ws_end end)
{
    struct outq *q = c->ops->queue(c);

    tell(c, end);
    begin_closing(c, q, code);
}

/* ---- reading ---- */

static void answer_ping(struct ws_conn *c, struct span payload)
{
    struct outq *q = c->ops->queue(c);

    if (q != NULL) {
        struct frame *f = control_frame(WS_PONG, payload);
        (void)!outq_push(q, f); /* a queue without room is its owner's business */
        frame_release(f);
        c->ops->flush_soon(c);
    }
}

static int inflate_message(const struct ws_conn *c, const struct ws_event *ev, struct span *data)
{
    int error =
        ws_deflate_inflate(c->loop->ws_deflate, ev->payload, c->reader.message_bytes_max, data);

    if (error == 0 && ev->type == WS_EVENT_TEXT && !utf8_valid(*data)) {
        return WS_EUTF8;
    }
    return error;
}

static void take_message(struct ws_conn *c, const struct ws_event *ev)
{
    struct span data = ev->payload;
    int error = ev->compressed ? inflate_message(c, ev, &data) : 0;

    if (error < 0) {
        end_by_peer(c, ws_error_close_code(error), WS_END_ERROR);
    } else {
        c->ops->on_message(c, ev->type == WS_EVENT_BINARY, data);
    }
    if (ev->compressed) {
        ws_deflate_forget(c->loop->ws_deflate);
    }
}

static void take_event(struct ws_conn *c, const struct ws_event *ev)
{
    switch (ev->type) {
    case WS_EVENT_TEXT:
    case WS_EVENT_BINARY:
        take_message(c, ev);
        break;
    case WS_EVENT_PING:
        answer_ping(c, ev->payload);
        break;
    case WS_EVENT_CLOSE: /* answered with the code that came */
        end_by_peer(c, ev->close_code == WS_CODE_NONE ? 0 : ev->close_code, WS_END_CLOSED);
        break;
    case WS_EVENT_PONG:
    case WS_EVENT_NONE:
        break;
    }
}

void ws_conn_feed(struct ws_conn *c, uint8_t *p, size_t n)
{
    struct ws_event ev;

    if (c->fd < 0 || c->closing != NULL) {
        return; /* what comes now is too late */
    }
    do { /* once more after the last message: that call frees what it was collected in */
        int used = ws_reader_next(&c->reader, p, n, &ev);
        if (used < 0) {
            end_by_peer(c, ws_error_close_code(used), WS_END_ERROR);
            return;
        }
        p += used;
        n -= (size_t)used;
        take_event(c, &ev);
    } while (ev.type != WS_EVENT_NONE && c->fd >= 0 && c->closing == NULL);
}

static void read_some(struct ws_conn *c)
{
    ssize_t n = c->ssl == NULL ? recv(c->fd, c->loop->read_buffer, LOOP_READ_BYTES, 0)
                               : tls_recv(c->ssl, c->loop->read_buffer, LOOP_READ_BYTES);

    if (n > 0) {
        ws_conn_feed(c, c->loop->read_buffer, (size_t)n);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        broken(c);
    }
}

static void on_ready(struct watch *w, bool readable, bool writable)
{
    struct ws_conn *c = container_of(w, struct ws_conn, watch);

    if (writable && c->fd >= 0) {
        set_blocked(c, false);
        if (c->closing != NULL) {
            flush_rest(c);
        } else {
            c->ops->flush_soon(c);
        }
    }
    if (readable && c->fd >= 0) {
        read_some(c);
    }
}

void ws_conn_start(struct ws_conn *c, const struct ws_conn_ops *ops, const struct http_upgrade *u,
                   const struct ws_conn_options *options)
{
    c->ops = ops;
    c->loop = loop_of(u->executor);
    c->options = options;
    c->ssl = u->ssl;
    c->fd = u->fd;
    c->closing = NULL;
    c->blocked = false;
    c->told = false;
    c->deflate_bits = 0;
    if (c->ssl != NULL) {
        tls_take_over(c->ssl);
    }
    ws_reader_init(&c->reader, options->message_bytes_max, 0);
    c->watch.on_ready = on_ready;
    /* The kernel is out of memory, or at its max_user_watches. The answer to the handshake, which
     * the owner is about to flush, finds the connection broken and ends it. */
    if (poller_add(&c->loop->poller, c->fd, &c->watch) < 0) {
        (void)shutdown(c->fd, SHUT_RDWR);
    }
}

void ws_conn_set_deflate(struct ws_conn *c, unsigned window_bits)
{
    if (window_bits != 0) {
        assert(c->loop->ws_deflate != NULL);
        c->deflate_bits = (uint8_t)window_bits;
        ws_reader_init(&c->reader, c->options->message_bytes_max, WS_READER_DEFLATE);
    }
}
