#include "tests/support/memory_transport.h"

#include <assert.h>

#include "protocol/ws_frame.h"
#include "src/base/memory.h"
#include "src/engine/session.h"

static struct memory_transport *memory_of(const struct transport *t)
{
    return container_of(t, struct memory_transport, base);
}

/* s begins with a whole frame. Returns its bytes. */
static size_t note_frame(struct memory_transport *t, struct span s)
{
    struct ws_frame_head head;
    int head_len = ws_frame_decode_head(s.data, s.len, &head);

    assert(head_len > 0 && head.fin && !head.masked && head.payload_len <= s.len);
    struct span payload = span_of(s.data + head_len, (size_t)head.payload_len);
    bytes_add_byte(&t->sent, '|');
    if (head.opcode == WS_BINARY) {
        bytes_add_byte(&t->sent, '<');
    }
    bytes_add_span(&t->sent, payload);
    if (head.opcode == WS_BINARY) {
        bytes_add_byte(&t->sent, '>');
    }
    return (size_t)head_len + payload.len;
}

static void take(struct memory_transport *t, struct outq *q)
{
    while (!outq_empty(q)) {
        const struct frame *frame;
        struct span s = outq_front(q, &frame);
        size_t len = s.len;
        while (s.len != 0) {
            s = span_skip(s, note_frame(t, s));
        }
        outq_consume(q, len);
    }
}

static void flush(struct transport *transport, struct outq *q)
{
    struct memory_transport *t = memory_of(transport);

    t->flushes++;
    if (!t->busy) {
        take(t, q);
    }
}

static bool writable(const struct transport *t)
{
    return !memory_of(t)->busy;
}

static void tell_gone(struct task *task)
{
    struct memory_transport *t = container_of(task, struct memory_transport, gone_task);

    if (t->base.session != NULL) {
        struct session *s = t->base.session;
        t->base.session = NULL;
        session_transport_gone(s, &t->base, REASON_TRANSPORT_CLOSE);
    }
}

static void close_orderly(struct transport *transport, struct outq *q)
{
    struct memory_transport *t = memory_of(transport);

    t->ending = MEMORY_CLOSED;
    if (t->busy && transport->ops->kind == TRANSPORT_POLLING) {
        return; /* no poll waits: the session's queue stays as it is */
    }
    take(t, q);
    if (t->base.session != NULL) {
        t->gone_task.run = tell_gone;
        executor_post(t->executor, &t->gone_task);
    }
}

static void drop(struct transport *t)
{
    memory_of(t)->ending = MEMORY_ABORTED;
}

static bool cut(struct transport *t)
{
    memory_of(t)->cuts++;
    return true;
}

static void release_poll(struct transport *t)
{
    memory_of(t)->released++;
}

static const struct transport_ops websocket_ops = {
    TRANSPORT_WEBSOCKET, flush, writable, close_orderly, drop, NULL, cut};
static const struct transport_ops polling_ops = {
    TRANSPORT_POLLING, flush, writable, close_orderly, drop, release_poll, cut};

void memory_transport_init(struct memory_transport *t, struct executor *ex)
{
    *t = (struct memory_transport){.base = {.ops = &websocket_ops}, .executor = ex};
}

void memory_transport_set_kind(struct memory_transport *t, enum transport_kind kind)
{
    t->base.ops = kind == TRANSPORT_POLLING ? &polling_ops : &websocket_ops;
}

void memory_transport_finish(struct memory_transport *t)
{
    bytes_finish(&t->sent);
}

unsigned memory_transport_count(const struct memory_transport *t, const char *part)
{
    unsigned n = 0;
    struct span rest = bytes_span(&t->sent);
    const uint8_t *at;

    while ((at = memmem(rest.data, rest.len, part, strlen(part))) != NULL) {
        n++;
        rest = span_skip(rest, (size_t)(at - rest.data) + 1);
    }
    return n;
}
