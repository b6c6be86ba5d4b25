// SPDX-License-Identifier: MIT
#include "src/engine/engine.h"

#include <stdio.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/engine/request.h"
#include "tests/support/tap.h"

/* ---- a loop with a clock of its own, one engine, and transports that only take notes ---- */

static struct executor ex;
static struct engine engine;
static struct stats stats;
static char app_log[512];
static uint8_t next_random;

static bool inside(const struct executor *e)
{
    return true;
}

static void fill(struct executor *e, void *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ((uint8_t *)out)[i] = next_random++;
    }
}

static const struct executor_ops executor_ops = {.inside = inside, .random = fill};

struct note_transport {
    struct transport base;
    bool takes;      /* what is flushed to it */
    char sent[1024]; /* payloads of the frames that it took, each behind a '|' */
    char ended[16];  /* "close" or "abort" */
    unsigned released;
    unsigned cuts;
};

static struct note_transport *note_of(const struct transport *t)
{
    return container_of(t, struct note_transport, base);
}

static void take(struct note_transport *t, struct outq *q)
{
    while (!outq_empty(q)) {
        const struct frame *f;
        struct span s = outq_front(q, &f);
        size_t at = strlen(t->sent);
        /* Frames of these tests are short: two bytes of head, or four for the open packet. */
        size_t head = s.data[0] == 0x81 ? s.data[1] == 126 ? 4 : 2 : 0;
        (void)snprintf(t->sent + at, sizeof t->sent - at, "|%.*s", (int)(s.len - head),
                       (const char *)s.data + head);
        outq_consume(q, s.len);
    }
}

static void note_flush(struct transport *t, struct outq *q)
{
    if (note_of(t)->takes) {
        take(note_of(t), q);
    }
}

static bool note_writable(const struct transport *t)
{
    return note_of(t)->takes;
}

static void note_close(struct transport *t, struct outq *q)
{
    take(note_of(t), q);
    (void)strcpy(note_of(t)->ended, "close");
}

static void note_abort(struct transport *t)
{
    (void)strcpy(note_of(t)->ended, "abort");
}

static void note_release(struct transport *t)
{
    note_of(t)->released++;
}

static bool note_cut(struct transport *t)
{
    note_of(t)->cuts++;
    return true;
}

static const struct transport_ops polling_ops = {
    TRANSPORT_POLLING, note_flush, note_writable, note_close, note_abort, note_release, note_cut};
static const struct transport_ops websocket_ops = {
    TRANSPORT_WEBSOCKET, note_flush, note_writable, note_close, note_abort, NULL, note_cut};

static struct note_transport *transport(const struct transport_ops *ops)
{
    struct note_transport *t = xcalloc(1, sizeof *t);
    t->base.ops = ops;
    t->takes = true;
    return t;
}

static void log_app(const char *what, struct span data)
{
    size_t at = strlen(app_log);
    (void)snprintf(app_log + at, sizeof app_log - at, "%s(%.*s)", what, (int)data.len,
                   (const char *)data.data);
}

static void on_open(struct session *s, void *arg)
{
    log_app("open", SPAN(""));
}

static void on_text(struct session *s, struct span text)
{
    log_app("text", text);
}

static void on_binary(struct session *s, struct span data)
{
    log_app("binary", data);
}

static void on_close(struct session *s, enum session_reason reason)
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

static void start(void)
{
    app_log[0] = '\0';
    memset(&stats, 0, sizeof stats);
    executor_init(&ex, &executor_ops, 0, 1000);
    engine_init(&engine, &ex, &options, &app, &stats);
}

static void finish(void)
{
    engine_drop_all(&engine);
    executor_end_turn(&ex);
    engine_finish(&engine);
    timers_finish(&ex.timers);
}

static void turn(uint64_t ms)
{
    executor_run_timers(&ex, ex.now_ms + ms);
    executor_end_turn(&ex);
}

static struct session *open_on(struct note_transport *t)
{
    struct rookery_request *r =
        request_create(SPAN("GET / HTTP/1.1\r\n\r\n"), "127.0.0.1", false, 0);
    struct session *s = engine_handshake(&engine, &t->base, r, NULL);
    request_release(r);
    turn(0);
    t->sent[0] = '\0';
    app_log[0] = '\0';
    return s;
}

static void send_text(struct session *s, const char *text)
{
    uint8_t head[2] = {0x81, (uint8_t)strlen(text)};
    struct frame *f = frame_create(64);
    frame_append(f, span_of(head, sizeof head));
    frame_append(f, span_cstr(text));
    session_send(s, f);
    frame_release(f);
}

static void receive(struct session *s, struct note_transport *t, const char *packet)
{
    session_receive_text(s, &t->base, span_cstr(packet));
}

/* ---- the tests ---- */

static void opens_with_a_packet_that_says_what_was_agreed(void)
{
    struct note_transport *t = transport(&polling_ops);
    struct rookery_request *r =
        request_create(SPAN("GET / HTTP/1.1\r\n\r\n"), "127.0.0.1", false, 0);
    char want[256];
    start();
    struct session *s = engine_handshake(&engine, &t->base, r, NULL);
    check(strcmp(app_log, "open()") == 0);
    check(t->sent[0] == '\0'); /* nothing leaves before the end of the turn */
    turn(0);
    (void)snprintf(want, sizeof want,
                   "|0{\"sid\":\"%.20s\",\"upgrades\":[\"websocket\"],\"pingInterval\":300,"
                   "\"pingTimeout\":200,\"maxPayload\":1000000}",
                   s->sid);
    check(strcmp(t->sent, want) == 0);
    request_release(r);
    finish();
    free(t);
}

static void names_its_loop_in_ids_that_all_differ(void)
{
    struct note_transport *a = transport(&websocket_ops), *b = transport(&websocket_ops);
    start();
    ex.index = 5;
    struct session *s = open_on(a), *s2 = open_on(b);
    check(engine_sid_loop(session_sid(s)) == 5);
    check(engine_sid_loop(session_sid(s2)) == 5);
    check(!span_eq(session_sid(s), session_sid(s2)));
    check(engine_sid_loop(SPAN("nope")) == -1);
    check(engine_sid_loop(SPAN("!!!!!!!!!!!!!!!!!!!!")) == -1);
    finish();
    free(a);
    free(b);
}

static void hands_up_messages_and_ignores_what_means_nothing(void)
{
    struct note_transport *t = transport(&websocket_ops);
    start();
    struct session *s = open_on(t);
    receive(s, t, "4hello");
    receive(s, t, "3");
    receive(s, t, "6");
    receive(s, t, "0{}");
    receive(s, t, "5");
    session_receive_binary(s, &t->base, SPAN("raw"));
    receive(s, t, "bcmF3");
    check(strcmp(app_log, "text(hello)binary(raw)binary(raw)") == 0);
    finish();
    free(t);
}

static void ends_on_what_is_no_packet(void)
{
    static const char *const packets[] = {"abc", "", "7", "b!", "2"};
    static const char *const reasons[] = {"parse error", "parse error", "parse error",
                                          "parse error", "transport error"};
    for (int i = 0; i < 5; i++) {
        struct note_transport *t = transport(&websocket_ops);
        char want[64];
        start();
        struct session *s = open_on(t);
        receive(s, t, packets[i]);
        (void)snprintf(want, sizeof want, "close(%s)", reasons[i]);
        check(strcmp(app_log, want) == 0);
        check(strcmp(t->ended, "close") == 0);
        check(engine.sessions.count == 0);
        receive(s, t, "4late");
        check(strcmp(app_log, want) == 0);
        finish();
        free(t);
    }
}

static void pings_and_ends_without_a_pong(void)
{
    struct note_transport *t = transport(&websocket_ops);
    start();
    struct session *s = open_on(t);
    turn(299);
    check(t->sent[0] == '\0');
    turn(1 + TIMER_TICK_MS);
    check(strcmp(t->sent, "|2") == 0);
    receive(s, t, "3");
    turn(299);
    check(strcmp(t->sent, "|2") == 0);
    turn(1 + TIMER_TICK_MS);
    check(strcmp(t->sent, "|2|2") == 0);
    turn(180);
    check(app_log[0] == '\0');
    turn(20 + TIMER_TICK_MS);
    check(strcmp(app_log, "close(ping timeout)") == 0);
    check(stats_get(&stats, STAT_PING_TIMEOUTS) == 1);
    finish();
    free(t);
}

static void a_loop_that_stalls_leaves_a_peer_time_for_its_pong(void)
{
    struct note_transport *t = transport(&websocket_ops);
    start();
    struct session *s = open_on(t);
    turn(5000); /* ping and pong would both be long over */
    check(strcmp(t->sent, "|2") == 0);
    turn(90);
    check(app_log[0] == '\0');
    receive(s, t, "3");
    turn(200);
    check(app_log[0] == '\0');
    finish();
    free(t);
}

static void another_packet_puts_the_pong_off_once(void)
{
    struct note_transport *t = transport(&websocket_ops);
    start();
    struct session *s = open_on(t);
    turn(300 + TIMER_TICK_MS);
    turn(150);
    receive(s, t, "4x");
    turn(150);
    receive(s, t, "4y"); /* the second does not count */
    check(strcmp(app_log, "text(x)text(y)") == 0);
    turn(50 + 2 * TIMER_TICK_MS);
    check(strcmp(app_log, "text(x)text(y)close(ping timeout)") == 0);
    finish();
    free(t);
}

static void an_overdue_session_is_unknown_though_its_timer_has_not_been_looked_at(void)
{
    struct note_transport *t = transport(&polling_ops);
    char query[80];
    start();
    struct session *s = open_on(t), *found;
    struct engine_request request = {.method = SPAN("GET")};
    (void)snprintf(query, sizeof query, "EIO=4&transport=polling&sid=%.20s", s->sid);
    request.query = span_cstr(query);
    check(engine_check(&engine, &request, &found) == ENGINE_OK && found == s);
    turn(300 + TIMER_TICK_MS);
    ex.now_ms = 1000 + 500 + TIMER_TICK_MS;
    check(engine_check(&engine, &request, &found) == ENGINE_UNKNOWN_SID && found == NULL);
    finish();
    free(t);
}

static void drops_a_slow_consumer_at_its_limit(void)
{
    struct note_transport *t = transport(&websocket_ops);
    start();
    struct session *s = open_on(t);
    t->takes = false;
    for (int i = 0; i < 4; i++) {
        send_text(s, "4aaaaaaaaaaaaaaaaaaaaaaa"); /* 26 bytes with its head */
        if (i < 3) {
            turn(0);
            check(app_log[0] == '\0');
        }
    }
    turn(0);
    check(strcmp(app_log, "close(transport error)") == 0);
    check(strcmp(t->ended, "abort") == 0);
    check(stats_get(&stats, STAT_SLOW_CONSUMERS) == 1);
    finish();
    free(t);
}

static void an_orderly_close_sends_what_is_queued_and_keeps_the_id_until_it_is_out(void)
{
    struct note_transport *t = transport(&polling_ops);
    start();
    struct session *s = open_on(t);
    send_text(s, "4bye");
    session_close(s, REASON_FORCED_CLOSE);
    session_close(s, REASON_FORCED_CLOSE);
    check(strcmp(app_log, "close(forced close)") == 0);
    check(strcmp(t->sent, "|4bye") == 0 && strcmp(t->ended, "close") == 0);
    check(engine.sessions.count == 1);
    session_transport_gone(s, &t->base, REASON_FORCED_CLOSE);
    check(engine.sessions.count == 0);
    check(strcmp(app_log, "close(forced close)") == 0);
    check(t->cuts == 0);
    finish();
    free(t);
}

static void a_close_packet_lets_the_waiting_poll_go(void)
{
    struct note_transport *t = transport(&polling_ops);
    start();
    struct session *s = open_on(t);
    receive(s, t, "1");
    check(t->released == 1);
    check(strcmp(app_log, "close(transport close)") == 0);
    finish();
    free(t);
}

/* ---- upgrade ---- */

static void upgrades_without_losing_or_doubling_what_is_queued(void)
{
    struct note_transport *p = transport(&polling_ops), *w = transport(&websocket_ops);
    start();
    struct session *s = open_on(p);
    p->takes = false; /* no poll waits */
    send_text(s, "4one");
    check(engine_probe(s, &w->base) == 0);
    receive(s, w, "2probe");
    check(strcmp(w->sent, "|3probe") == 0);
    check(p->released == 1);
    send_text(s, "4two");
    turn(0);
    receive(s, w, "5");
    turn(0);
    check(strcmp(w->sent, "|3probe|4one|4two") == 0);
    check(p->sent[0] == '\0' && strcmp(p->ended, "close") == 0);
    check(strcmp(session_transport_name(s), "websocket") == 0);
    receive(s, w, "4x");
    check(strcmp(app_log, "text(x)") == 0);
    turn(300 + TIMER_TICK_MS);
    check(strcmp(w->sent, "|3probe|4one|4two|2") == 0); /* the heartbeat has gone on */
    finish();
    free(p);
    free(w);
}

static void gives_a_probe_up_that_says_something_else_or_nothing(void)
{
    static const char *const firsts[] = {"4x", "5", "2prob", NULL};
    for (int i = 0; i < 4; i++) {
        struct note_transport *p = transport(&polling_ops), *w = transport(&websocket_ops);
        start();
        struct session *s = open_on(p);
        check(engine_probe(s, &w->base) == 0);
        for (int ms = 0; firsts[i] == NULL && ms < 1000 + TIMER_TICK_MS; ms += 100) {
            turn(100);
            receive(s, p, "3");
        }
        if (firsts[i] != NULL) {
            receive(s, w, firsts[i]);
        }
        check(strcmp(w->ended, "close") == 0 && s->upgrade == NULL);
        check(s->state == SESSION_OPEN);
        finish();
        free(p);
        free(w);
    }
}

static void takes_one_probe_at_a_time_and_none_after_the_upgrade(void)
{
    struct note_transport *p = transport(&polling_ops), *w = transport(&websocket_ops);
    struct note_transport *second = transport(&websocket_ops);
    start();
    struct session *s = open_on(p);
    check(engine_probe(s, &w->base) == 0);
    check(engine_probe(s, &second->base) == -1);
    session_transport_gone(s, &w->base,
                           REASON_TRANSPORT_CLOSE); /* the first goes away: free again */
    check(engine_probe(s, &second->base) == 0);
    receive(s, second, "2probe");
    receive(s, second, "5");
    check(engine_probe(s, &w->base) == -1);
    finish();
    free(p);
    free(w);
    free(second);
}

static void closing_during_a_probe_closes_both(void)
{
    struct note_transport *p = transport(&polling_ops), *w = transport(&websocket_ops);
    start();
    struct session *s = open_on(p);
    check(engine_probe(s, &w->base) == 0);
    session_close(s, REASON_FORCED_CLOSE);
    check(strcmp(p->ended, "close") == 0 && strcmp(w->ended, "close") == 0);
    finish();
    free(p);
    free(w);
}

/* ---- requests ---- */

static void answers_each_bad_request_with_its_code(void)
{
    static const struct {
        const char *method, *query;
        bool upgrade;
        enum engine_error error;
    } cases[] = {
        {"GET", "EIO=4&transport=polling", false, ENGINE_OK},
        {"GET", "EIO=4&transport=websocket", true, ENGINE_OK},
        {"GET", "EIO=4", false, ENGINE_UNKNOWN_TRANSPORT},
        {"GET", "EIO=4&transport=constructor", false, ENGINE_UNKNOWN_TRANSPORT},
        {"GET", "EIO=4&transport=polling&sid=nope", false, ENGINE_UNKNOWN_SID},
        {"POST", "EIO=4&transport=polling&sid=nope", false, ENGINE_UNKNOWN_SID},
        {"POST", "EIO=4&transport=polling", false, ENGINE_BAD_METHOD},
        {"OPTIONS", "EIO=4&transport=polling", false, ENGINE_BAD_METHOD},
        {"GET", "EIO=4&transport=websocket", false, ENGINE_BAD_REQUEST},
        {"GET", "EIO=4&transport=polling", true, ENGINE_BAD_REQUEST},
        {"GET", "EIO=3&transport=polling", false, ENGINE_UNSUPPORTED_VERSION},
        {"GET", "transport=polling", false, ENGINE_UNSUPPORTED_VERSION},
    };
    start();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct engine_request r = {.method = span_cstr(cases[i].method),
                                   .query = span_cstr(cases[i].query),
                                   .is_upgrade = cases[i].upgrade};
        struct session *s;
        check(engine_check(&engine, &r, &s) == cases[i].error && s == NULL);
    }
    struct engine_request r = {SPAN("GET"), SPAN("EIO=4&transport=polling"), SPAN("http://a\x01"),
                               false};
    struct session *s;
    check(engine_check(&engine, &r, &s) == ENGINE_BAD_REQUEST);
    finish();
}

static void keeps_requests_of_a_session_to_its_transport(void)
{
    struct note_transport *t = transport(&websocket_ops);
    char query[80];
    start();
    struct session *s = open_on(t), *found;
    (void)snprintf(query, sizeof query, "EIO=4&transport=polling&sid=%.20s", s->sid);
    struct engine_request r = {.method = SPAN("GET"), .query = span_cstr(query)};
    check(engine_check(&engine, &r, &found) == ENGINE_BAD_REQUEST);
    finish();
    free(t);
}

static void writes_the_error_body_of_the_reference(void)
{
    struct bytes out = {0};
    engine_error_body(&out, ENGINE_UNKNOWN_SID, NULL);
    check(span_eq(bytes_span(&out), SPAN("{\"code\":1,\"message\":\"Session ID unknown\"}")));
    bytes_clear(&out);
    engine_error_body(&out, ENGINE_FORBIDDEN, "no \"way\"");
    check(span_eq(bytes_span(&out), SPAN("{\"code\":4,\"message\":\"no \\\"way\\\"\"}")));
    bytes_finish(&out);
}

int main(void)
{
    RUN(opens_with_a_packet_that_says_what_was_agreed);
    RUN(names_its_loop_in_ids_that_all_differ);
    RUN(hands_up_messages_and_ignores_what_means_nothing);
    RUN(ends_on_what_is_no_packet);
    RUN(pings_and_ends_without_a_pong);
    RUN(a_loop_that_stalls_leaves_a_peer_time_for_its_pong);
    RUN(another_packet_puts_the_pong_off_once);
    RUN(an_overdue_session_is_unknown_though_its_timer_has_not_been_looked_at);
    RUN(drops_a_slow_consumer_at_its_limit);
    RUN(an_orderly_close_sends_what_is_queued_and_keeps_the_id_until_it_is_out);
    RUN(a_close_packet_lets_the_waiting_poll_go);
    RUN(upgrades_without_losing_or_doubling_what_is_queued);
    RUN(gives_a_probe_up_that_says_something_else_or_nothing);
    RUN(takes_one_probe_at_a_time_and_none_after_the_upgrade);
    RUN(closing_during_a_probe_closes_both);
    RUN(answers_each_bad_request_with_its_code);
    RUN(keeps_requests_of_a_session_to_its_transport);
    RUN(writes_the_error_body_of_the_reference);
    return tap_done();
}
