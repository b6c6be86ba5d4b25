// SPDX-License-Identifier: MIT
#include "src/engine/engine.h"

#include "tests/support/engine_fixture.h"

/* src/engine/upgrade.c: from polling to WebSocket. */

static void upgrades_without_losing_or_doubling_what_is_queued(void)
{
    struct memory_transport *p = transport(TRANSPORT_POLLING), *w = transport(TRANSPORT_WEBSOCKET);
    start();
    struct session *s = open_on(p);
    p->busy = true; /* no poll waits */
    send_text(s, "4one");
    check(engine_probe(s, &w->base) == 0);
    receive(s, w, "2probe");
    check(sent_is(w, "|3probe"));
    check(p->released == 1);
    send_text(s, "4two");
    turn(0);
    receive(s, w, "5");
    turn(0);
    check(sent_is(w, "|3probe|4one|4two"));
    check(p->sent.len == 0 && p->ending == MEMORY_CLOSED);
    check(strcmp(session_transport_name(s), "websocket") == 0);
    receive(s, w, "4x");
    check(strcmp(app_log, "text(x)") == 0);
    turn(300 + TIMER_TICK_MS);
    check(sent_is(w, "|3probe|4one|4two|2")); /* the heartbeat has gone on */
    finish();
    transport_free(p);
    transport_free(w);
}

static void releases_polls_from_the_probe_to_the_end_of_the_upgrade(void)
{
    struct memory_transport *p = transport(TRANSPORT_POLLING), *w = transport(TRANSPORT_WEBSOCKET);
    start();
    struct session *s = open_on(p);
    check(engine_probe(s, &w->base) == 0);
    turn(200);
    check(p->released == 0);
    receive(s, w, "2probe");
    check(p->released == 1);
    turn(100 + TIMER_TICK_MS);
    check(p->released == 2);
    turn(100 + TIMER_TICK_MS);
    check(p->released == 3);
    receive(s, w, "5");
    check(p->released == 4);
    turn(200 + TIMER_TICK_MS);
    check(p->released == 4);
    finish();
    transport_free(p);
    transport_free(w);
}

static void gives_a_probe_up_that_says_something_else_or_nothing(void)
{
    static const char *const firsts[] = {"4x", "5", "2prob", NULL};
    for (int i = 0; i < 4; i++) {
        struct memory_transport *p = transport(TRANSPORT_POLLING),
                                *w = transport(TRANSPORT_WEBSOCKET);
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
        check(w->ending == MEMORY_CLOSED && s->upgrade == NULL);
        check(s->state == SESSION_OPEN);
        finish();
        transport_free(p);
        transport_free(w);
    }
}

static void takes_one_probe_at_a_time_and_none_after_the_upgrade(void)
{
    struct memory_transport *p = transport(TRANSPORT_POLLING), *w = transport(TRANSPORT_WEBSOCKET);
    struct memory_transport *second = transport(TRANSPORT_WEBSOCKET);
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
    transport_free(p);
    transport_free(w);
    transport_free(second);
}

static void a_close_that_a_waiting_poll_takes_ends_the_probe(void)
{
    struct memory_transport *p = transport(TRANSPORT_POLLING), *w = transport(TRANSPORT_WEBSOCKET);
    start();
    struct session *s = open_on(p);
    check(engine_probe(s, &w->base) == 0);
    session_close(s, REASON_FORCED_CLOSE);
    turn(0);
    check(p->ending == MEMORY_CLOSED && w->ending == MEMORY_CLOSED);
    check(engine.sessions.count == 0);
    finish();
    transport_free(p);
    transport_free(w);
}

/* A session on p, with a packet queued that no poll fetches, closed while w probes. */
static struct session *close_amid_probe(struct memory_transport *p, struct memory_transport *w)
{
    struct session *s = open_on(p);
    p->busy = true;
    check(engine_probe(s, &w->base) == 0);
    send_text(s, "4bye");
    session_close(s, REASON_FORCED_CLOSE);
    check(strcmp(app_log, "close(forced close)") == 0);
    check(w->ending == MEMORY_OPEN && s->upgrade != NULL);
    return s;
}

/* The client has fetched the close packet, or has not in time. */
static void poll_is_over(struct session *s, struct memory_transport *p)
{
    p->base.session = NULL;
    session_transport_gone(s, &p->base, REASON_FORCED_CLOSE);
}

static void an_upgrade_goes_on_while_the_session_closes_and_the_close_goes_over_it(void)
{
    struct memory_transport *p = transport(TRANSPORT_POLLING), *w = transport(TRANSPORT_WEBSOCKET);
    start();
    struct session *s = close_amid_probe(p, w);
    send_text(s, "4late");
    receive(s, w, "2probe");
    turn(0);
    check(sent_is(w, "|3probe"));
    receive(s, p, "4x");
    receive(s, w, "5");
    check(sent_is(w, "|3probe|4bye") && w->ending == MEMORY_CLOSED);
    check(p->base.session == NULL && p->sent.len == 0);
    turn(0);
    check(engine.sessions.count == 0);
    check(strcmp(app_log, "close(forced close)") == 0);
    finish();
    transport_free(p);
    transport_free(w);
}

static void fail_by_timeout(struct session *s, struct memory_transport *w)
{
    turn(1000 + TIMER_TICK_MS);
    check(w->ending == MEMORY_CLOSED);
}

static void fail_by_another_packet(struct session *s, struct memory_transport *w)
{
    receive(s, w, "4x");
    check(w->ending == MEMORY_CLOSED);
}

static void fail_by_binary(struct session *s, struct memory_transport *w)
{
    session_receive_binary(s, &w->base, SPAN("x"));
    check(w->ending == MEMORY_CLOSED);
}

static void fail_by_garbage(struct session *s, struct memory_transport *w)
{
    session_receive_garbage(s, &w->base);
    check(w->ending == MEMORY_CLOSED);
}

static void fail_by_leaving(struct session *s, struct memory_transport *w)
{
    w->base.session = NULL;
    session_transport_gone(s, &w->base, REASON_TRANSPORT_CLOSE);
}

static void fail_by_taking_no_answer(struct session *s, struct memory_transport *w)
{
    w->busy = true;
    receive(s, w, "2probe");
    check(w->ending == MEMORY_CLOSED);
}

static void fail_after_the_answer(struct session *s, struct memory_transport *w)
{
    receive(s, w, "2probe");
    fail_by_another_packet(s, w);
}

static void an_upgrade_that_fails_while_the_session_closes_leaves_the_rest_to_polling(void)
{
    static void (*const ways[])(struct session * s, struct memory_transport * w) = {
        fail_by_timeout, fail_by_another_packet,   fail_by_binary,        fail_by_garbage,
        fail_by_leaving, fail_by_taking_no_answer, fail_after_the_answer,
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct memory_transport *p = transport(TRANSPORT_POLLING),
                                *w = transport(TRANSPORT_WEBSOCKET);
        start();
        struct session *s = close_amid_probe(p, w);
        ways[i](s, w);
        check(s->upgrade == NULL && w->base.session == NULL);
        check(s->state == SESSION_CLOSING && s->transport == &p->base);
        check(outq_bytes(&s->queue) == 6); /* "4bye" is still there */
        check(engine_probe(s, &w->base) == -1);
        poll_is_over(s, p);
        check(engine.sessions.count == 0);
        check(strcmp(app_log, "close(forced close)") == 0);
        finish();
        transport_free(p);
        transport_free(w);
    }
}

static void the_end_of_a_closing_session_closes_the_websocket_that_probes(void)
{
    for (int dropped = 0; dropped < 2; dropped++) {
        struct memory_transport *p = transport(TRANSPORT_POLLING),
                                *w = transport(TRANSPORT_WEBSOCKET);
        start();
        struct session *s = close_amid_probe(p, w);
        if (dropped) {
            engine_drop_all(&engine);
        } else {
            poll_is_over(s, p);
        }
        check(w->ending == MEMORY_CLOSED && w->base.session == NULL);
        check(sent_is(w, "") && engine.sessions.count == 0);
        turn(1000 + TIMER_TICK_MS); /* no timeout is left behind */
        check(strcmp(app_log, "close(forced close)") == 0);
        finish();
        transport_free(p);
        transport_free(w);
    }
}

static void a_slow_consumer_that_probes_is_dropped_on_both(void)
{
    struct memory_transport *p = transport(TRANSPORT_POLLING), *w = transport(TRANSPORT_WEBSOCKET);
    start();
    struct session *s = open_on(p);
    p->busy = true;
    check(engine_probe(s, &w->base) == 0);
    for (int i = 0; i < 20; i++) {
        send_text(s, "4too much");
    }
    turn(0);
    check(p->ending == MEMORY_ABORTED && w->ending == MEMORY_CLOSED);
    check(engine.sessions.count == 0 && sent_is(w, ""));
    finish();
    transport_free(p);
    transport_free(w);
}

int main(void)
{
    RUN(upgrades_without_losing_or_doubling_what_is_queued);
    RUN(releases_polls_from_the_probe_to_the_end_of_the_upgrade);
    RUN(gives_a_probe_up_that_says_something_else_or_nothing);
    RUN(takes_one_probe_at_a_time_and_none_after_the_upgrade);
    RUN(a_close_that_a_waiting_poll_takes_ends_the_probe);
    RUN(an_upgrade_goes_on_while_the_session_closes_and_the_close_goes_over_it);
    RUN(an_upgrade_that_fails_while_the_session_closes_leaves_the_rest_to_polling);
    RUN(the_end_of_a_closing_session_closes_the_websocket_that_probes);
    RUN(a_slow_consumer_that_probes_is_dropped_on_both);
    return tap_done();
}
