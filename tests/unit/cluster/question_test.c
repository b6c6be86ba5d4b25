// SPDX-License-Identifier: MIT
#include "src/cluster/question.h"

#include "protocol/adapter_classic.h"
#include "tests/support/lone_node.h"
#include "tests/support/tap.h"

static char told[256];

static void tell(const char *text, size_t len)
{
    size_t at = strlen(told);
    (void)snprintf(told + at, sizeof told - at, "%.*s|", (int)len, text);
}

static void check_told(const char *expected)
{
    world_settle();
    check(strcmp(told, expected) == 0);
    told[0] = '\0';
}

static void on_acks(int error, const struct rookery_args *answers, size_t count, void *arg)
{
    for (size_t i = 0; i < count; i++) {
        tell(answers[i].json.data, answers[i].json.len);
    }
    tell(error == 0 ? "ok" : error == ROOKERY_ETIMEOUT ? "timeout" : "gone", 7);
}

static void on_sockets(int error, const struct rookery_socket_info *sockets, size_t count,
                       void *arg)
{
    for (size_t i = 0; i < count; i++) {
        tell(sockets[i].id.data, sockets[i].id.len);
    }
    tell(error == 0 ? "ok" : error == ROOKERY_ETIMEOUT ? "timeout" : "gone", 7);
}

static void on_count(int error, uint64_t servers, void *arg)
{
    char text[32];

    (void)snprintf(text, sizeof text, "%d:%u", error, (unsigned)servers);
    tell(text, strlen(text));
}

static void start(void)
{
    lone_node_start(&(struct cluster_options){.wire = WIRE_CLASSIC, .id_prefix = SPAN("AAAA")}, 1);
    told[0] = '\0';
    world_enter(0);
}

/* ---- the other nodes ---- */

static void answer(struct span id, struct adapter_message m)
{
    struct bytes payload = {0};

    m.request_id = id;
    m.uid = SPAN("other1");
    m.nsp = SPAN("/");
    classic_encode(&payload, &m);
    bus_stub_deliver(&lone_node.bus, BUS_CHANNEL, "p-response#/#", bytes_span(&payload));
    bytes_finish(&payload);
    world_settle();
}

/* The id of what was asked last. */
static struct span asked_id(void)
{
    static char id[CLUSTER_UID_MAX];
    struct adapter_decoder decoder = {0};
    struct adapter_message m;
    size_t len = 0;

    world_settle();
    if (classic_decode(&decoder, CLASSIC_REQUEST, SPAN("/"), bytes_span(&lone_node.bus.payload),
                       &m) == 0 &&
        m.request_id.len <= sizeof id) {
        len = m.request_id.len;
        memcpy(id, m.request_id.data, len);
    }
    adapter_decoder_finish(&decoder);
    check(len > 0);
    return span_of(id, len);
}

static void answer_sockets(struct span id, const char *socket)
{
    const struct adapter_socket one = {
        .id = span_cstr(socket), .handshake = SPAN("{}"), .data = SPAN("{}")};

    answer(id,
           (struct adapter_message){.kind = ADAPTER_SOCKETS, .sockets = &one, .socket_count = 1});
}

static void answer_count(struct span id, uint64_t count)
{
    answer(id, (struct adapter_message){.kind = ADAPTER_COUNT, .count = count});
}

static void answer_ack(struct span id, const char *json)
{
    answer(id, (struct adapter_message){.kind = ADAPTER_ACK, .args = {.json = span_cstr(json)}});
}

static void answer_event(struct span id, const char *json)
{
    answer(id, (struct adapter_message){.kind = ADAPTER_EMIT_ANSWER,
                                        .args = {.json = span_cstr(json)}});
}

static const struct rookery_broadcast asking = {.timeout_ms = 500, .on_acks = on_acks};

static void emit(void)
{
    check(rookery_server_emit(lone_node.root, ROOKERY_STR("e"), NULL, &asking) == 0);
    world_settle();
}

static uint64_t timeouts(void)
{
    return cluster_counts(lone_node.cluster)->requests_timed_out;
}

/* ---- */

static void is_over_when_as_many_have_answered_as_there_are_others(void)
{
    start();
    rookery_fetch_sockets(lone_node.root, NULL, on_sockets, NULL);
    struct span id = asked_id();
    bus_stub_answer(&lone_node.bus, 0, 3);
    answer_sockets(id, "first");
    check_told("");
    answer_sockets(id, "second");
    check_told("first|second|ok|");
    lone_node_end();
}

static void answers_may_come_before_the_count_of_servers(void)
{
    start();
    emit();
    struct span id = asked_id();
    answer_event(id, "1");
    answer_event(id, "2");
    check_told("");
    bus_stub_answer(&lone_node.bus, 0, 3);
    check_told("1|2|ok|");
    lone_node_end();
}

static void is_over_at_once_when_nobody_else_is_there(void)
{
    start();
    emit();
    bus_stub_answer(&lone_node.bus, 0, 1);
    check_told("ok|");
    emit();
    bus_stub_answer(&lone_node.bus, 0, 0); /* not even this one is subscribed yet */
    check_told("ok|");
    lone_node_end();
}

static void clients_answers_are_counted_by_what_their_servers_say(void)
{
    start();
    check(rookery_broadcast(lone_node.root, NULL, ROOKERY_STR("q"), NULL, &asking) == 0);
    struct span id = asked_id();
    bus_stub_answer(&lone_node.bus, 0, 3);
    answer_count(id, 2);
    answer_ack(id, "\"a\"");
    answer_count(id, 0);
    check_told("");
    answer_ack(id, "\"b\"");
    check_told("\"a\"|\"b\"|ok|");
    lone_node_end();
}

static void what_comes_late_or_to_another_question_is_nobodys(void)
{
    start();
    emit();
    struct span id = asked_id();
    bus_stub_answer(&lone_node.bus, 0, 2);
    answer_sockets(id, "no answer to that");
    answer_event(SPAN("nobody"), "0");
    check_told("");
    answer_event(id, "1");
    check_told("1|ok|");
    answer_event(id, "2");
    check_told("");
    check(timeouts() == 0);
    lone_node_end();
}

static void ends_at_its_timeout_with_what_has_come(void)
{
    start();
    emit();
    struct span id = asked_id();
    bus_stub_answer(&lone_node.bus, 0, 3);
    answer_event(id, "1");
    world_advance(400);
    check_told("");
    world_advance(200);
    check_told("1|timeout|");
    check(timeouts() == 1);
    lone_node_end();
}

static void ends_at_its_timeout_even_if_the_bus_does_not_count(void)
{
    start();
    emit();
    world_advance(600);
    check_told("timeout|");
    bus_stub_answer(&lone_node.bus, 0, 2); /* frees it */
    check_told("");
    lone_node_end();
}

static void is_refused_while_the_bus_is_down(void)
{
    start();
    bus_stub_set_up(&lone_node.bus, false);
    emit();
    check_told("gone|");
    rookery_server_count(lone_node.root, on_count, NULL);
    world_settle();
    check(strncmp(told, "0:", 2) != 0);
    lone_node_end();
}

static void ends_when_the_bus_goes_down(void)
{
    start();
    emit();
    bus_stub_set_up(&lone_node.bus, false);
    check_told("gone|");
    check(timeouts() == 0);
    lone_node_end();
}

static void ends_when_the_cluster_stops(void)
{
    start();
    emit();
    bus_stub_answer(&lone_node.bus, 0, 2);
    emit(); /* that one is not counted when it ends */
    lone_node_end();
    check(strcmp(told, "gone|gone|") == 0);
}

static void counts_the_servers(void)
{
    start();
    (void)bus_stub_said(&lone_node.bus);
    rookery_server_count(lone_node.root, on_count, NULL);
    world_settle();
    check(strcmp(bus_stub_said(&lone_node.bus), "?p-request#/#|") == 0);
    bus_stub_answer(&lone_node.bus, 0, 4);
    check_told("0:4|");
    lone_node_end();
}

struct asked {
    struct inquiry inquiry;
    unsigned done, gone;
};

static void on_asked_done(struct inquiry *q, int error)
{
    struct asked *a = container_of(q, struct asked, inquiry);

    a->done++;
    a->gone += error == ROOKERY_EGONE;
}

static void on_asked_answer(struct inquiry *q, const struct rookery_args *answer)
{
}

static void too_many_at_a_time_are_refused(void)
{
    enum { MAX = 100000 }; /* see question.c */
    struct asked *asked = xcalloc(MAX + 1, sizeof *asked);
    unsigned gone = 0, done = 0;

    start();
    for (unsigned i = 0; i <= MAX; i++) {
        asked[i].inquiry = (struct inquiry){.kind = INQUIRE_EMIT,
                                            .wants_answers = true,
                                            .on_answer = on_asked_answer,
                                            .on_done = on_asked_done};
        lone_node.adapter->ops->inquire(lone_node.adapter, lone_node.root, &asked[i].inquiry, NULL,
                                        ROOKERY_STR("e"), NULL);
    }
    world_settle();
    check(asked[MAX].done == 1 && asked[MAX].gone == 1 && asked[MAX - 1].done == 0);
    bus_stub_answer(&lone_node.bus, 0, 1);
    lone_node_end();
    for (unsigned i = 0; i <= MAX; i++) {
        done += asked[i].done;
        gone += asked[i].gone;
    }
    check(done == MAX + 1 && gone == 1);
    free(asked);
}

int main(void)
{
    RUN(is_over_when_as_many_have_answered_as_there_are_others);
    RUN(answers_may_come_before_the_count_of_servers);
    RUN(is_over_at_once_when_nobody_else_is_there);
    RUN(clients_answers_are_counted_by_what_their_servers_say);
    RUN(what_comes_late_or_to_another_question_is_nobodys);
    RUN(ends_at_its_timeout_with_what_has_come);
    RUN(ends_at_its_timeout_even_if_the_bus_does_not_count);
    RUN(is_refused_while_the_bus_is_down);
    RUN(ends_when_the_bus_goes_down);
    RUN(ends_when_the_cluster_stops);
    RUN(counts_the_servers);
    RUN(too_many_at_a_time_are_refused);
    return tap_done();
}
