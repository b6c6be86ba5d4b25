// SPDX-License-Identifier: MIT
#include "src/engine/session.h"

#include "tests/support/engine_fixture.h"

static void hands_up_messages_and_ignores_what_means_nothing(void)
{
    struct memory_transport *t = transport(TRANSPORT_WEBSOCKET);
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
    transport_free(t);
}

static void ends_on_what_is_no_packet(void)
{
    static const char *const packets[] = {"abc", "", "7", "b!", "2"};
    static const char *const reasons[] = {"parse error", "parse error", "parse error",
                                          "parse error", "transport error"};
    for (int i = 0; i < 5; i++) {
        struct memory_transport *t = transport(TRANSPORT_WEBSOCKET);
        char want[64];
        start();
        struct session *s = open_on(t);
        receive(s, t, packets[i]);
        (void)snprintf(want, sizeof want, "close(%s)", reasons[i]);
        check(strcmp(app_log, want) == 0);
        check(t->ending == MEMORY_CLOSED);
        check(engine.sessions.count == 0);
        receive(s, t, "4late");
        check(strcmp(app_log, want) == 0);
        finish();
        transport_free(t);
    }
}

static void pings_and_ends_without_a_pong(void)
{
    struct memory_transport *t = transport(TRANSPORT_WEBSOCKET);
    start();
    struct session *s = open_on(t);
    turn(299);
    check(t->sent.len == 0);
    turn(1 + TIMER_TICK_MS);
    check(sent_is(t, "|2"));
    receive(s, t, "3");
    turn(299);
    check(sent_is(t, "|2"));
    turn(1 + TIMER_TICK_MS);
    check(sent_is(t, "|2|2"));
    turn(180);
    check(app_log[0] == '\0');
    turn(20 + TIMER_TICK_MS);
    check(strcmp(app_log, "close(ping timeout)") == 0);
    check(stats_get(&stats, STAT_CLOSED_PING_TIMEOUT) == 1);
    finish();
    transport_free(t);
}

static void a_loop_that_stalls_leaves_a_peer_time_for_its_pong(void)
{
    struct memory_transport *t = transport(TRANSPORT_WEBSOCKET);
    start();
    struct session *s = open_on(t);
    turn(5000); /* ping and pong would both be long over */
    check(sent_is(t, "|2"));
    turn(90);
    check(app_log[0] == '\0');
    receive(s, t, "3");
    turn(200);
    check(app_log[0] == '\0');
    finish();
    transport_free(t);
}

static void another_packet_puts_the_pong_off_once(void)
{
    struct memory_transport *t = transport(TRANSPORT_WEBSOCKET);
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
    transport_free(t);
}

static void drops_a_slow_consumer_at_its_limit(void)
{
    struct memory_transport *t = transport(TRANSPORT_WEBSOCKET);
    start();
    struct session *s = open_on(t);
    t->busy = true;
    for (int i = 0; i < 4; i++) {
        send_text(s, "4aaaaaaaaaaaaaaaaaaaaaaa"); /* 26 bytes with its head */
        if (i < 3) {
            turn(0);
            check(app_log[0] == '\0');
            check(stats_get(&stats, STAT_QUEUE_BYTES) == 26U * (unsigned)(i + 1));
        }
    }
    turn(0);
    check(strcmp(app_log, "close(transport error)") == 0);
    check(t->ending == MEMORY_ABORTED);
    check(stats_get(&stats, STAT_QUEUE_BYTES) == 0);
    check(stats_get(&stats, STAT_CLOSED_TRANSPORT_ERROR) == 1);
    check(stats_get(&stats, STAT_SLOW_CONSUMERS) == 1);
    finish();
    transport_free(t);
}

static void an_orderly_close_sends_what_is_queued_and_keeps_the_id_until_it_is_out(void)
{
    struct memory_transport *t = transport(TRANSPORT_POLLING);
    start();
    struct session *s = open_on(t);
    send_text(s, "4bye");
    session_close(s, REASON_FORCED_CLOSE);
    session_close(s, REASON_FORCED_CLOSE);
    check(strcmp(app_log, "close(forced close)") == 0);
    check(sent_is(t, "|4bye") && t->ending == MEMORY_CLOSED);
    check(engine.sessions.count == 1);
    turn(0); /* the transport is through */
    check(engine.sessions.count == 0);
    check(strcmp(app_log, "close(forced close)") == 0);
    check(t->cuts == 0);
    finish();
    transport_free(t);
}

static void a_close_packet_lets_the_waiting_poll_go(void)
{
    struct memory_transport *t = transport(TRANSPORT_POLLING);
    start();
    struct session *s = open_on(t);
    receive(s, t, "1");
    check(t->released == 1);
    check(strcmp(app_log, "close(transport close)") == 0);
    finish();
    transport_free(t);
}

/* In revision 3 it is the client that pings. */
static struct session *open_eio3(struct memory_transport *t)
{
    static struct engine_options allowing;
    allowing = options;
    allowing.allow_eio3 = true;
    start();
    engine.options = &allowing;
    return open_on(t);
}

static void answers_the_pings_of_revision_3_and_ends_without_them(void)
{
    struct memory_transport *t = transport(TRANSPORT_WEBSOCKET);
    struct session *s = open_eio3(t);
    turn(490);
    receive(s, t, "2");
    turn(0);
    check(sent_is(t, "|3"));
    receive(s, t, "2anything");
    turn(490);
    check(sent_is(t, "|3|3"));
    check(app_log[0] == '\0');
    receive(s, t, "4a"); /* puts nothing off */
    turn(10 + TIMER_TICK_MS);
    check(strcmp(app_log, "text(a)close(ping timeout)") == 0);
    check(sent_is(t, "|3|3"));
    finish();
    transport_free(t);
}

static void a_pong_of_revision_3_is_an_error(void)
{
    struct memory_transport *t = transport(TRANSPORT_WEBSOCKET);
    struct session *s = open_eio3(t);
    receive(s, t, "3");
    check(strcmp(app_log, "close(transport error)") == 0);
    finish();
    transport_free(t);
}

static void an_overdue_session_of_revision_3_is_unknown_at_once(void)
{
    struct memory_transport *t = transport(TRANSPORT_POLLING);
    struct session *s = open_eio3(t);
    char sid[SID_LEN];
    memcpy(sid, s->sid, sizeof sid);
    check(engine_find(&engine, span_of(sid, sizeof sid)) == s);
    loop.executor.now_ms += 500 + TIMER_TICK_MS;
    check(engine_find(&engine, span_of(sid, sizeof sid)) == NULL);
    finish();
    transport_free(t);
}

int main(void)
{
    RUN(hands_up_messages_and_ignores_what_means_nothing);
    RUN(ends_on_what_is_no_packet);
    RUN(pings_and_ends_without_a_pong);
    RUN(a_loop_that_stalls_leaves_a_peer_time_for_its_pong);
    RUN(another_packet_puts_the_pong_off_once);
    RUN(drops_a_slow_consumer_at_its_limit);
    RUN(an_orderly_close_sends_what_is_queued_and_keeps_the_id_until_it_is_out);
    RUN(a_close_packet_lets_the_waiting_poll_go);
    RUN(answers_the_pings_of_revision_3_and_ends_without_them);
    RUN(a_pong_of_revision_3_is_an_error);
    RUN(an_overdue_session_of_revision_3_is_unknown_at_once);
    return tap_done();
}
