/* The upgrade of a session from polling to WebSocket (engine.io-protocol v4, "Upgrade"):
 *
 *   client, on the new WebSocket   server
 *   2probe                         3probe there, and from here on a noop to each poll that waits
 *   5                              the WebSocket is the session's transport from here on
 *
 * Anything else on it, or nothing for upgrade_timeout_ms, and that WebSocket is closed while
 * polling goes on as if it had never been there.
 *
 * One noop is not enough: the poll and the WebSocket are two connections, perhaps over two proxies,
 * and a client that has its noop before its pong polls once more. It says 5 only when no poll
 * waits.
 *
 * A session that is closed meanwhile ends by whichever comes first: a poll that fetches the close
 * packet, or the 5. Its client may have paused polling already, and polls again neither if the
 * upgrade succeeds nor if the WebSocket is closed under it (engine.io-client 6). */
// SPDX-License-Identifier: MIT
#include <assert.h>
#include <stdlib.h>

#include "protocol/ws_frame.h"
#include "src/base/memory.h"
#include "src/engine/engine.h"
#include "src/engine/session_internal.h"

/* Between noops: engine.io's, which keeps a client that polls at once from doing so in a circle. */
enum { NOOP_INTERVAL_MS = 100 };

struct upgrade {
    struct session *session;
    struct transport *transport;
    struct timer timeout;
    struct timer noop; /* runs once probed */
    bool probed;       /* "2probe" has come */
};

struct transport *upgrade_transport(const struct upgrade *u)
{
    return u->transport;
}

void upgrade_forget(struct session *s)
{
    struct upgrade *u = s->upgrade;

    s->upgrade = NULL;
    executor_timer_stop(s->engine->executor, &u->timeout);
    executor_timer_stop(s->engine->executor, &u->noop);
    free(u);
}

static void close_quietly(struct transport *t)
{
    struct outq nothing = {0};

    t->session = NULL;
    t->ops->close(t, &nothing);
}

void upgrade_cancel(struct session *s)
{
    if (s->upgrade != NULL) {
        struct transport *t = s->upgrade->transport;
        upgrade_forget(s);
        close_quietly(t);
    }
}

static void on_timeout(struct timer *timer)
{
    upgrade_cancel(container_of(timer, struct upgrade, timeout)->session);
}

static void release_poll(struct upgrade *u)
{
    struct session *s = u->session;

    executor_timer_start(s->engine->executor, &u->noop, NOOP_INTERVAL_MS);
    s->transport->ops->release_poll(s->transport);
}

static void on_noop(struct timer *timer)
{
    release_poll(container_of(timer, struct upgrade, noop));
}

int engine_probe(struct session *s, struct transport *t)
{
    if (s->state != SESSION_OPEN || s->upgraded || s->upgrade != NULL ||
        s->transport->ops->kind != TRANSPORT_POLLING || !s->engine->options->allow_upgrades) {
        return -1;
    }
    struct upgrade *u = xcalloc(1, sizeof *u);
    u->session = s;
    u->transport = t;
    u->timeout.fire = on_timeout;
    u->noop.fire = on_noop;
    executor_timer_start(s->engine->executor, &u->timeout, s->engine->options->upgrade_timeout_ms);
    t->session = s;
    s->upgrade = u;
    return 0;
}

/* Past the session's queue, which belongs to polling still. A connection that cannot even take
 * these few bytes is of no use. */
static void answer_probe(struct session *s)
{
    static const uint8_t pong[] = {0x81, 6, '3', 'p', 'r', 'o', 'b', 'e'};
    struct frame *f = frame_copy(span_of(pong, sizeof pong));
    struct outq q = {0};
    struct transport *t = s->upgrade->transport;

    bool queued = outq_push(&q, f);
    assert(queued);
    frame_release(f);
    s->upgrade->probed = true;
    t->ops->flush(t, &q);
    bool sent = outq_empty(&q);
    outq_clear(&q);
    if (s->upgrade == NULL) {
        return; /* it broke in our hands */
    }
    if (!sent) {
        upgrade_cancel(s);
        return;
    }
    release_poll(s->upgrade);
}

static void take_over(struct session *s)
{
    struct transport *old = s->transport;

    s->transport = s->upgrade->transport;
    s->upgraded = true;
    upgrade_forget(s);
    stats_add(s->engine->stats, STAT_SESSIONS_UPGRADED, 1);
    old->ops->release_poll(old);
    close_quietly(old);
    if (s->state == SESSION_CLOSING) {
        s->transport->ops->close(s->transport, &s->queue);
    } else {
        session_flush_soon(s);
    }
}

void upgrade_receive(struct session *s, struct span text)
{
    if (!s->upgrade->probed && span_eq(text, SPAN("2probe"))) {
        answer_probe(s);
    } else if (s->upgrade->probed && span_eq(text, SPAN("5"))) {
        take_over(s);
    } else {
        upgrade_cancel(s);
    }
}
