/* Events to and from one socket, and answers both ways. */
// SPDX-License-Identifier: MIT
#include "src/api/rookery.h"

#include <stdlib.h>

#include "src/socket/io.h"
#include "src/socket/socket.h"
#include "tests/support/seen.h"
#include "tests/support/tap.h"
#include "tests/support/world.h"

static struct rookery_socket *socket;
static struct rookery_ack *taken;

static void note(const char *what, int error, const struct rookery_args *args)
{
    see("%s:%d[%.*s]", what, error, (int)args->json.len, args->json.data);
}

static void on_connection(struct rookery_socket *s, void *arg)
{
    socket = s;
}

static void on_echo(struct rookery_socket *s, const struct rookery_event *e, void *arg)
{
    check(rookery_reply(s, e, &e->args) == 0);
    check(rookery_reply(s, e, &e->args) == 0); /* ignored */
    check(rookery_ack_take(s, e) == NULL);
}

static void on_later(struct rookery_socket *s, const struct rookery_event *e, void *arg)
{
    taken = rookery_ack_take(s, e);
    check((taken != NULL) == e->wants_ack);
    check(rookery_ack_take(s, e) == NULL);
    check(rookery_reply(s, e, NULL) == 0); /* ignored */
}

static void on_wrong(struct rookery_socket *s, const struct rookery_event *e, void *arg)
{
    struct rookery_args broken = json("}");
    check(rookery_reply(s, e, &broken) == ROOKERY_EINVAL);
    check(rookery_reply(s, e, NULL) == 0); /* the answer is still owed */
}

static void on_answer(struct rookery_socket *s, int error, const struct rookery_args *args,
                      void *arg)
{
    note(arg, error, args);
    if (error == ROOKERY_EGONE) {
        check(rookery_emit(s, ROOKERY_STR("x"), NULL, NULL) == ROOKERY_EGONE);
    }
}

static char first[] = "first", second[] = "second";

static struct peer *start(void)
{
    seen[0] = '\0';
    world_start(1);
    struct rookery_namespace *root = rookery_of(world, ROOKERY_STR("/"));
    rookery_on_connection(root, on_connection, NULL);
    rookery_on(root, ROOKERY_STR("echo"), on_echo, NULL);
    rookery_on(root, ROOKERY_STR("later"), on_later, NULL);
    rookery_on(root, ROOKERY_STR("wrong"), on_wrong, NULL);
    return peer_join(0, "/");
}

static void ask(char *name, unsigned timeout_ms)
{
    const struct rookery_emit how = {.timeout_ms = timeout_ms, .on_ack = on_answer, .arg = name};
    check(rookery_emit(socket, ROOKERY_STR("q"), NULL, &how) == 0);
}

/* ---- emitting ---- */

static void sends_events_in_the_order_of_the_calls(void)
{
    struct peer *p = start();
    struct rookery_args args = json("1,\"two\"");
    check(rookery_emit(socket, ROOKERY_STR("a"), &args, NULL) == 0);
    check(rookery_emit(socket, ROOKERY_STR("b"), NULL, NULL) == 0);
    check_peer(p, "");
    world_turn(0);
    check_peer(p, "|42[\"a\",1,\"two\"]|42[\"b\"]");
    world_end();
}

static void sends_nothing_that_is_not_fit(void)
{
    struct peer *p = start();
    struct rookery_args broken = json("[");
    const struct rookery_emit how = {.on_ack = on_answer, .arg = first};
    check(rookery_emit(socket, ROOKERY_STR("a"), &broken, &how) == ROOKERY_EINVAL);
    check(rookery_emit(socket, ROOKERY_STR("disconnecting"), NULL, NULL) == ROOKERY_ERESERVED);
    world_turn(0);
    check_peer(p, "");
    peer_vanish(p);
    check_seen(""); /* an emit that failed has no answer */
    world_end();
}

static void sends_volatile_events_only_when_the_transport_is_idle(void)
{
    struct peer *p = start();
    const struct rookery_emit volatile_ = {.is_volatile = true};
    check(rookery_emit(socket, ROOKERY_STR("1"), NULL, &volatile_) == 0);
    check(rookery_emit(socket, ROOKERY_STR("2"), NULL, &volatile_) == 0);
    check(rookery_emit(socket, ROOKERY_STR("3"), NULL, NULL) == 0);
    world_turn(0);
    check_peer(p, "|42[\"1\"]|42[\"3\"]");
    p->transport.busy = true;
    check(rookery_emit(socket, ROOKERY_STR("4"), NULL, &volatile_) == 0);
    world_turn(0);
    p->transport.busy = false;
    check_peer(p, "");
    check(world_stat(STAT_VOLATILE_DROPPED) == 2);
    world_end();
}

static void drops_a_volatile_event_with_all_its_attachments(void)
{
    struct peer *p = start();
    const struct rookery_emit volatile_ = {.is_volatile = true};
    const struct rookery_bin bins[] = {{"one", 3}, {"two", 3}};
    const struct rookery_args args = {
        .json = ROOKERY_STR("{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}"),
        .bins = bins,
        .bin_count = 2,
    };
    p->transport.busy = true;
    check(rookery_emit(socket, ROOKERY_STR("lost"), &args, &volatile_) == 0);
    world_turn(0);
    p->transport.busy = false;
    check(rookery_emit(socket, ROOKERY_STR("sent"), &args, &volatile_) == 0);
    world_turn(0);
    check_peer(p,
               "|452-[\"sent\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]"
               "|<one>|<two>");
    check(world_stat(STAT_VOLATILE_DROPPED) == 1);
    world_end();
}

/* ---- answering clients ---- */

static void answers_once_with_the_id_of_the_event(void)
{
    struct peer *p = start();
    peer_send(p, "20[\"echo\", 1 ,null]");
    peer_send(p, "29007199254740991[\"echo\"]");
    peer_send(p, "2[\"echo\"]"); /* wants none */
    world_turn(0);
    check_peer(p, "|430[1 ,null]|439007199254740991[]");
    check(world_stat(STAT_ACKS_SENT) == 2);
    world_end();
}

static void answers_with_attachments(void)
{
    struct peer *p = start();
    peer_send(p, "51-3[\"echo\",{\"_placeholder\":true,\"num\":0}]");
    peer_send_binary(p, "bytes");
    world_turn(0);
    check_peer(p, "|461-3[{\"_placeholder\":true,\"num\":0}]|<bytes>");
    world_end();
}

static void may_try_again_after_an_answer_that_was_not_fit(void)
{
    struct peer *p = start();
    peer_send(p, "25[\"wrong\"]");
    world_turn(0);
    check_peer(p, "|435[]");
    world_end();
}

/* Their memory is somebody else's afterwards. */
static void trusts_arguments_only_while_their_handler_runs(void)
{
    struct peer *p = start();
    const struct encoder *encoder = &socket->share->loop->encoder;
    peer_send(p, "20[\"echo\",1]");
    check(encoder->trusted.data == NULL);
    ask(first, 0);
    peer_send(p, "30[1]");
    check_seen("first:0[1]");
    check(encoder->trusted.data == NULL);
    world_end();
}

static void answers_later_with_an_ack_that_was_taken(void)
{
    struct peer *p = start();
    struct rookery_args args = json("7");
    peer_send(p, "2[\"later\"]");
    check(taken == NULL);
    peer_send(p, "21[\"later\"]");
    world_turn(0);
    check_peer(p, "");
    check(rookery_ack_socket(taken) == socket);
    check(rookery_ack_send(taken, &args) == 0);
    world_turn(0);
    check_peer(p, "|431[7]");
    peer_send(p, "22[\"later\"]");
    rookery_ack_drop(taken);
    world_end();
}

static void lets_a_taken_ack_outlive_its_connection(void)
{
    struct peer *p = start();
    peer_send(p, "21[\"later\"]");
    peer_vanish(p);
    world_settle();
    check(!rookery_socket_connected(rookery_ack_socket(taken)));
    check(rookery_ack_send(taken, NULL) == ROOKERY_EGONE);
    world_end();
}

/* ---- asking clients ---- */

static void calls_back_with_each_answer_once(void)
{
    struct peer *p = start();
    ask(first, 0);
    ask(second, 100);
    world_turn(0);
    check_peer(p, "|420[\"q\"]|421[\"q\"]");
    peer_send(p, "31[1,{}]");
    peer_send(p, "30");
    check_seen("second:0[1,{}]first:0[]");
    peer_send(p, "30[]");
    peer_send(p, "31[]");
    peer_send(p, "3[]");
    peer_send(p, "3999[]");
    world_advance(200);
    check_seen("");
    check(peer_is_open(p));
    check(world_stat(STAT_ACKS_RECEIVED) == 2 && world_stat(STAT_ACKS_TIMED_OUT) == 0);
    ask(first, 0);
    world_turn(0);
    check_peer(p, "|422[\"q\"]"); /* ids are not used again */
    world_end();
    check_seen("first:-3[]");
}

static void calls_back_when_no_answer_comes_in_time(void)
{
    struct peer *p = start();
    ask(first, 100);
    ask(second, 200);
    world_advance(90);
    check_seen("");
    world_advance(20);
    check_seen("first:-6[]");
    peer_send(p, "30[\"late\"]");
    check_seen("");
    world_advance(100);
    check_seen("second:-6[]");
    check(world_stat(STAT_ACKS_TIMED_OUT) == 2 && world_stat(STAT_ACKS_RECEIVED) == 0);
    world_end();
}

static void calls_back_when_the_socket_leaves_first(void)
{
    struct peer *p = start();
    ask(first, 0);
    ask(second, 100);
    peer_send(p, "1");
    check_seen("second:-3[]first:-3[]");
    world_advance(200);
    check_seen("");
    world_end();
}

static void keeps_the_answers_of_many_questions_apart(void)
{
    enum { QUESTIONS = 1000 };
    struct peer *p = start();
    char packet[64];
    for (int i = 0; i < QUESTIONS; i++) {
        ask(first, 1000);
    }
    for (int i = QUESTIONS - 1; i >= 0; i--) {
        seen[0] = '\0';
        (void)snprintf(packet, sizeof packet, "3%d[%d]", i, i);
        peer_send(p, packet);
        (void)snprintf(packet, sizeof packet, "first:0[%d]", i);
        check_seen(packet);
    }
    check(socket->share->loop->pending_acks.count == 0 && socket->pending_acks.first == NULL);
    world_end();
}

static void end_connection(struct rookery_socket *s, int error, const struct rookery_args *args,
                           void *arg)
{
    note(arg, error, args);
    rookery_disconnect(s, true);
}

static void lets_an_answer_end_the_connection(void)
{
    struct peer *p = start();
    const struct rookery_emit how = {.on_ack = end_connection, .arg = first};
    check(rookery_emit(socket, ROOKERY_STR("q"), NULL, &how) == 0);
    ask(second, 0);
    peer_send(p, "30[]");
    check_seen("first:0[]second:-3[]");
    check(!peer_is_open(p));
    world_end();
}

int main(void)
{
    RUN(sends_events_in_the_order_of_the_calls);
    RUN(sends_nothing_that_is_not_fit);
    RUN(sends_volatile_events_only_when_the_transport_is_idle);
    RUN(drops_a_volatile_event_with_all_its_attachments);
    RUN(answers_once_with_the_id_of_the_event);
    RUN(answers_with_attachments);
    RUN(may_try_again_after_an_answer_that_was_not_fit);
    RUN(trusts_arguments_only_while_their_handler_runs);
    RUN(answers_later_with_an_ack_that_was_taken);
    RUN(lets_a_taken_ack_outlive_its_connection);
    RUN(calls_back_with_each_answer_once);
    RUN(calls_back_when_no_answer_comes_in_time);
    RUN(calls_back_when_the_socket_leaves_first);
    RUN(keeps_the_answers_of_many_questions_apart);
    RUN(lets_an_answer_end_the_connection);
    return tap_done();
}
