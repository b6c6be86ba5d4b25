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

static void closing_during_a_probe_closes_both(void)
{
    struct memory_transport *p = transport(TRANSPORT_POLLING), *w = transport(TRANSPORT_WEBSOCKET);
    start();
    struct session *s = open_on(p);
    check(engine_probe(s, &w->base) == 0);
    session_close(s, REASON_FORCED_CLOSE);
    check(p->ending == MEMORY_CLOSED && w->ending == MEMORY_CLOSED);
    finish();
    transport_free(p);
    transport_free(w);
}

int main(void)
{
    RUN(upgrades_without_losing_or_doubling_what_is_queued);
    RUN(gives_a_probe_up_that_says_something_else_or_nothing);
    RUN(takes_one_probe_at_a_time_and_none_after_the_upgrade);
    RUN(closing_during_a_probe_closes_both);
    return tap_done();
}
