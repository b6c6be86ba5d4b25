/* What a client and the application may do with Engine.IO sessions, and when: sequences of packets,
 * polls, upgrades, breaks and closes under a clock of their own.
 *
 * The input is a list of steps, each one up to a byte 0x1e: its first byte says what it is, the
 * rest is its content. There is one present session at a time; the others go on.
 *
 *     o O     a session opens, over polling or WebSocket; n: the next one is the present one
 *     p b g   its transport receives a packet, a binary message, garbage
 *     w       a WebSocket comes to take over
 *     q Q     that receives a packet, garbage
 *     u       its transport can send no more, or again
 *     x X     its transport, or the one that wants to take over, is gone
 *     s S     the application sends a message, or too much
 *     c z     it closes the session; the server shuts down
 *     . > }   a turn; 50 ms, 400 ms pass
 *
 * Whatever it is: each session opens and closes once, and receives nothing outside of that; what
 * was sent comes out as soon as it can, once, in order and without a gap, whatever it has travelled
 * on; and once nobody is there any more and all timeouts have passed, no session, timer, hook or
 * task is left. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/engine/engine.h"
#include "src/engine/request.h"
#include "tests/support/fake_executor.h"
#include "tests/support/memory_transport.h"

enum { STEPS_MAX = 300, SESSIONS_MAX = 6, TRANSPORTS_MAX = 64, QUIET_MS = 3000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* What is known of a session; it outlives it. */
struct view {
    struct session *session; /* NULL once it is closed */
    struct memory_transport *main, *probe;
    unsigned opened, closed;
    unsigned sent, seen; /* messages: numbers of the last */
};

static struct fake_executor loop;
static struct engine engine;
static struct stats stats;
static struct view views[SESSIONS_MAX];
static unsigned view_count, present;
static struct memory_transport *transports[TRANSPORTS_MAX];
static unsigned transport_count;

static const struct engine_options options = {
    .ping_interval_ms = 300,
    .ping_timeout_ms = 200,
    .upgrade_timeout_ms = 1000,
    .payload_bytes_max = 1000,
    .queue_bytes_max = 500,
    .allow_polling = true,
    .allow_websocket = true,
    .allow_upgrades = true,
};

/* ---- the application ---- */

static void on_open(struct session *s, void *arg)
{
    struct view *v = &views[view_count];

    s->app = v;
    v->session = s;
    v->opened++;
}

static void on_message(struct session *s, struct span data)
{
    const struct view *v = s->app;

    assert(v->opened == 1 && v->closed == 0);
    if (data.len > 0 && data.data[0] == 'c') {
        session_close(s, REASON_FORCED_CLOSE);
    }
}

static void on_close(struct session *s, enum session_reason reason)
{
    struct view *v = s->app;

    v->closed++;
    assert(v->opened == 1 && v->closed == 1);
    v->session = NULL;
}

static const struct engine_app app = {
    .on_open = on_open, .on_text = on_message, .on_binary = on_message, .on_close = on_close};

static void send_text(struct session *s, const char *text)
{
    uint8_t head[2] = {0x81, (uint8_t)strlen(text)};
    struct frame *f = frame_create(128);

    frame_append(f, span_of(head, sizeof head));
    frame_append(f, span_cstr(text));
    session_send(s, f);
    frame_release(f);
}

static void send_next(struct view *v)
{
    char text[16];

    if (v->session != NULL) {
        (void)snprintf(text, sizeof text, "4%u", ++v->sent);
        send_text(v->session, text);
    }
}

/* ---- transports ---- */

static struct memory_transport *transport(enum transport_kind kind)
{
    struct memory_transport *t = xcalloc(1, sizeof *t);

    memory_transport_init(t, &loop.executor);
    memory_transport_set_kind(t, kind);
    transports[transport_count++] = t;
    return t;
}

/* The messages among what it has sent are the next. */
static void look_at_sent(struct view *v, struct memory_transport *t)
{
    const char *at, *end;

    if (t == NULL) {
        return;
    }
    bytes_add_byte(&t->sent, '\0');
    for (at = (const char *)t->sent.data; *at == '|'; at = end) {
        end = at + 1 + strcspn(at + 1, "|");
        if (at[1] == '4') {
            assert(strtoul(at + 2, NULL, 10) == ++v->seen);
        }
    }
    bytes_clear(&t->sent);
}

static void look(void)
{
    for (unsigned i = 0; i < view_count; i++) {
        struct view *v = &views[i];
        look_at_sent(v, v->main);
        if (v->probe != NULL && v->session != NULL && v->session->upgraded) {
            v->main = v->probe;
            v->probe = NULL;
            look_at_sent(v, v->main);
        } else if (v->probe != NULL && v->probe->base.session != NULL && v->main != NULL &&
                   v->main->base.session == NULL) {
            look_at_sent(v, v->probe); /* it has upgraded while it was closing */
        }
    }
}

static void break_connection(struct memory_transport *t)
{
    struct session *s = t == NULL ? NULL : t->base.session;

    if (s != NULL) {
        t->base.session = NULL;
        session_transport_gone(s, &t->base, REASON_TRANSPORT_ERROR);
    }
}

/* A polling client comes to fetch what an orderly close has left. */
static void fetch_end(struct memory_transport *t)
{
    t->busy = false;
    t->base.ops->close(&t->base, &t->base.session->queue);
}

static void change_busy(struct memory_transport *t)
{
    if (t == NULL || t->base.session == NULL) {
        return;
    }
    if (t->ending == MEMORY_OPEN) {
        t->busy = !t->busy;
        session_flush_soon(t->base.session);
    } else if (t->busy && t->base.ops->kind == TRANSPORT_POLLING) {
        fetch_end(t);
    }
}

/* ---- steps ---- */

static void open_session(enum transport_kind kind)
{
    if (view_count == SESSIONS_MAX || transport_count == TRANSPORTS_MAX || engine.closing) {
        return;
    }
    struct memory_transport *t = transport(kind);
    struct rookery_request *r =
        request_create(SPAN("GET / HTTP/1.1\r\n\r\n"), "127.0.0.1", false, 0);
    present = view_count;
    views[view_count] = (struct view){.main = t};
    (void)engine_handshake(&engine, &t->base, r, NULL);
    request_release(r);
    view_count++;
}

static void probe(struct view *v)
{
    if (v->session == NULL || transport_count == TRANSPORTS_MAX) {
        return;
    }
    struct memory_transport *t = transport(TRANSPORT_WEBSOCKET);
    if (engine_probe(v->session, &t->base) == 0) {
        v->probe = t;
    }
}

static void receive(struct memory_transport *t, char kind, struct span content)
{
    struct session *s = t == NULL ? NULL : t->base.session;

    if (s == NULL) {
        return;
    }
    if (kind == 'b') {
        session_receive_binary(s, &t->base, content);
    } else if (kind == 'g' || kind == 'Q') {
        session_receive_garbage(s, &t->base);
    } else {
        session_receive_text(s, &t->base, content);
    }
}

/* Nothing waits where it could be sent. */
static void check_that_all_is_out(const struct view *v)
{
    if (v->session != NULL && v->main->base.session == v->session && !v->main->busy) {
        assert(v->seen == v->sent);
    }
}

static void turn(unsigned ms)
{
    fake_executor_turn(&loop, loop.executor.now_ms + ms);
    look();
    for (unsigned i = 0; i < view_count; i++) {
        check_that_all_is_out(&views[i]);
    }
}

static void take_time(char kind)
{
    turn(0);
    for (unsigned passed = 0; kind != '.' && passed < (kind == '>' ? 50U : 400U); passed += 10) {
        turn(10);
    }
}

static void act(struct view *v, char kind)
{
    switch (kind) {
    case 's':
        send_next(v);
        break;
    case 'S':
        for (int i = 0; i < 150; i++) {
            send_next(v);
        }
        break;
    case 'c':
        if (v->session != NULL) {
            session_close(v->session, REASON_FORCED_CLOSE);
            assert(v->closed == 1);
        }
        break;
    case 'w':
        probe(v);
        break;
    case 'u':
        change_busy(v->main);
        break;
    default:
        break_connection(kind == 'x' ? v->main : v->probe);
        break;
    }
}

static void take_step(char kind, struct span content)
{
    struct view *v = &views[present];

    if (kind == 'o' || kind == 'O') {
        open_session(kind == 'o' ? TRANSPORT_POLLING : TRANSPORT_WEBSOCKET);
    } else if (kind == '.' || kind == '>' || kind == '}') {
        take_time(kind);
    } else if (kind == 'z') {
        engine_shutdown(&engine);
    } else if (kind == 'n') {
        present = view_count == 0 ? 0 : (present + 1) % view_count;
    } else if (strchr("pbg", kind) != NULL) {
        receive(v->main, kind, content);
    } else if (strchr("qQ", kind) != NULL) {
        receive(v->probe, kind, content);
    } else if (strchr("sScwuxX", kind) != NULL) {
        act(v, kind);
    }
    look();
}

/* ---- the end ---- */

/* Nobody says anything any more; a transport gives a close up that is not fetched. */
static void wait_for_the_end(void)
{
    for (unsigned ms = 0; ms < QUIET_MS; ms += 10) {
        turn(10);
    }
    for (unsigned i = 0; i < transport_count; i++) {
        if (transports[i]->ending == MEMORY_CLOSED) {
            break_connection(transports[i]);
        }
    }
    turn(0);
}

static uint64_t closes(void)
{
    uint64_t sum = 0;

    for (int i = STAT_CLOSED_TRANSPORT_CLOSE; i <= STAT_CLOSED_SERVER_SHUTDOWN; i++) {
        sum += stats_get(&stats, (enum stat_id)i);
    }
    return sum;
}

static void check_that_nothing_is_left(void)
{
    assert(engine.sessions.count == 0);
    assert(loop.executor.timers.count == 0);
    assert(loop.executor.hooks[TURN_SEAL] == NULL && loop.executor.hooks[TURN_FLUSH] == NULL);
    assert(!fake_executor_has_tasks(&loop));
    assert(stats_get(&stats, STAT_QUEUE_BYTES) == 0);
    assert(stats_get(&stats, STAT_SESSIONS_OPENED) == view_count && closes() == view_count);
    for (unsigned i = 0; i < view_count; i++) {
        assert(views[i].opened == 1 && views[i].closed == 1 && views[i].seen <= views[i].sent);
    }
    for (unsigned i = 0; i < transport_count; i++) {
        assert(transports[i]->base.session == NULL);
    }
}

static void begin(void)
{
    memset(views, 0, sizeof views);
    memset(&stats, 0, sizeof stats);
    view_count = transport_count = present = 0;
    fake_executor_init(&loop, 0);
    (void)fake_executor_enter(&loop);
    engine_init(&engine, &loop.executor, &options, &app, &stats);
}

static void end(void)
{
    engine_finish(&engine);
    fake_executor_finish(&loop);
    (void)fake_executor_enter(NULL);
    for (unsigned i = 0; i < transport_count; i++) {
        memory_transport_finish(transports[i]);
        free(transports[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct span rest = span_of(data, len);

    begin();
    for (int i = 0; i < STEPS_MAX && rest.len != 0; i++) {
        const uint8_t *stop = memchr(rest.data, 0x1e, rest.len);
        size_t step = stop == NULL ? rest.len : (size_t)(stop - rest.data);
        if (step != 0 && rest.data[0] != '\0') {
            take_step((char)rest.data[0], span_of(rest.data + 1, step - 1));
        }
        rest = span_skip(rest, stop == NULL ? step : step + 1);
    }
    wait_for_the_end();
    check_that_nothing_is_left();
    end();
    return 0;
}
