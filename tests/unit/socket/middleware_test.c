// SPDX-License-Identifier: MIT
#include "src/socket/middleware.h"

#include <stdlib.h>

#include "src/socket/client.h"
#include "src/socket/io.h"
#include "src/socket/rooms.h"
#include "src/socket/socket.h"
#include "tests/support/seen.h"
#include "tests/support/tap.h"
#include "tests/support/world.h"

/* Middlewares that note that they were asked and decide at once or later, as the test sets it. */
enum decision { PASS, REFUSE, LATER };

static enum decision decide_first, decide_second;
static struct rookery_next *waiting[4];
static const struct rookery_event *waiting_event;
static unsigned waiting_count;

static void note(const char *what, struct rookery_str detail)
{
    see("%s(%.*s)", what, (int)detail.len, detail.data);
}

static void decide(enum decision decision, struct rookery_next *next)
{
    switch (decision) {
    case PASS:
        rookery_next_pass(next);
        break;
    case REFUSE:
        rookery_next_refuse(next, ROOKERY_STR("no \"entry\""), ROOKERY_STR("{\"code\":7}"));
        break;
    case LATER:
        waiting[waiting_count++] = next;
        break;
    }
}

static void ask_first(struct rookery_socket *s, struct rookery_next *next, void *arg)
{
    note("first", rookery_socket_auth(s));
    rookery_join(s, ROOKERY_STR("early"));
    check(!rookery_socket_connected(s) && rookery_in_room(s, ROOKERY_STR("early")));
    check(!rookery_in_room(s, rookery_socket_id(s)));
    check(rookery_emit(s, ROOKERY_STR("x"), NULL, NULL) == ROOKERY_EGONE);
    decide(decide_first, next);
}

static void ask_second(struct rookery_socket *s, struct rookery_next *next, void *arg)
{
    note("second", str(""));
    decide(decide_second, next);
}

static void before_first(struct rookery_socket *s, const struct rookery_event *e,
                         struct rookery_next *next, void *arg)
{
    note("before", e->name);
    waiting_event = e;
    decide(decide_first, next);
}

static void before_second(struct rookery_socket *s, const struct rookery_event *e,
                          struct rookery_next *next, void *arg)
{
    note("then", e->args.json);
    decide(decide_second, next);
}

static void on_connection(struct rookery_socket *s, void *arg)
{
    note("connection", str(""));
}

static void on_event(struct rookery_socket *s, const struct rookery_event *e, void *arg)
{
    note("event", e->args.json);
    if (e->args.bin_count != 0) {
        note("bin", (struct rookery_str){e->args.bins[0].data, e->args.bins[0].len});
    }
    (void)rookery_reply(s, e, &e->args);
}

static void on_any(struct rookery_socket *s, const struct rookery_event *e, void *arg)
{
    note("any", e->name);
}

static void on_error(struct rookery_socket *s, struct rookery_str message, void *arg)
{
    note("error", message);
}

static void on_disconnect(struct rookery_socket *s, const char *reason, void *arg)
{
    note("disconnect", str(reason));
}

static struct rookery_namespace *start(void)
{
    seen[0] = '\0';
    waiting_count = 0;
    decide_first = decide_second = PASS;
    world_start(1);
    struct rookery_namespace *root = rookery_of(world, ROOKERY_STR("/"));
    rookery_on_connection(root, on_connection, NULL);
    rookery_on(root, ROOKERY_STR("e"), on_event, NULL);
    rookery_on_error(root, on_error, NULL);
    rookery_on_disconnect(root, on_disconnect, NULL);
    return root;
}

static struct rookery_namespace *start_guarded(void)
{
    struct rookery_namespace *root = start();
    rookery_use(root, ask_first, NULL);
    rookery_use(root, ask_second, NULL);
    return root;
}

static struct peer *start_with_event_middlewares(void)
{
    struct rookery_namespace *root = start();
    rookery_on_any(root, on_any, NULL);
    rookery_use_event(root, before_first, NULL);
    rookery_use_event(root, before_second, NULL);
    struct peer *p = peer_join(0, "/");
    seen[0] = '\0';
    return p;
}

static void say_early(struct rookery_namespace *root)
{
    const struct rookery_str room = ROOKERY_STR("early");
    const struct rookery_target to = {.rooms = &room, .room_count = 1};
    check(rookery_broadcast(root, &to, ROOKERY_STR("b"), NULL, NULL) == 0);
}

/* ---- of a namespace ---- */

static void lets_a_socket_in_when_all_have_passed_it(void)
{
    struct rookery_namespace *root = start_guarded();
    struct peer *p = peer_open(0);
    peer_send(p, "0{\"a\":1}");
    check_seen("first({\"a\":1})second()connection()");
    say_early(root);
    world_turn(0);
    const char *got = peer_got(p);
    check(strncmp(got, "|40{\"sid\"", 9) == 0 && strstr(got, "}|42[\"b\"]") != NULL);
    world_end();
}

static void tells_a_refused_client_why_and_lets_it_try_again(void)
{
    (void)start_guarded();
    struct peer *p = peer_open(0);
    decide_first = REFUSE;
    peer_send(p, "0");
    check_seen("first({})");
    world_turn(0);
    check_peer(p, "|44{\"message\":\"no \\\"entry\\\"\",\"data\":{\"code\":7}}");
    decide_first = PASS;
    peer_join_more(p, "/");
    check_seen("first({})second()connection()");
    world_end();
}

static void waits_for_a_decision(void)
{
    struct rookery_namespace *root = start_guarded();
    struct peer *p = peer_open(0), *q = peer_open(0);
    decide_first = LATER;
    decide_second = LATER;
    peer_send(p, "0");
    peer_send(q, "0");
    say_early(root); /* they are in the room, but not connected */
    world_turn(0);
    check_peer(p, "");
    rookery_next_pass(waiting[0]);
    rookery_next_pass(waiting[1]);
    rookery_next_pass(waiting[2]);
    rookery_next_refuse(waiting[3], ROOKERY_STR("x"), ROOKERY_STR(""));
    check_seen("first({})first({})second()second()connection()");
    say_early(root);
    world_turn(0);
    const char *got = peer_got(p);
    check(strncmp(got, "|40{\"sid\"", 9) == 0 && strstr(got, "}|42[\"b\"]") != NULL);
    check_peer(q, "|44{\"message\":\"x\"}");
    world_end();
    check_seen("disconnect(server shutting down)");
}

static void hears_its_rooms_from_the_moment_it_is_connected(void)
{
    struct rookery_namespace *root = start_guarded();
    struct peer *p = peer_open(0);
    decide_first = LATER;
    peer_send(p, "0");
    say_early(root);
    rookery_next_pass(waiting[0]);
    say_early(root);
    world_turn(0);
    const char *got = peer_got(p);
    check(strcmp(strstr(got, "}|") + 1, "|42[\"b\"]") == 0);
    world_end();
}

static void never_connects_a_client_that_has_gone_meanwhile(void)
{
    (void)start_guarded();
    struct peer *p = peer_open(0), *q = peer_open(0);
    decide_first = LATER;
    peer_send(p, "0");
    peer_send(q, "0");
    peer_vanish(p);
    peer_vanish(q);
    world_settle();
    rookery_next_pass(waiting[0]);
    rookery_next_refuse(waiting[1], ROOKERY_STR("x"), ROOKERY_STR(""));
    check_seen("first({})first({})");
    world_end();
}

static void frees_those_that_never_decide(void)
{
    (void)start_guarded();
    decide_first = LATER;
    peer_send(peer_open(0), "0{\"a\":1}");
    peer_send(peer_open(0), "0");
    world_end();
    check_seen("first({\"a\":1})first({})");
}

static void lets_the_last_of_several_connects_to_a_namespace_count(void)
{
    (void)start_guarded();
    struct peer *p = peer_open(0);
    decide_first = LATER;
    peer_send(p, "0{\"n\":1}");
    peer_send(p, "0{\"n\":2}");
    rookery_next_pass(waiting[0]); /* nobody wants it any more */
    rookery_next_pass(waiting[1]);
    check_seen("first({\"n\":1})first({\"n\":2})second()connection()");
    world_turn(0);
    check(strstr(peer_got(p) + 1, "|40{\"sid\"") == NULL);
    decide_first = PASS;
    world_end();
}

static void bounds_the_connects_that_others_take_the_place_of(void)
{
    struct rookery_namespace *root = start();
    struct peer *p = peer_open(0);
    decide_second = LATER;
    rookery_use(root, ask_second, NULL);
    for (int i = 0; i <= CLIENT_REPLACED_MAX; i++) {
        waiting_count = 0;
        peer_send(p, "0");
        check(peer_is_open(p));
    }
    peer_send(p, "0");
    check(!peer_is_open(p));
    world_end();
}

static void closes_the_connection_on_other_packets_while_asking(void)
{
    (void)start_guarded();
    struct peer *p = peer_open(0);
    decide_first = LATER;
    peer_send(p, "0");
    peer_send(p, "2[\"e\"]");
    check(!peer_is_open(p));
    world_end();
    check_seen("first({})");
}

/* ---- of events ---- */

static void lets_events_pass(void)
{
    struct peer *p = start_with_event_middlewares();
    peer_send(p, "21[\"e\",5]");
    check_seen("any(e)before(e)then(5)event(5)");
    peer_send(p, "2[\"unknown\"]");
    check_seen("any(unknown)before(unknown)then()");
    world_turn(0);
    check_peer(p, "|431[5]");
    world_end();
}

static void tells_the_error_handlers_of_a_refused_event(void)
{
    struct peer *p = start_with_event_middlewares();
    decide_second = REFUSE;
    peer_send(p, "21[\"e\",5]");
    check_seen("any(e)before(e)then(5)error(no \"entry\")");
    world_turn(0);
    check_peer(p, "");
    check(peer_is_open(p));
    world_end();
}

static void keeps_an_event_until_it_is_decided(void)
{
    struct peer *p = start_with_event_middlewares();
    decide_first = LATER;
    peer_send(p, "51-1[\"e\",{\"_placeholder\":true,\"num\":0}]");
    peer_send_binary(p, "abc");
    peer_send(p, "22[\"e\",2]");
    check_seen("any(e)before(e)any(e)before(e)");
    check(str_is(waiting_event->args.json, "2") && str_is(waiting_event->name, "e"));
    decide_first = PASS;
    peer_send(p, "23[\"e\",3]"); /* overtakes them */
    check_seen("any(e)before(e)then(3)event(3)");
    rookery_next_pass(waiting[1]);
    check_seen("then(2)event(2)");
    rookery_next_pass(waiting[0]);
    check_seen(
        "then({\"_placeholder\":true,\"num\":0})event({\"_placeholder\":true,\"num\":0})bin(abc)");
    world_turn(0);
    check_peer(p, "|433[3]|432[2]|461-1[{\"_placeholder\":true,\"num\":0}]|<abc>");
    world_end();
}

static void forgets_the_events_of_a_socket_that_has_left(void)
{
    struct peer *p = start_with_event_middlewares();
    decide_first = LATER;
    peer_send(p, "2[\"e\",1]");
    peer_send(p, "2[\"e\",2]");
    peer_send(p, "2[\"e\",3]");
    peer_send(p, "1");
    world_settle();
    rookery_next_pass(waiting[0]);
    rookery_next_refuse(waiting[1], ROOKERY_STR("x"), ROOKERY_STR(""));
    check_seen("any(e)before(e)any(e)before(e)any(e)before(e)"
               "disconnect(client namespace disconnect)");
    world_end(); /* the third is never decided */
}

static void leave_on_any(struct rookery_socket *s, const struct rookery_event *e, void *arg)
{
    rookery_disconnect(s, false);
}

static void asks_nobody_about_events_of_a_socket_that_a_handler_has_disconnected(void)
{
    struct rookery_namespace *root = start();
    rookery_on_any(root, leave_on_any, NULL);
    rookery_use_event(root, before_first, NULL);
    struct peer *p = peer_join(0, "/");
    peer_send(p, "2[\"e\",1]");
    check_seen("connection()disconnect(server namespace disconnect)");
    world_end();
}

int main(void)
{
    RUN(lets_a_socket_in_when_all_have_passed_it);
    RUN(tells_a_refused_client_why_and_lets_it_try_again);
    RUN(waits_for_a_decision);
    RUN(hears_its_rooms_from_the_moment_it_is_connected);
    RUN(never_connects_a_client_that_has_gone_meanwhile);
    RUN(frees_those_that_never_decide);
    RUN(lets_the_last_of_several_connects_to_a_namespace_count);
    RUN(bounds_the_connects_that_others_take_the_place_of);
    RUN(closes_the_connection_on_other_packets_while_asking);
    RUN(lets_events_pass);
    RUN(tells_the_error_handlers_of_a_refused_event);
    RUN(keeps_an_event_until_it_is_decided);
    RUN(forgets_the_events_of_a_socket_that_has_left);
    RUN(asks_nobody_about_events_of_a_socket_that_a_handler_has_disconnected);
    return tap_done();
}
