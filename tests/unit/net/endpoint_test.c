// SPDX-License-Identifier: MIT
#include "src/net/endpoint.h"

#include <pthread.h>

#include "protocol/ws_frame.h"
#include "src/base/memory.h"
#include "src/engine/handshake.h"
#include "src/engine/request.h"
#include "src/net/loop.h"
#include "tests/support/endpoint_client.h"
#include "tests/support/tap.h"

/* Two loops with a server and a port each, so that a test chooses where a request comes in. Every
 * session answers a text message with the same text. */

enum { LOOPS = 2, OWNER = 0, OTHER = 1 };

static struct place {
    struct loop loop;
    struct http_server *http;
    pthread_t thread;
    unsigned port;
    bool stopped;
} places[LOOPS];

static struct engine engines[LOOPS];
static struct endpoint endpoint;
static _Atomic unsigned connections;
static _Atomic int closed_for; /* enum session_reason of the last session that closed, or -1 */
static _Atomic unsigned closed_on;

static void on_open(struct session *s, void *arg)
{
}

static void on_text(struct session *s, struct span text)
{
    uint8_t head[WS_HEAD_MAX];
    struct frame *f = frame_create(64);

    frame_append(f, span_of(head, ws_frame_encode_head(head, WS_TEXT, true, text.len + 1)));
    frame_append(f, SPAN("4"));
    frame_append(f, text);
    session_send(s, f);
    frame_release(f);
}

static void on_close(struct session *s, enum session_reason reason)
{
    atomic_store(&closed_on, s->engine->executor->index);
    atomic_store(&closed_for, (int)reason);
}

static const struct engine_app app = {
    .on_open = on_open, .on_text = on_text, .on_binary = on_text, .on_close = on_close};
static struct engine_options engine_options = {
    .undecided_max = 2,
    .ping_interval_ms = 60000,
    .ping_timeout_ms = 60000,
    .upgrade_timeout_ms = 60000,
    .payload_bytes_max = 100000,
    .queue_bytes_max = 100000,
    .allow_polling = true,
    .allow_websocket = true,
    .allow_upgrades = true,
};
static const struct http_limits limits = {
    .head_bytes_max = 16 * 1024,
    .body_bytes_max = 100000,
    .handshakes_max = 64,
    .request_timeout_ms = 60000,
    .idle_timeout_ms = 60000,
};
static const struct http_route route = {
    .path = "/e/",
    .is_prefix = true,
    .on_begin = endpoint_begin,
    .handler = endpoint_handle,
    .on_upgrade = endpoint_upgrade,
    .arg = &endpoint,
};

static void *run(void *arg)
{
    loop_run(&((struct place *)arg)->loop);
    return NULL;
}

static void start_with(const struct engine_app *on_engines)
{
    closed_for = -1;
    endpoint = (struct endpoint){
        .poll.close_timeout_ms = 60000,
        .ws = {.message_bytes_max = 1000, .close_timeout_ms = 60000, .connections = &connections},
        .loop_count = LOOPS,
        .engines = engines,
    };
    endpoint_init(&endpoint);
    for (unsigned i = 0; i < LOOPS; i++) {
        struct place *p = &places[i];
        *p = (struct place){0};
        check(loop_init(&p->loop, i) == 0);
        engine_init(&engines[i], &p->loop.executor, &engine_options, on_engines, &p->loop.stats);
        int fd = http_listen_socket("127.0.0.1", &p->port);
        p->http = http_server_create(&p->loop, &limits, &route, 1, &connections);
        check(http_server_accept(p->http, fd) == 0);
    }
    for (unsigned i = 0; i < LOOPS; i++) {
        check(pthread_create(&places[i].thread, NULL, run, &places[i]) == 0);
    }
}

static void start(void)
{
    start_with(&app);
}

static void stop(unsigned i)
{
    if (!places[i].stopped) {
        places[i].stopped = true;
        loop_stop(&places[i].loop);
        (void)pthread_join(places[i].thread, NULL);
    }
}

static void finish(void)
{
    for (unsigned i = 0; i < LOOPS; i++) {
        stop(i);
    }
    for (unsigned i = 0; i < LOOPS; i++) {
        engine_drop_all(&engines[i]);
        executor_end_turn(&places[i].loop.executor);
        ws_conn_abort_closing(&places[i].loop);
        http_server_destroy(places[i].http);
    }
    while (loop_settle(&places[0].loop) || loop_settle(&places[1].loop)) {
    }
    for (unsigned i = 0; i < LOOPS; i++) {
        engine_finish(&engines[i]);
        loop_finish(&places[i].loop);
    }
    check(connections == 0); /* every one that was counted in was counted out */
}

/* Opens a polling session on the loop OWNER. */
static void handshake(char sid[SID_LEN + 1])
{
    struct tcp_client c = tcp_open(places[OWNER].port);

    ask(&c, "GET", "polling", "", "\r\n");
    char *answer = tcp_answer(&c, false);
    const char *at = strstr(answer, "\"sid\":\"");
    check(at != NULL);
    (void)snprintf(sid, SID_LEN + 1, "%.20s", at == NULL ? "" : at + 7);
    unsigned node, owner;
    check(engine_sid_place(span_cstr(sid), &node, &owner) && owner == OWNER);
    free(answer);
    tcp_close(&c);
}

static bool session_ends(enum session_reason reason)
{
    uint64_t until_ms = tcp_clock_ms() + TCP_PATIENCE_MS;

    while (closed_for < 0 && tcp_clock_ms() < until_ms) {
        (void)usleep(1000);
    }
    return closed_for == (int)reason && closed_on == OWNER;
}

/* Whatever has been asked for on OTHER before has been handed over when this is answered. */
static void sync_by(struct tcp_client *c)
{
    ask(c, "GET", "polling", "AAAAAAAAAAAAAAAAAAAA", "\r\n");
    check(answered(c, " 400 ", "\"Session ID unknown\"}"));
}

/* ---- the tests ---- */

static void polls_and_posts_reach_the_owner_from_any_loop(void)
{
    char sid[SID_LEN + 1];

    start();
    handshake(sid);
    struct tcp_client poll = tcp_open(places[OTHER].port), post = tcp_open(places[OTHER].port);
    ask(&poll, "GET", "polling", sid, "\r\n");
    ask(&post, "POST", "polling", sid, "Content-Length: 6\r\n\r\n4hello");
    check(answered(&post, " 200 ", "\r\n\r\nok"));
    check(answered(&poll, " 200 ", "\r\n\r\n4hello"));
    tcp_close(&poll);
    tcp_close(&post);
    finish();
}

static void a_session_from_before_its_node_had_a_number_is_still_found(void)
{
    char sid[SID_LEN + 1];

    start();
    handshake(sid);
    atomic_store(&engine_options.node, 5);
    struct tcp_client post = tcp_open(places[OTHER].port);
    ask(&post, "POST", "polling", sid, "Content-Length: 6\r\n\r\n4hello");
    check(answered(&post, " 200 ", "\r\n\r\nok"));
    atomic_store(&engine_options.node, 0);
    tcp_close(&post);
    finish();
}

static void a_poll_whose_client_goes_on_another_loop_ends_the_session(void)
{
    char sid[SID_LEN + 1];

    start();
    handshake(sid);
    struct tcp_client poll = tcp_open(places[OTHER].port), sync = tcp_open(places[OTHER].port);
    ask(&poll, "GET", "polling", sid, "\r\n");
    sync_by(&sync);
    tcp_close(&poll);
    check(session_ends(REASON_TRANSPORT_ERROR));
    tcp_close(&sync);
    finish();
}

static void two_polls_on_two_loops_are_one_too_many(void)
{
    char sid[SID_LEN + 1];

    start();
    handshake(sid);
    struct tcp_client first = tcp_open(places[OTHER].port);
    struct tcp_client second = tcp_open(places[OTHER].port);
    ask(&first, "GET", "polling", sid, "\r\n");
    sync_by(&second);
    ask(&second, "GET", "polling", sid, "\r\n");
    check(answered(&second, " 400 ", "\r\n\r\n"));
    check(answered(&first, " 200 ", "\r\n\r\n1"));
    check(session_ends(REASON_TRANSPORT_ERROR));
    tcp_close(&first);
    tcp_close(&second);
    finish();
}

static void a_post_that_is_dropped_on_another_loop_ends_the_session(void)
{
    char sid[SID_LEN + 1];

    start();
    handshake(sid);
    struct tcp_client post = tcp_open(places[OTHER].port);
    ask(&post, "POST", "polling", sid, "Content-Length: 600\r\n\r\n4hel");
    tcp_close(&post);
    check(session_ends(REASON_TRANSPORT_ERROR));
    finish();
}

static void a_websocket_that_comes_in_elsewhere_takes_over(void)
{
    char sid[SID_LEN + 1];

    start();
    handshake(sid);
    struct tcp_client poll = tcp_open(places[OTHER].port), ws = tcp_open(places[OTHER].port);
    ask(&poll, "GET", "polling", sid, "\r\n");
    ask(&ws, "GET", "websocket", sid, upgrade);
    check(answered(&ws, " 101 ", "\r\n\r\n"));
    say_frame(&ws, "2probe");
    check(hears_frame(&ws, "3probe"));
    check(answered(&poll, " 200 ", "\r\n\r\n6"));
    say_frame(&ws, "5");
    say_frame(&ws, "4hello");
    check(hears_frame(&ws, "4hello"));
    tcp_close(&ws);
    check(session_ends(REASON_TRANSPORT_CLOSE));
    tcp_close(&poll);
    finish();
}

static void bytes_behind_the_upgrade_travel_with_it(void)
{
    char sid[SID_LEN + 1], request[512];

    start();
    handshake(sid);
    struct tcp_client ws = tcp_open(places[OTHER].port);
    int len = snprintf(request, sizeof request,
                       "GET /e/?EIO=4&transport=websocket&sid=%s HTTP/1.1\r\nHost: x\r\n%s", sid,
                       upgrade);
    memcpy(request + len,
           "\x81\x86\0\0\0\0"
           "2probe",
           12);
    check(tcp_send(&ws, request, (size_t)len + 12));
    check(answered(&ws, " 101 ", "\r\n\r\n"));
    check(hears_frame(&ws, "3probe"));
    tcp_close(&ws);
    finish();
}

static void an_upgrade_for_nobody_is_refused_by_the_loop_it_names(void)
{
    char sid[SID_LEN + 1];

    start();
    handshake(sid);
    sid[SID_LEN - 1] = sid[SID_LEN - 1] == 'A' ? 'B' : 'A'; /* the same loop, another session */
    struct tcp_client ws = tcp_open(places[OTHER].port);
    ask(&ws, "GET", "websocket", sid, upgrade);
    check(answered(&ws, " 400 ", "Session ID unknown"));
    check(tcp_wait_closed(&ws));
    check(stats_get(&places[OWNER].loop.stats, STAT_HANDSHAKES_REFUSED) == 1);
    tcp_close(&ws);
    finish();
}

static void what_is_handed_to_a_loop_that_has_stopped_is_freed_with_it(void)
{
    char sid[SID_LEN + 1];

    start();
    handshake(sid);
    struct tcp_client poll = tcp_open(places[OTHER].port), ws = tcp_open(places[OTHER].port);
    struct tcp_client gone = tcp_open(places[OTHER].port), sync = tcp_open(places[OTHER].port);
    stop(OWNER);
    ask(&gone, "GET", "polling", sid, "\r\n");
    ask(&poll, "GET", "polling", sid, "\r\n");
    ask(&ws, "GET", "websocket", sid, upgrade);
    tcp_close(&gone);
    ask(&sync, "GET", "polling", "", "\r\n");
    check(answered(&sync, " 200 ", "}"));
    finish();
    check(tcp_wait_closed(&ws) || ws.reset);
    check(strstr(ws.in, " 400 ") != NULL || ws.len == 0);
    tcp_close(&poll);
    tcp_close(&ws);
    tcp_close(&sync);
}

/* ---- an application that is asked about handshakes, and decides later ---- */

enum { DECISION_MS = 300 };

static _Atomic(struct rookery_handshake *) asked; /* the last one */

static void note_asked(struct rookery_handshake *h, void *arg)
{
    atomic_store(&asked, h);
}

static const struct engine_app asking_app = {.on_open = on_open,
                                             .on_text = on_text,
                                             .on_binary = on_text,
                                             .on_close = on_close,
                                             .allow = note_asked};

static void start_asking(unsigned decision_timeout_ms)
{
    atomic_store(&asked, NULL);
    engine_options.decision_timeout_ms = decision_timeout_ms;
    start_with(&asking_app);
}

static struct rookery_handshake *wait_asked(void)
{
    uint64_t until_ms = tcp_clock_ms() + TCP_PATIENCE_MS;
    struct rookery_handshake *h;

    while ((h = atomic_exchange(&asked, NULL)) == NULL && tcp_clock_ms() < until_ms) {
        (void)usleep(1000);
    }
    check(h != NULL);
    return h;
}

/* A decision on its way to the loop that asked. */
struct decision {
    struct task task;
    struct rookery_handshake *handshake;
    const char *refusal; /* NULL: accepted */
    _Atomic bool done;
};

static void run_decision(struct task *task)
{
    struct decision *d = container_of(task, struct decision, task);

    if (d->refusal == NULL) {
        handshake_accept(d->handshake);
    } else {
        handshake_refuse(d->handshake, span_cstr(d->refusal));
    }
    atomic_store(&d->done, true);
}

static void decide(struct rookery_handshake *h, const char *refusal)
{
    struct decision d = {.task.run = run_decision, .handshake = h, .refusal = refusal};

    executor_post(h->engine->executor, &d.task);
    while (!atomic_load(&d.done)) {
        (void)usleep(1000);
    }
}

static uint64_t counted(enum stat_id which)
{
    return stats_get(&places[OWNER].loop.stats, which);
}

static void handshakes_wait_until_the_application_has_decided(void)
{
    start_asking(60000);
    struct tcp_client poll = tcp_open(places[OWNER].port), ws = tcp_open(places[OWNER].port);
    ask(&poll, "GET", "polling", "", "\r\n");
    struct rookery_handshake *of_poll = wait_asked();
    ask(&ws, "GET", "websocket", "", upgrade);
    struct rookery_handshake *of_ws = wait_asked();
    say_frame(&ws, "4hello"); /* waits, too */
    check(tcp_is_quiet(&poll, 10) && tcp_is_quiet(&ws, 10));
    check(counted(STAT_SESSIONS_OPENED) == 0);
    decide(of_ws, NULL);
    check(answered(&ws, " 101 ", "\r\n\r\n"));
    while (strstr(ws.in, "4hello") == NULL && tcp_receive(&ws, TCP_PATIENCE_MS)) {
    }
    check(strstr(ws.in, "4hello") != NULL);
    decide(of_poll, NULL);
    check(answered(&poll, " 200 ", "}"));
    check(counted(STAT_SESSIONS_OPENED) == 2);
    tcp_close(&poll);
    tcp_close(&ws);
    finish();
}

static void handshakes_may_be_refused_later(void)
{
    start_asking(60000);
    struct tcp_client poll = tcp_open(places[OWNER].port), ws = tcp_open(places[OWNER].port);
    ask(&poll, "GET", "polling", "", "\r\n");
    decide(wait_asked(), "not \"you\"");
    check(answered(&poll, " 403 ", "{\"code\":4,\"message\":\"not \\\"you\\\"\"}"));
    ask(&ws, "GET", "websocket", "", upgrade);
    decide(wait_asked(), "");
    check(answered(&ws, " 400 ", "\r\n\r\nForbidden") && tcp_wait_closed(&ws));
    check(counted(STAT_HANDSHAKES_REFUSED) == 2);
    tcp_close(&poll);
    tcp_close(&ws);
    finish();
}

static void what_is_not_decided_in_time_or_is_one_too_many_is_answered_503(void)
{
    start_asking(DECISION_MS);
    struct tcp_client poll = tcp_open(places[OWNER].port), ws = tcp_open(places[OWNER].port);
    ask(&poll, "GET", "polling", "", "\r\n");
    struct rookery_handshake *of_poll = wait_asked();
    ask(&ws, "GET", "websocket", "", upgrade);
    struct rookery_handshake *of_ws = wait_asked();
    struct tcp_client third = tcp_open(places[OWNER].port);
    ask(&third, "GET", "polling", "", "\r\n");
    check(answered(&third, " 503 ", "Service Unavailable\"}"));
    check(answered(&poll, " 503 ", "Service Unavailable\"}"));
    check(answered(&ws, " 503 ", "Service Unavailable") && tcp_wait_closed(&ws));
    check(counted(STAT_HANDSHAKES_UNDECIDED) == 3);
    decide(of_poll, NULL);
    decide(of_ws, NULL);
    check(counted(STAT_SESSIONS_OPENED) == 0);
    ask(&poll, "GET", "polling", "", "\r\n"); /* on the same connection, and there is room */
    decide(wait_asked(), NULL);
    check(answered(&poll, " 200 ", "}"));
    tcp_close(&third);
    tcp_close(&poll);
    tcp_close(&ws);
    finish();
}

static void the_client_may_go_while_the_application_decides(void)
{
    start_asking(60000);
    struct tcp_client poll = tcp_open(places[OWNER].port), ws = tcp_open(places[OWNER].port);
    ask(&poll, "GET", "polling", "", "\r\n");
    struct rookery_handshake *of_poll = wait_asked();
    ask(&ws, "GET", "websocket", "", upgrade);
    struct rookery_handshake *of_ws = wait_asked();
    check(connections == 2);
    tcp_close(&poll);
    tcp_close(&ws);
    uint64_t until_ms = tcp_clock_ms() + TCP_PATIENCE_MS;
    while (connections > 0 && tcp_clock_ms() < until_ms) {
        (void)usleep(1000);
    }
    check(connections == 0);
    check(span_starts(request_head(of_ws->request), SPAN("GET /e/?EIO=4&transport=websocket")));
    decide(of_poll, NULL);
    decide(of_ws, "no");
    check(counted(STAT_SESSIONS_OPENED) == 0 && counted(STAT_HANDSHAKES_REFUSED) == 0);
    finish();
}

static void what_is_undecided_when_the_server_ends_ends_with_it(void)
{
    start_asking(60000);
    struct tcp_client poll = tcp_open(places[OWNER].port), ws = tcp_open(places[OWNER].port);
    ask(&poll, "GET", "polling", "", "\r\n");
    (void)wait_asked();
    ask(&ws, "GET", "websocket", "", upgrade);
    (void)wait_asked();
    finish();
    check(answered(&poll, " 503 ", "Service Unavailable\"}"));
    check(answered(&ws, " 503 ", "Service Unavailable"));
    tcp_close(&poll);
    tcp_close(&ws);
}

static void a_cookie_is_usable_if_nothing_in_it_ends_it(void)
{
    static const struct endpoint_cookie good[] = {{.path = "", .same_site = "None"},
                                                  {"io", "/a", true, true, "Strict"},
                                                  {"io", "", false, false, "Lax"}};
    static const struct endpoint_cookie bad[] = {
        {"", "/", true, false, "Lax"},     {"a b", "/", true, false, "Lax"},
        {"a=b", "/", true, false, "Lax"},  {"a\r\n", "/", true, false, "Lax"},
        {"io", "/;x", true, false, "Lax"}, {"io", "/\r\nX: y", true, false, "Lax"},
        {"io", "/", true, false, "lax"}};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        check(endpoint_cookie_usable(&good[i]));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        check(!endpoint_cookie_usable(&bad[i]));
    }
}

int main(void)
{
    RUN(a_cookie_is_usable_if_nothing_in_it_ends_it);
    RUN(polls_and_posts_reach_the_owner_from_any_loop);
    RUN(a_session_from_before_its_node_had_a_number_is_still_found);
    RUN(a_poll_whose_client_goes_on_another_loop_ends_the_session);
    RUN(two_polls_on_two_loops_are_one_too_many);
    RUN(a_post_that_is_dropped_on_another_loop_ends_the_session);
    RUN(a_websocket_that_comes_in_elsewhere_takes_over);
    RUN(bytes_behind_the_upgrade_travel_with_it);
    RUN(an_upgrade_for_nobody_is_refused_by_the_loop_it_names);
    RUN(what_is_handed_to_a_loop_that_has_stopped_is_freed_with_it);
    RUN(handshakes_wait_until_the_application_has_decided);
    RUN(handshakes_may_be_refused_later);
    RUN(what_is_not_decided_in_time_or_is_one_too_many_is_answered_503);
    RUN(the_client_may_go_while_the_application_decides);
    RUN(what_is_undecided_when_the_server_ends_ends_with_it);
    return tap_done();
}
