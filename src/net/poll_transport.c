// SPDX-License-Identifier: MIT
#include "src/net/poll_transport.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/engine/session.h"
#include "src/net/compress.h"
#include "src/net/poll_payload.h"

struct poll_transport {
    struct transport base;
    struct executor *executor;
    const struct poll_options *options;
    struct poll_form form;
    struct reply *get; /* the poll that waits */
    bool opened;       /* the open packet is on its way */
    bool noop_due;     /* the next poll is not to wait */
    bool posting;      /* the head of a POST is there, its body not yet */
    bool closing;      /* the next poll that finds the queue empty gets a close packet, the last */
    struct timer close_timeout;
    struct turn_hook free_hook;
};

static struct poll_transport *of_base(const struct transport *t)
{
    return container_of(t, struct poll_transport, base);
}

struct transport *poll_transport_base(struct poll_transport *t)
{
    return &t->base;
}

struct poll_transport *poll_transport_of(struct transport *base)
{
    return of_base(base);
}

/* ---- the end ---- */

static void free_transport(struct turn_hook *hook)
{
    struct poll_transport *t = container_of(hook, struct poll_transport, free_hook);

    poll_form_finish(&t->form);
    free(t);
}

static void finish(struct poll_transport *t)
{
    assert(t->get == NULL);
    executor_timer_stop(t->executor, &t->close_timeout);
    t->free_hook.run = free_transport;
    executor_at_turn_end(t->executor, &t->free_hook, TURN_FLUSH);
}

/* Tells the session, if it still wants to know, and goes. */
static void gone(struct poll_transport *t, enum session_reason reason)
{
    struct session *s = t->base.session;

    t->base.session = NULL;
    finish(t);
    if (s != NULL) {
        session_transport_gone(s, &t->base, reason);
    }
}

static void on_close_timeout(struct timer *timer)
{
    gone(container_of(timer, struct poll_transport, close_timeout), REASON_FORCED_CLOSE);
}

/* ---- answers ---- */

static void send_plain(struct poll_transport *t, struct reply *r, int status, const char *type,
                       struct span body)
{
    if (type != NULL) {
        reply_add_field(r, "Content-Type", span_cstr(type));
    }
    t->options->add_fields(r, t->options->arg);
    reply_send(r, status, body);
}

static void send_payload(struct poll_transport *t, struct poll_writer *payload, bool may_compress)
{
    struct reply *r = t->get;
    struct bytes packed = {0};
    const char *type = poll_writer_close(payload);
    struct span body = bytes_span(&payload->body);
    unsigned threshold = t->options->compression_threshold;

    t->get = NULL;
    t->noop_due = false;
    if (may_compress && threshold != 0 && body.len >= threshold) {
        const char *coding = compress_choose(http_exchange_field(r->exchange, "Accept-Encoding"));
        if (coding != NULL && compress_body(coding, body, &packed) == 0) {
            reply_add_field(r, "Content-Encoding", span_cstr(coding));
            body = bytes_span(&packed);
        }
    }
    send_plain(t, r, 200, type, body);
    bytes_finish(&packed);
    bytes_finish(&payload->body);
}

/* Moves the queue into a payload, all of it but for the first answer of revision 3. Returns whether
 * any packet of it may be compressed. */
static bool take_queue(struct poll_transport *t, struct outq *q, struct poll_writer *payload)
{
    bool only_open = t->form.eio3 && !t->opened;
    bool may_compress = false;

    while (!outq_empty(q)) {
        const struct frame *f;
        struct span segment = outq_front(q, &f);
        may_compress |= !f->no_compress;
        outq_consume(q, poll_writer_add_frames(payload, segment, only_open ? 1 : UINT_MAX));
        if (only_open) {
            break;
        }
    }
    t->opened = true;
    return may_compress;
}

static void answer_poll(struct poll_transport *t, struct outq *q, struct span last)
{
    struct poll_writer payload;

    poll_writer_open(&payload, &t->form);
    bool may_compress = take_queue(t, q, &payload);
    if (last.len != 0) {
        poll_writer_add_text(&payload, last);
    }
    send_payload(t, &payload, may_compress);
}

/* ---- from the session ---- */

static void flush(struct transport *base, struct outq *q)
{
    struct poll_transport *t = of_base(base);

    if (t->get != NULL && !outq_empty(q)) {
        answer_poll(t, q, (struct span){0});
    }
}

static bool writable(const struct transport *base)
{
    return of_base(base)->get != NULL;
}

static void release_poll(struct transport *base)
{
    struct poll_transport *t = of_base(base);
    struct outq nothing = {0};

    if (t->get != NULL) {
        answer_poll(t, &nothing, SPAN("6"));
    } else {
        t->noop_due = true;
    }
}

/* A client takes the close packet as the end of everything, what came with it included; so what is
 * queued goes with one poll and the close packet with the next, where there is a next. */
static void close_orderly(struct transport *base, struct outq *q)
{
    struct poll_transport *t = of_base(base);
    bool at_once = base->session == NULL || outq_empty(q);

    if (t->get != NULL && at_once) {
        answer_poll(t, q, SPAN("1"));
        gone(t, REASON_FORCED_CLOSE);
    } else if (base->session != NULL) {
        t->closing = true;
        t->close_timeout.fire = on_close_timeout;
        executor_timer_start(t->executor, &t->close_timeout, t->options->close_timeout_ms);
        if (t->get != NULL) {
            answer_poll(t, q, (struct span){0});
        }
    } else {
        finish(t);
    }
}

static void abort_now(struct transport *base)
{
    struct poll_transport *t = of_base(base);

    if (t->get != NULL) {
        reply_cut(t->get);
        t->get = NULL;
    }
    finish(t);
}

static bool cut(struct transport *base)
{
    struct poll_transport *t = of_base(base);

    if (t->get == NULL) {
        return false;
    }
    reply_cut(t->get);
    t->get = NULL;
    gone(t, REASON_TRANSPORT_ERROR);
    return true;
}

static const struct transport_ops transport_ops = {
    .kind = TRANSPORT_POLLING,
    .flush = flush,
    .writable = writable,
    .close = close_orderly,
    .abort = abort_now,
    .release_poll = release_poll,
    .cut = cut,
};

struct poll_transport *poll_transport_create(struct executor *ex,
                                             const struct poll_options *options, struct span query,
                                             bool eio3)
{
    struct poll_transport *t = xcalloc(1, sizeof *t);

    t->base.ops = &transport_ops;
    t->executor = ex;
    t->options = options;
    poll_form_init(&t->form, query, eio3);
    return t;
}

/* ---- from the client ---- */

static void on_get_gone(struct reply *r)
{
    struct poll_transport *t = r->data;
    struct reply *get = t->get;

    assert(get == r);
    t->get = NULL;
    reply_cut(get);
    gone(t, REASON_TRANSPORT_ERROR);
}

/* The client has lost count, or a request of its was cut off: the session ends, and a poll that
 * waits is told. */
static void end_in_error(struct poll_transport *t)
{
    struct outq nothing = {0};

    if (t->get != NULL) {
        answer_poll(t, &nothing, SPAN("1"));
    }
    gone(t, REASON_TRANSPORT_ERROR);
}

static void refuse(struct poll_transport *t, struct reply *r)
{
    send_plain(t, r, 400, NULL, (struct span){0});
    end_in_error(t);
}

static void answer_closing_poll(struct poll_transport *t, struct outq *q)
{
    struct poll_writer payload;

    if (!outq_empty(q)) {
        answer_poll(t, q, (struct span){0});
        return;
    }
    poll_writer_open(&payload, &t->form);
    poll_writer_add_text(&payload, SPAN("6"));
    poll_writer_add_text(&payload, SPAN("1"));
    send_payload(t, &payload, false);
    gone(t, REASON_FORCED_CLOSE);
}

void poll_transport_get(struct poll_transport *t, struct reply *r)
{
    struct session *s = t->base.session;

    if (t->get != NULL) {
        refuse(t, r); /* two polls at a time */
        return;
    }
    t->get = r;
    r->data = t;
    r->on_gone = on_get_gone;
    if (t->closing) {
        answer_closing_poll(t, &s->queue);
    } else if (!outq_empty(&s->queue)) {
        session_flush_soon(s);
    } else if (t->noop_due) {
        release_poll(&t->base);
    }
}

static void receive_packet(struct poll_transport *t, const struct eio3_packet *p)
{
    struct session *s = t->base.session;

    if (p->is_binary) {
        session_receive_binary(s, &t->base, p->packet.payload);
    } else {
        session_receive_packet(s, &t->base, &p->packet);
    }
}

/* Hands on the packets one by one; a packet may end the session, and then the rest is not read. */
static void receive_payload(struct poll_transport *t, struct span body, struct span type)
{
    struct poll_reader reader;
    struct eio3_packet packet;
    int more = poll_reader_open(&reader, &t->form, body, type) == 0 ? 1 : -1;

    while (more > 0 && t->base.session != NULL) {
        more = poll_reader_next(&reader, &packet);
        if (more > 0) {
            receive_packet(t, &packet);
        }
    }
    if (more < 0 && t->base.session != NULL) {
        session_receive_garbage(t->base.session, &t->base);
    }
    poll_reader_close(&reader);
}

void poll_transport_post_begun(struct poll_transport *t)
{
    if (t->posting) {
        end_in_error(t);
    } else {
        t->posting = true;
    }
}

void poll_transport_post_dropped(struct poll_transport *t)
{
    end_in_error(t);
}

void poll_transport_post(struct poll_transport *t, struct reply *r, bool announced)
{
    struct span type = http_exchange_field(r->exchange, "Content-Type");
    bool overlap = t->posting && !announced;

    if (overlap || !poll_form_takes(&t->form, type)) {
        refuse(t, r);
        return;
    }
    t->posting = false;
    receive_payload(t, r->exchange->body, type);
    /* text/html, since some browsers offer text/plain for download. */
    send_plain(t, r, 200, "text/html", SPAN("ok"));
}
