/* engine_fixture.h - one engine on a loop with a clock of its own (fake_executor.h), with
 * transports that take notes (memory_transport.h) and an application that does: "text(x)close(parse
 * error)". */
// SPDX-License-Identifier: MIT
#ifndef TESTS_SUPPORT_ENGINE_FIXTURE_H
#define TESTS_SUPPORT_ENGINE_FIXTURE_H

#include <stdio.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/engine/engine.h"
#include "src/engine/request.h"
#include "tests/support/fake_executor.h"
#include "tests/support/memory_transport.h"
#include "tests/support/tap.h"

static struct fake_executor loop;
static struct engine engine;
static struct stats stats;
static char app_log[512];

static inline struct memory_transport *transport(enum transport_kind kind)
{
    struct memory_transport *t = xcalloc(1, sizeof *t);
    memory_transport_init(t, &loop.executor);
    memory_transport_set_kind(t, kind);
    return t;
}

static inline void transport_free(struct memory_transport *t)
{
    memory_transport_finish(t);
    free(t);
}

static inline bool sent_is(const struct memory_transport *t, const char *want)
{
    return span_eq(bytes_span(&t->sent), span_cstr(want));
}

static inline void log_app(const char *what, struct span data)
{
    size_t at = strlen(app_log);
    (void)snprintf(app_log + at, sizeof app_log - at, "%s(%.*s)", what, (int)data.len,
                   (const char *)data.data);
}

static inline void on_open(struct session *s, void *arg)
{
    log_app("open", SPAN(""));
}

static inline void on_text(struct session *s, struct span text)
{
    log_app("text", text);
}

static inline void on_binary(struct session *s, struct span data)
{
    log_app("binary", data);
}

static inline void on_close(struct session *s, enum session_reason reason)
{
    log_app("close", span_cstr(session_reason_text(reason)));
    check(!session_cut(s)); /* too late, and harmless */
}

static const struct engine_app app = {
    .on_open = on_open, .on_text = on_text, .on_binary = on_binary, .on_close = on_close};
static const struct engine_options options = {
    .ping_interval_ms = 300,
    .ping_timeout_ms = 200,
    .upgrade_timeout_ms = 1000,
    .payload_bytes_max = 1000000,
    .queue_bytes_max = 100,
    .allow_polling = true,
    .allow_websocket = true,
    .allow_upgrades = true,
};

static inline void start(void)
{
    app_log[0] = '\0';
    memset(&stats, 0, sizeof stats);
    fake_executor_init(&loop, 0);
    (void)fake_executor_enter(&loop);
    engine_init(&engine, &loop.executor, &options, &app, &stats);
}

static inline void turn(uint64_t ms)
{
    fake_executor_turn(&loop, loop.executor.now_ms + ms);
}

static inline void finish(void)
{
    engine_drop_all(&engine);
    turn(0);
    engine_finish(&engine);
    fake_executor_finish(&loop);
}

static inline struct session *open_on(struct memory_transport *t)
{
    struct rookery_request *r =
        request_create(SPAN("GET / HTTP/1.1\r\n\r\n"), "127.0.0.1", false, 0);
    struct session *s = engine_handshake(&engine, &t->base, r, NULL);
    request_release(r);
    turn(0);
    bytes_clear(&t->sent);
    app_log[0] = '\0';
    return s;
}

static inline void send_text(struct session *s, const char *text)
{
    uint8_t head[2] = {0x81, (uint8_t)strlen(text)};
    struct frame *f = frame_create(64);
    frame_append(f, span_of(head, sizeof head));
    frame_append(f, span_cstr(text));
    session_send(s, f);
    frame_release(f);
}

static inline void receive(struct session *s, struct memory_transport *t, const char *packet)
{
    session_receive_text(s, &t->base, span_cstr(packet));
}

#endif
