// SPDX-License-Identifier: MIT
#include "src/engine/handshake.h"

#include "tests/support/engine_fixture.h"

enum { MAX = 3, TIMEOUT_MS = 1000 };

static struct rookery_handshake *asked[MAX]; /* who waits for the application, by age */
static unsigned asked_count;
static bool at_once;

static void ask_application(struct rookery_handshake *h, void *arg)
{
    if (at_once) {
        handshake_accept(h);
    } else {
        asked[asked_count++] = h;
    }
}

static void note_verdict(struct rookery_request *request, enum handshake_verdict verdict,
                         struct span message, void *arg)
{
    static const char *const names[] = {"accepted", "refused", "undecided"};

    check(span_eq(request_head(request), SPAN("GET / HTTP/1.1\r\n\r\n")));
    log_app(names[verdict], message);
}

static const struct engine_app asking = {
    .on_open = on_open, .on_text = on_text, .on_close = on_close, .allow = ask_application};
static const struct engine_options limited = {.undecided_max = MAX,
                                              .decision_timeout_ms = TIMEOUT_MS};

static void start_asking(void)
{
    start();
    engine.app = &asking;
    engine.options = &limited;
    asked_count = 0;
    at_once = false;
}

static struct rookery_handshake *ask(void)
{
    struct rookery_request *r =
        request_create(SPAN("GET / HTTP/1.1\r\n\r\n"), "127.0.0.1", false, 0);
    struct rookery_handshake *h = handshake_ask(&engine, r, note_verdict, NULL);

    request_release(r);
    return h;
}

static bool heard(const char *want)
{
    bool same = strcmp(app_log, want) == 0;

    app_log[0] = '\0';
    return same;
}

static void is_over_when_the_application_decides_at_once(void)
{
    start_asking();
    at_once = true;
    for (unsigned i = 0; i < 2 * MAX; i++) {
        check(ask() == NULL);
        check(heard("accepted()"));
    }
    check(engine.undecided == 0);
    turn(TIMEOUT_MS);
    check(heard(""));
    finish();
}

static void waits_for_a_decision_and_keeps_the_request_for_it(void)
{
    start_asking();
    struct rookery_handshake *first = ask(), *second = ask(), *third = ask();
    check(first == asked[0] && second == asked[1] && third == asked[2] && heard(""));
    check(span_eq(request_head(second->request), SPAN("GET / HTTP/1.1\r\n\r\n")));
    handshake_refuse(second, SPAN("no"));
    check(heard("refused(no)"));
    handshake_refuse(first, (struct span){0});
    check(heard("refused(Forbidden)"));
    handshake_accept(third);
    check(heard("accepted()") && engine.undecided == 0);
    turn(TIMEOUT_MS);
    check(heard("") && stats_get(&stats, STAT_HANDSHAKES_UNDECIDED) == 0);
    finish();
}

static void ends_undecided_when_time_is_up_and_takes_a_decision_then(void)
{
    start_asking();
    struct rookery_handshake *h = ask();
    turn(TIMEOUT_MS - 1);
    check(heard(""));
    turn(1);
    check(heard("undecided()") && stats_get(&stats, STAT_HANDSHAKES_UNDECIDED) == 1);
    check(span_eq(request_head(h->request), SPAN("GET / HTTP/1.1\r\n\r\n")));
    check(engine.undecided == 1);
    handshake_accept(h);
    check(heard("") && engine.undecided == 0);
    finish();
}

static void is_not_asked_about_when_too_many_are_undecided(void)
{
    start_asking();
    for (unsigned i = 0; i < MAX; i++) {
        (void)ask();
    }
    check(ask() == NULL && asked_count == MAX);
    check(heard("undecided()") && stats_get(&stats, STAT_HANDSHAKES_UNDECIDED) == 1);
    turn(TIMEOUT_MS);
    check(heard("undecided()undecided()undecided()"));
    check(ask() == NULL && heard("undecided()")); /* their requests are still here */
    handshake_accept(asked[--asked_count]);
    check(ask() != NULL && heard(""));
    finish();
}

static void tells_nobody_when_its_client_has_gone(void)
{
    start_asking();
    handshake_forget(ask());
    turn(TIMEOUT_MS);
    handshake_accept(asked[0]);
    check(heard("") && engine.undecided == 0);
    finish();
}

static void ends_undecided_with_the_engine(void)
{
    start_asking();
    handshake_forget(ask());
    (void)ask();
    engine_shutdown(&engine);
    check(heard("undecided()"));
    handshake_accept(asked[0]);
    turn(TIMEOUT_MS);
    check(heard(""));
    finish(); /* frees what was never decided */
}

int main(void)
{
    RUN(is_over_when_the_application_decides_at_once);
    RUN(waits_for_a_decision_and_keeps_the_request_for_it);
    RUN(ends_undecided_when_time_is_up_and_takes_a_decision_then);
    RUN(is_not_asked_about_when_too_many_are_undecided);
    RUN(tells_nobody_when_its_client_has_gone);
    RUN(ends_undecided_with_the_engine);
    return tap_done();
}
