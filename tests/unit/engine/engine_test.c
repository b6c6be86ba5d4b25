// SPDX-License-Identifier: MIT
#include "src/engine/engine.h"

#include "tests/support/engine_fixture.h"

static void opens_with_a_packet_that_says_what_was_agreed(void)
{
    struct memory_transport *t = transport(TRANSPORT_POLLING);
    struct rookery_request *r =
        request_create(SPAN("GET / HTTP/1.1\r\n\r\n"), "127.0.0.1", false, 0);
    char want[256];
    start();
    struct session *s = engine_handshake(&engine, &t->base, r, NULL);
    check(strcmp(app_log, "open()") == 0);
    check(t->sent.len == 0); /* nothing leaves before the end of the turn */
    turn(0);
    (void)snprintf(want, sizeof want,
                   "|0{\"sid\":\"%.20s\",\"upgrades\":[\"websocket\"],\"pingInterval\":300,"
                   "\"pingTimeout\":200,\"maxPayload\":1000000}",
                   s->sid);
    check(sent_is(t, want));
    request_release(r);
    finish();
    transport_free(t);
}

static bool place_is(struct span sid, unsigned node, unsigned index)
{
    unsigned its_node, its_loop;
    return engine_sid_place(sid, &its_node, &its_loop) && its_node == node && its_loop == index;
}

static void names_its_node_and_loop_in_ids_that_all_differ(void)
{
    struct memory_transport *a = transport(TRANSPORT_WEBSOCKET),
                            *b = transport(TRANSPORT_WEBSOCKET),
                            *c = transport(TRANSPORT_WEBSOCKET);
    unsigned node, index;
    start();
    loop.executor.index = 5;
    struct session *s = open_on(a), *s2 = open_on(b);
    check(place_is(session_sid(s), 0, 5));
    check(place_is(session_sid(s2), 0, 5));
    check(!span_eq(session_sid(s), session_sid(s2)));
    check(!engine_sid_place(SPAN("nope"), &node, &index));
    check(!engine_sid_place(SPAN("!!!!!!!!!!!!!!!!!!!!"), &node, &index));
    struct engine_options of_node = {.ping_interval_ms = 300, .ping_timeout_ms = 200};
    of_node.allow_websocket = true;
    atomic_init(&of_node.node, 0xfedc);
    engine.options = &of_node;
    check(place_is(session_sid(open_on(c)), 0xfedc, 5));
    finish();
    transport_free(c);
    transport_free(a);
    transport_free(b);
}

static void an_overdue_session_is_unknown_though_its_timer_has_not_been_looked_at(void)
{
    struct memory_transport *t = transport(TRANSPORT_POLLING);
    char query[80];
    start();
    struct session *s = open_on(t), *found;
    struct engine_request request = {.method = SPAN("GET")};
    (void)snprintf(query, sizeof query, "EIO=4&transport=polling&sid=%.20s", s->sid);
    request.query = span_cstr(query);
    check(engine_check(&engine, &request, &found) == ENGINE_OK && found == s);
    turn(300 + TIMER_TICK_MS);
    loop.executor.now_ms = 1000 + 500 + TIMER_TICK_MS;
    check(engine_check(&engine, &request, &found) == ENGINE_UNKNOWN_SID && found == NULL);
    finish();
    transport_free(t);
}

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
    struct memory_transport *t = transport(TRANSPORT_WEBSOCKET);
    char query[80];
    start();
    struct session *s = open_on(t), *found;
    (void)snprintf(query, sizeof query, "EIO=4&transport=polling&sid=%.20s", s->sid);
    struct engine_request r = {.method = SPAN("GET"), .query = span_cstr(query)};
    check(engine_check(&engine, &r, &found) == ENGINE_BAD_REQUEST);
    finish();
    transport_free(t);
}

static void check_says(struct session *s, const char *says, enum engine_error error)
{
    struct session *found;
    char query[80];

    (void)snprintf(query, sizeof query, "%stransport=polling&sid=%.20s", says, s->sid);
    struct engine_request r = {.method = SPAN("GET"), .query = span_cstr(query)};
    check(engine_check(&engine, &r, &found) == error && found == (error == ENGINE_OK ? s : NULL));
}

static void takes_what_is_not_4_for_revision_3_where_that_is_allowed(void)
{
    static const char *const queries[] = {"transport=polling", "EIO=3&transport=polling",
                                          "EIO=5&transport=polling"};
    struct memory_transport *t = transport(TRANSPORT_POLLING), *t4 = transport(TRANSPORT_POLLING);
    struct engine_options allowing = options;
    struct session *s;
    start();
    allowing.allow_eio3 = true;
    check(!open_on(t4)->eio3);
    engine.options = &allowing;
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
        struct engine_request r = {.method = SPAN("GET"), .query = span_cstr(queries[i])};
        check(engine_check(&engine, &r, &s) == ENGINE_OK && s == NULL);
        check(engine_speaks_3(&engine, r.query));
    }
    check(!engine_speaks_3(&engine, SPAN("EIO=4&transport=polling")));
    s = open_on(t);
    check(s->eio3);
    check_says(s, "EIO=3&", ENGINE_OK);
    check_says(s, "", ENGINE_OK);
    check_says(s, "EIO=4&", ENGINE_BAD_REQUEST);
    check_says(t4->base.session, "EIO=3&", ENGINE_BAD_REQUEST);
    check_says(t4->base.session, "EIO=4&", ENGINE_OK);
    finish();
    transport_free(t);
    transport_free(t4);
}

static void writes_the_error_body_of_the_reference(void)
{
    struct bytes out = {0};
    engine_error_body(&out, ENGINE_UNKNOWN_SID, SPAN(""));
    check(span_eq(bytes_span(&out), SPAN("{\"code\":1,\"message\":\"Session ID unknown\"}")));
    bytes_clear(&out);
    engine_error_body(&out, ENGINE_FORBIDDEN, SPAN("no \"way\""));
    check(span_eq(bytes_span(&out), SPAN("{\"code\":4,\"message\":\"no \\\"way\\\"\"}")));
    bytes_finish(&out);
}

int main(void)
{
    RUN(opens_with_a_packet_that_says_what_was_agreed);
    RUN(names_its_node_and_loop_in_ids_that_all_differ);
    RUN(an_overdue_session_is_unknown_though_its_timer_has_not_been_looked_at);
    RUN(answers_each_bad_request_with_its_code);
    RUN(keeps_requests_of_a_session_to_its_transport);
    RUN(takes_what_is_not_4_for_revision_3_where_that_is_allowed);
    RUN(writes_the_error_body_of_the_reference);
    return tap_done();
}
