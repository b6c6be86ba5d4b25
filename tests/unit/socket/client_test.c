// SPDX-License-Identifier: MIT
#include "src/socket/client.h"

#include <stdlib.h>

#include "src/socket/io.h"
#include "src/socket/socket.h"
#include "tests/support/seen.h"
#include "tests/support/tap.h"
#include "tests/support/world.h"

static struct rookery_socket *last_socket;

static void note(const char *what, struct rookery_str detail)
{
    see("%s(%.*s)", what, (int)detail.len, detail.data);
}

static void on_connection(struct rookery_socket *s, void *arg)
{
    last_socket = s;
    note("connection", rookery_socket_auth(s));
    (void)rookery_emit(s, ROOKERY_STR("welcome"), NULL, NULL);
}

static void on_any(struct rookery_socket *s, const struct rookery_event *e, void *arg)
{
    note("any", e->name);
    note(e->wants_ack ? "args?" : "args", e->args.json);
    for (size_t i = 0; i < e->args.bin_count; i++) {
        note("bin", (struct rookery_str){e->args.bins[i].data, e->args.bins[i].len});
    }
}

static void on_disconnecting(struct rookery_socket *s, const char *reason, void *arg)
{
    note("disconnecting", rookery_in_room(s, ROOKERY_STR("r")) ? str("in r") : str("out"));
    check(rookery_emit(s, ROOKERY_STR("x"), NULL, NULL) == ROOKERY_EGONE);
    rookery_join(s, ROOKERY_STR("late"));
}

static void on_disconnect(struct rookery_socket *s, const char *reason, void *arg)
{
    note("disconnect", str(reason));
    check(!rookery_socket_connected(s) && !rookery_in_room(s, ROOKERY_STR("r")));
    check(!rookery_in_room(s, ROOKERY_STR("late")));
}

static void on_kick(struct rookery_socket *s, const struct rookery_event *e, void *arg)
{
    rookery_disconnect(s, str_is(rookery_arg(&e->args, 0), "true"));
    note("after", str(rookery_socket_connected(s) ? "connected" : "gone"));
    rookery_disconnect(s, true); /* harmless now */
}

static void on_join(struct rookery_socket *s, const struct rookery_event *e, void *arg)
{
    rookery_join(s, ROOKERY_STR("r"));
}

static void set_up(struct rookery_namespace *nsp)
{
    rookery_on_connection(nsp, on_connection, NULL);
    rookery_on_any(nsp, on_any, NULL);
    rookery_on(nsp, ROOKERY_STR("kick"), on_kick, NULL);
    rookery_on(nsp, ROOKERY_STR("join"), on_join, NULL);
    rookery_on_disconnecting(nsp, on_disconnecting, NULL);
    rookery_on_disconnect(nsp, on_disconnect, NULL);
}

static void start(void)
{
    seen[0] = '\0';
    world_start(1);
    set_up(rookery_of(world, ROOKERY_STR("/")));
    set_up(rookery_of(world, ROOKERY_STR("other"))); /* the slash is added */
}

static void forget(void)
{
    seen[0] = '\0';
}

/* ---- connecting ---- */

static void answers_a_connect_before_anything_else_is_sent(void)
{
    start();
    struct peer *p = peer_open(0);
    peer_send(p, "0{\"token\":\"x\"}");
    world_turn(0);
    const char *got = peer_got(p);
    check(strncmp(got, "|40{\"sid\":\"", 11) == 0);
    check(strlen(got) == 11 + SOCKET_ID_LEN + 2 + strlen("|42[\"welcome\"]"));
    check(strcmp(got + 11 + SOCKET_ID_LEN, "\"}|42[\"welcome\"]") == 0);
    check_seen("connection({\"token\":\"x\"})");
    world_end();
}

static void gives_the_auth_of_each_connect_and_an_empty_one_by_default(void)
{
    start();
    struct peer *p = peer_open(0);
    peer_send(p, "0{}");
    peer_send(p, "0/other,{\"a\":[1]}");
    check_seen("connection({})connection({\"a\":[1]})");
    world_turn(0);
    check(strstr(peer_got(p), "|40/other,{\"sid\":\"") != NULL);
    world_end();
}

static void gives_every_connect_an_id_of_its_own(void)
{
    start();
    struct peer *p = peer_join(0, "/");
    char first[64];
    memcpy(first, p->id, sizeof first);
    peer_join_more(p, "/other");
    check(strlen(p->id) == SOCKET_ID_LEN && strcmp(p->id, first) != 0);
    check(memcmp(p->id, p->transport.base.session->sid, SOCKET_ID_LEN) != 0);
    world_end();
}

static void refuses_an_unknown_namespace_and_keeps_the_connection(void)
{
    start();
    struct peer *p = peer_open(0);
    peer_send(p, "0/nope,");
    peer_send(p, "0/other?x=1");
    world_turn(0);
    check_peer(p, "|44/nope,{\"message\":\"Invalid namespace\"}"
                  "|44/other?x=1,{\"message\":\"Invalid namespace\"}");
    peer_join_more(p, "/");
    check(peer_is_open(p));
    world_end();
}

static void closes_a_connection_that_joins_nothing_in_time(void)
{
    start();
    struct peer *idle = peer_open(0), *joined = peer_join(0, "/");
    peer_send(joined, "1");
    world_advance(990);
    check(peer_is_open(idle));
    world_advance(20);
    check(!peer_is_open(idle) && idle->transport.ending == MEMORY_CLOSED);
    check(peer_is_open(joined)); /* it has joined once */
    world_end();
}

static void bounds_the_sockets_of_a_connection(void)
{
    start();
    (void)rookery_of_pattern(world, "^/n");
    struct peer *p = peer_open(0);
    char packet[32];
    for (int i = 0; i <= CLIENT_SOCKETS_MAX; i++) {
        (void)snprintf(packet, sizeof packet, "0/n%d", i);
        peer_send(p, packet);
    }
    world_turn(0);
    const char *refusal = "|44/n1024,{\"message\":\"Too many namespaces\"}";
    const char *got = peer_got(p);
    check(strcmp(got + strlen(got) - strlen(refusal), refusal) == 0);
    check(peer_is_open(p));
    world_end();
}

static void drops_the_handshake_after_the_connection_handlers_if_so_told(void)
{
    world_options.keep_handshake = false;
    start();
    struct peer *p = peer_open(0);
    peer_send(p, "0{\"a\":1}");
    check_seen("connection({\"a\":1})");
    check(rookery_socket_request(last_socket) == NULL);
    check(str_is(rookery_socket_auth(last_socket), "{}"));
    world_end();
    world_options.keep_handshake = true;
}

/* ---- violations ---- */

static void closes_the_connection_on(const char *first, const char *second)
{
    start();
    struct peer *p = peer_join(0, "/");
    forget();
    if (second != NULL) {
        peer_send(p, first);
        check(peer_is_open(p));
    }
    peer_send(p, second == NULL ? first : second);
    check(!peer_is_open(p) && p->transport.ending == MEMORY_CLOSED);
    check(strstr(seen, "disconnecting(out)disconnect(forced close)") != NULL);
    world_turn(0);
    check(world_stat(STAT_PARSE_ERRORS) == 1 && world_stat(STAT_SOCKETS_DISCONNECTED) == 1);
    world_end();
}

static void closes_the_connection_on_what_is_no_packet(void)
{
    closes_the_connection_on("9", NULL);
    closes_the_connection_on("", NULL);
    closes_the_connection_on("2[\"a\"", NULL);
    closes_the_connection_on("2[1.5,{}]x", NULL);
    closes_the_connection_on("2[\"disconnect\"]", NULL);
    closes_the_connection_on("0[]", NULL);
    closes_the_connection_on("511-[\"a\"]", NULL); /* more attachments than allowed */
    closes_the_connection_on("51-[\"a\",{\"_placeholder\":true,\"num\":1}]", NULL);
    closes_the_connection_on("61-0[{\"_placeholder\":true}]", NULL);
}

static void closes_the_connection_on_packets_that_do_not_fit_the_state(void)
{
    closes_the_connection_on("0", NULL);
    closes_the_connection_on("4{\"message\":\"x\"}", NULL);
    closes_the_connection_on("2/other,[\"a\"]", NULL);
    closes_the_connection_on("3/other,1[]", NULL);
    closes_the_connection_on("1/other", NULL);
    closes_the_connection_on("51-[\"a\"]", "2[\"b\"]"); /* an attachment is due */
}

static void closes_the_connection_on_an_attachment_that_nobody_announced(void)
{
    start();
    struct peer *p = peer_join(0, "/");
    forget();
    peer_send_binary(p, "abc");
    check(!peer_is_open(p));
    check_seen("disconnecting(out)disconnect(forced close)");
    world_end();
}

/* ---- events ---- */

static void hands_events_on_as_they_came(void)
{
    start();
    struct peer *p = peer_join(0, "/");
    forget();
    peer_send(p, "2[\"a\",1, {\"x\":1e21}]");
    peer_send(p, "27[\"b\\n\"]");
    peer_send(p, "2[42]");
    check_seen("any(a)args(1, {\"x\":1e21})any(b\n)args?()any(42)args()");
    world_end();
}

static void waits_for_all_attachments_of_an_event(void)
{
    start();
    struct peer *p = peer_join(0, "/");
    forget();
    peer_send(p, "52-[\"f\",{\"_placeholder\":true,\"num\":1},{\"_placeholder\":true,\"num\":0}]");
    peer_send_binary(p, "");
    check_seen("");
    peer_send_binary(p, "two");
    check_seen("any(f)args({\"_placeholder\":true,\"num\":1},{\"_placeholder\":true,\"num\":0})"
               "bin()bin(two)");
    peer_send(p, "2[\"next\"]");
    check_seen("any(next)args()");
    peer_send(p, "61-5"); /* an answer that nobody waits for */
    peer_send_binary(p, "x");
    check(peer_is_open(p));
    world_end();
}

static void forgets_a_half_received_event_with_its_connection(void)
{
    start();
    struct peer *p = peer_join(0, "/");
    peer_send(p, "53-[\"f\"]");
    peer_send_binary(p, "one");
    peer_send_binary(p, "two");
    peer_vanish(p);
    world_end();
}

/* ---- leaving ---- */

static void leaves_when_the_client_says_so(void)
{
    start();
    struct peer *p = peer_join(0, "/");
    peer_send(p, "2[\"join\"]");
    forget();
    peer_send(p, "1");
    check_seen("disconnecting(in r)disconnect(client namespace disconnect)");
    world_turn(0);
    check_peer(p, "");
    check(peer_is_open(p));
    world_end();
}

static void takes_a_disconnect_and_a_connect_in_one_burst(void)
{
    start();
    struct peer *p = peer_join(0, "/");
    char first[64];
    memcpy(first, p->id, sizeof first);
    peer_send(p, "1");
    peer_join_more(p, "/");
    check(strcmp(p->id, first) != 0 && peer_is_open(p));
    world_end();
}

static void can_disconnect_one_socket_and_keep_the_connection(void)
{
    start();
    struct peer *p = peer_join(0, "/");
    peer_join_more(p, "/other");
    forget();
    peer_send(p, "2[\"kick\"]");
    check_seen(
        "any(kick)args()disconnecting(out)disconnect(server namespace disconnect)after(gone)");
    world_turn(0);
    check_peer(p, "|41");
    peer_send(p, "2/other,[\"x\"]");
    check_seen("any(x)args()");
    world_end();
}

static void can_disconnect_all_sockets_and_close_the_connection(void)
{
    start();
    struct peer *p = peer_join(0, "/");
    peer_join_more(p, "/other");
    forget();
    peer_send(p, "2/other,[\"kick\",true]");
    check_seen("any(kick)args(true)"
               "disconnecting(out)disconnect(server namespace disconnect)"
               "disconnecting(out)disconnect(server namespace disconnect)after(gone)");
    check_peer(p, "|41|41/other,");
    check(p->transport.ending == MEMORY_CLOSED);
    world_end();
}

static void tells_all_sockets_why_the_connection_ended(void)
{
    start();
    struct peer *p = peer_join(0, "/"), *q = peer_join(0, "/other");
    peer_join_more(p, "/other");
    forget();
    peer_vanish(p);
    check_seen("disconnecting(out)disconnect(transport close)"
               "disconnecting(out)disconnect(transport close)");
    world_end(); /* shuts down */
    check(q != NULL);
    check_seen("disconnecting(out)disconnect(server shutting down)");
}

/* A handler that ends the other socket of the same connection, from within the leaving of one. */
static void end_all(struct rookery_socket *s, const char *reason, void *arg)
{
    struct rookery_socket **other = arg;
    if (*other != NULL && *other != s) {
        rookery_disconnect(*other, true);
    }
}

static void survives_handlers_that_end_each_other(void)
{
    start();
    struct rookery_socket *first;
    rookery_on_disconnecting(rookery_of(world, ROOKERY_STR("/other")), end_all, &first);
    struct peer *p = peer_join(0, "/");
    first = last_socket;
    peer_join_more(p, "/other");
    forget();
    peer_send(p, "1/other");
    check_seen("disconnecting(out)disconnecting(out)disconnect(server namespace disconnect)"
               "disconnect(client namespace disconnect)");
    check(!peer_is_open(p));
    world_end();
}

/* ---- sockets beyond their time ---- */

static unsigned freed;

static void count_freed(void *data)
{
    freed += *(unsigned *)data;
}

static void frees_data_when_it_is_replaced_and_when_the_last_holder_lets_go(void)
{
    static unsigned one = 1, ten = 10;
    start();
    struct peer *p = peer_join(0, "/");
    struct rookery_socket *s = rookery_socket_hold(last_socket);
    freed = 0;
    rookery_socket_set_data(s, &one, count_freed);
    rookery_socket_set_data(s, &ten, count_freed);
    check(freed == 1 && rookery_socket_data(s) == &ten);
    peer_vanish(p);
    world_settle();
    check(freed == 1 && !rookery_socket_connected(s));
    check(strlen(rookery_socket_transport(s)) == 0 && rookery_socket_request(s) == NULL);
    check(str_is(rookery_socket_id(s), p->id) && !rookery_socket_cut(s));
    rookery_socket_release(s);
    check(freed == 11);
    world_end();
}

static void shows_and_cuts_the_transport_of_a_socket(void)
{
    start();
    struct peer *p = peer_join(0, "/");
    check(strcmp(rookery_socket_transport(last_socket), "websocket") == 0);
    check(rookery_socket_cut(last_socket) && p->transport.cuts == 1);
    check(rookery_socket_loop(last_socket) == rookery_loop_at(world, 0));
    world_end();
}

static void costs_little_while_idle(void)
{
    check(sizeof(struct rookery_socket) + SOCKET_ID_LEN + sizeof(struct client) <= 250);
    check(sizeof(struct membership) == 16);
}

int main(void)
{
    RUN(answers_a_connect_before_anything_else_is_sent);
    RUN(gives_the_auth_of_each_connect_and_an_empty_one_by_default);
    RUN(gives_every_connect_an_id_of_its_own);
    RUN(refuses_an_unknown_namespace_and_keeps_the_connection);
    RUN(closes_a_connection_that_joins_nothing_in_time);
    RUN(bounds_the_sockets_of_a_connection);
    RUN(drops_the_handshake_after_the_connection_handlers_if_so_told);
    RUN(closes_the_connection_on_what_is_no_packet);
    RUN(closes_the_connection_on_packets_that_do_not_fit_the_state);
    RUN(closes_the_connection_on_an_attachment_that_nobody_announced);
    RUN(hands_events_on_as_they_came);
    RUN(waits_for_all_attachments_of_an_event);
    RUN(forgets_a_half_received_event_with_its_connection);
    RUN(leaves_when_the_client_says_so);
    RUN(takes_a_disconnect_and_a_connect_in_one_burst);
    RUN(can_disconnect_one_socket_and_keep_the_connection);
    RUN(can_disconnect_all_sockets_and_close_the_connection);
    RUN(tells_all_sockets_why_the_connection_ended);
    RUN(survives_handlers_that_end_each_other);
    RUN(frees_data_when_it_is_replaced_and_when_the_last_holder_lets_go);
    RUN(shows_and_cuts_the_transport_of_a_socket);
    RUN(costs_little_while_idle);
    return tap_done();
}
