// SPDX-License-Identifier: MIT
#include "src/engine/session.h"

#include <assert.h>
#include <stdlib.h>

#include "protocol/base64.h"
#include "protocol/eio_packet.h"
#include "src/base/memory.h"
#include "src/engine/engine.h"
#include "src/engine/request.h"
#include "src/engine/session_internal.h"

enum { SCRATCH_KEPT_BYTES = 64 * 1024 };

_Static_assert(STAT_CLOSED_SERVER_SHUTDOWN - STAT_CLOSED_TRANSPORT_CLOSE == REASON_SERVER_SHUTDOWN,
               "a counter for each reason");

const char *session_reason_text(enum session_reason reason)
{
    static const char *const texts[] = {
        [REASON_TRANSPORT_CLOSE] = "transport close",
        [REASON_TRANSPORT_ERROR] = "transport error",
        [REASON_PING_TIMEOUT] = "ping timeout",
        [REASON_PARSE_ERROR] = "parse error",
        [REASON_FORCED_CLOSE] = "forced close",
        [REASON_SERVER_SHUTDOWN] = "server shutting down",
    };
    return texts[reason];
}

const char *session_transport_name(const struct session *s)
{
    bool polling = s->transport == NULL || s->transport->ops->kind == TRANSPORT_POLLING;
    return polling ? "polling" : "websocket";
}

void session_drop_request(struct session *s)
{
    request_release(s->request);
    s->request = NULL;
}

/* ---- ending ---- */

static void free_session(struct turn_hook *hook)
{
    struct session *s = container_of(hook, struct session, hook);
    session_drop_request(s);
    outq_clear(&s->queue);
    free(s);
}

static void set_backlog(struct session *s, uint32_t bytes)
{
    if (bytes != s->backlog) {
        stats_add(s->engine->stats, STAT_QUEUE_BYTES, (uint64_t)bytes - s->backlog);
        s->backlog = bytes;
    }
}

/* Tells the layer above, which takes its corks off the queue by that. */
static void tell_closed(struct session *s, enum session_reason reason)
{
    struct engine *e = s->engine;

    executor_timer_stop(e->executor, &s->heartbeat);
    stats_add(e->stats, (enum stat_id)(STAT_CLOSED_TRANSPORT_CLOSE + reason), 1);
    set_backlog(s, 0);
    e->app->on_close(s, reason);
}

/* Last step: the id is forgotten now, the memory goes at the end of the turn. */
static void forget(struct session *s)
{
    struct engine *e = s->engine;

    s->state = SESSION_CLOSED;
    upgrade_cancel(s);
    map_remove(&e->sessions, session_sid(s));
    executor_cancel_hook(e->executor, &s->hook);
    s->hook.run = free_session;
    executor_at_turn_end(e->executor, &s->hook, TURN_FLUSH);
}

void session_end(struct session *s, enum session_reason reason)
{
    struct transport *t = s->transport;

    if (s->state == SESSION_CLOSED) {
        return;
    }
    bool was_open = s->state == SESSION_OPEN;
    s->state = SESSION_CLOSING;
    if (was_open) {
        tell_closed(s, reason);
    }
    s->transport = NULL;
    if (t != NULL) {
        t->session = NULL;
        t->ops->close(t, &s->queue);
    }
    forget(s);
}

void session_close(struct session *s, enum session_reason reason)
{
    if (s->state != SESSION_OPEN) {
        return;
    }
    s->state = SESSION_CLOSING;
    tell_closed(s, reason);
    executor_cancel_hook(s->engine->executor, &s->hook);
    s->transport->ops->close(s->transport, &s->queue);
}

void session_transport_gone(struct session *s, struct transport *t, enum session_reason reason)
{
    if (s->upgrade != NULL && upgrade_transport(s->upgrade) == t) {
        upgrade_forget(s);
        return;
    }
    assert(s->transport == t);
    s->transport = NULL;
    session_end(s, reason);
}

/* ---- sending ---- */

static void drop_slow_consumer(struct session *s)
{
    struct transport *t = s->transport;

    stats_add(s->engine->stats, STAT_SLOW_CONSUMERS, 1);
    s->state = SESSION_CLOSING;
    tell_closed(s, REASON_TRANSPORT_ERROR);
    s->transport = NULL;
    t->session = NULL;
    t->ops->abort(t); /* an orderly close would wait behind all that it does not read */
    forget(s);
}

static void flush(struct turn_hook *hook)
{
    struct session *s = container_of(hook, struct session, hook);

    if (s->overflowed) {
        drop_slow_consumer(s);
        return;
    }
    s->transport->ops->flush(s->transport, &s->queue);
    if (s->state != SESSION_OPEN) {
        return;
    }
    size_t left = outq_bytes(&s->queue);
    if (left > s->engine->options->queue_bytes_max) {
        drop_slow_consumer(s);
    } else {
        set_backlog(s, left < UINT32_MAX ? (uint32_t)left : UINT32_MAX);
    }
}

void session_flush_soon(struct session *s)
{
    if (s->state == SESSION_OPEN) {
        executor_at_turn_end(s->engine->executor, &s->hook, TURN_FLUSH);
    }
}

void session_queue_full(struct outq *q)
{
    struct session *s = container_of(q, struct session, queue);

    s->overflowed = true;
    session_flush_soon(s);
}

void session_send(struct session *s, struct frame *f)
{
    if (s->state == SESSION_OPEN) {
        if (!outq_push(&s->queue, f)) {
            s->overflowed = true;
        }
        session_flush_soon(s);
    }
}

void session_send_cork(struct session *s, struct cork *c)
{
    if (s->state == SESSION_OPEN) {
        if (!cork_open(c, &s->queue)) {
            s->overflowed = true;
        }
        session_flush_soon(s);
    }
}

bool session_writable(const struct session *s)
{
    return s->state == SESSION_OPEN && outq_empty(&s->queue) &&
           s->transport->ops->writable(s->transport);
}

bool session_cut(struct session *s)
{
    return s->state == SESSION_OPEN && s->transport->ops->cut(s->transport);
}

/* ---- heartbeat ---- */

static void on_heartbeat(struct timer *timer)
{
    struct session *s = container_of(timer, struct session, heartbeat);
    struct engine *e = s->engine;

    if (s->pong_due) {
        session_end(s, REASON_PING_TIMEOUT);
        return;
    }
    s->pong_due = true;
    s->pong_put_off = false;
    /* From the deadline, not from now: a late turn must not lengthen the time a peer is given. But
     * after a stall (a machine that was asleep) it gets half of it, or all would be lost at once.
     */
    uint64_t due_ms = timer->deadline_ms + e->options->ping_timeout_ms;
    uint64_t fair_ms = e->executor->now_ms + e->options->ping_timeout_ms / 2;
    timers_add(&e->executor->timers, timer, due_ms > fair_ms ? due_ms : fair_ms);
    session_send(s, e->ping);
}

void session_heartbeat_start(struct session *s)
{
    const struct engine_options *o = s->engine->options;
    unsigned ms = o->ping_interval_ms;

    if (s->eio3) {
        s->pong_due = true;
        s->pong_put_off = true;
        ms += o->ping_timeout_ms;
    }
    s->heartbeat.fire = on_heartbeat;
    executor_timer_start(s->engine->executor, &s->heartbeat, ms);
}

bool session_timed_out(struct session *s)
{
    return s->pong_due && timer_running(&s->heartbeat) &&
           s->heartbeat.deadline_ms <= s->engine->executor->now_ms;
}

static void receive_in_wrong_direction(struct session *s)
{
    stats_add(s->engine->stats, STAT_PARSE_ERRORS, 1);
    session_end(s, REASON_TRANSPORT_ERROR);
}

static void receive_ping(struct session *s)
{
    static const uint8_t pong[] = {0x81, 1, '3'};

    if (!s->eio3) {
        receive_in_wrong_direction(s);
        return;
    }
    struct frame *f = frame_copy(span_of(pong, sizeof pong));
    session_heartbeat_start(s);
    session_send(s, f);
    frame_release(f);
}

static void receive_pong(struct session *s)
{
    if (s->eio3) {
        receive_in_wrong_direction(s);
    } else if (s->pong_due) {
        s->pong_due = false;
        session_heartbeat_start(s);
    }
}

static void note_life(struct session *s)
{
    if (s->pong_due && !s->pong_put_off) {
        s->pong_put_off = true;
        executor_timer_start(s->engine->executor, &s->heartbeat,
                             s->engine->options->ping_timeout_ms);
    }
}

/* ---- receiving ---- */

/* The client says goodbye: a waiting poll is let go with a noop, as the reference does. */
static void receive_close(struct session *s)
{
    if (s->transport->ops->release_poll != NULL) {
        s->transport->ops->release_poll(s->transport);
    }
    session_end(s, REASON_TRANSPORT_CLOSE);
}

static void receive_base64(struct session *s, struct span text)
{
    struct bytes *scratch = &s->engine->scratch;

    bytes_clear(scratch);
    if (base64_decode(text, scratch) < 0) {
        session_receive_garbage(s, s->transport);
        return;
    }
    s->engine->app->on_binary(s, bytes_span(scratch));
    if (scratch->cap > SCRATCH_KEPT_BYTES) {
        bytes_finish(scratch);
    }
}

void session_receive_packet(struct session *s, struct transport *t, const struct eio_packet *packet)
{
    if (s->state != SESSION_OPEN) {
        return;
    }
    stats_add(s->engine->stats, STAT_PACKETS_RECEIVED, 1);
    switch (packet->type) {
    case EIO_MESSAGE:
        note_life(s);
        if (packet->base64) {
            receive_base64(s, packet->payload);
        } else {
            s->engine->app->on_text(s, packet->payload);
        }
        break;
    case EIO_PONG:
        receive_pong(s);
        break;
    case EIO_CLOSE:
        receive_close(s);
        break;
    case EIO_PING:
        receive_ping(s);
        break;
    case EIO_OPEN:
    case EIO_UPGRADE:
    case EIO_NOOP:
        note_life(s);
        break;
    }
}

void session_receive_text(struct session *s, struct transport *t, struct span text)
{
    struct eio_packet packet;

    if (s->upgrade != NULL && upgrade_transport(s->upgrade) == t) {
        upgrade_receive(s, text);
    } else if (eio_packet_decode(text, &packet) < 0) {
        session_receive_garbage(s, t);
    } else {
        session_receive_packet(s, t, &packet);
    }
}

void session_receive_binary(struct session *s, struct transport *t, struct span message)
{
    if (s->upgrade != NULL && upgrade_transport(s->upgrade) == t) {
        upgrade_cancel(s);
    } else if (s->state == SESSION_OPEN) {
        note_life(s);
        stats_add(s->engine->stats, STAT_PACKETS_RECEIVED, 1);
        s->engine->app->on_binary(s, message);
    }
}

void session_receive_garbage(struct session *s, struct transport *t)
{
    if (s->upgrade != NULL && upgrade_transport(s->upgrade) == t) {
        upgrade_cancel(s);
        return;
    }
    stats_add(s->engine->stats, STAT_PARSE_ERRORS, 1);
    session_end(s, REASON_PARSE_ERROR);
}

struct session *session_create(struct engine *e, const char sid[SID_LEN], struct transport *t,
                               struct rookery_request *request)
{
    struct session *s = xcalloc(1, sizeof *s);

    memcpy(s->sid, sid, SID_LEN);
    s->engine = e;
    s->transport = t;
    s->hook.run = flush;
    s->request = request_hold(request);
    t->session = s;
    return s;
}
