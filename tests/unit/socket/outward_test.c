/* What goes to the adapter, and what other nodes say comes back in. */
// SPDX-License-Identifier: MIT
#include "src/socket/outward.h"

#include "src/socket/local.h"
#include "tests/support/fake_adapter.h"
#include "tests/support/tap.h"
#include "tests/support/world.h"

static struct fake_adapter adapter;
static struct rookery_namespace *root, *parent;
static struct rookery_socket *last;

static void on_connection(struct rookery_socket *s, void *arg)
{
    last = s;
}

static void start(unsigned loops)
{
    world_start(loops);
    root = rookery_of(world, ROOKERY_STR("/"));
    parent = rookery_of_pattern(world, "^/d[0-9]$");
    rookery_on_connection(root, on_connection, NULL);
    fake_adapter_init(&adapter);
    io_set_adapter(io_of(world), &adapter.base);
    check_said(&adapter, "|open /");
}

static void end(void)
{
    world_end();
    fake_adapter_finish(&adapter);
}

static void tells_of_each_namespace_that_clients_can_be_in(void)
{
    start(2);
    (void)rookery_of(world, ROOKERY_STR("chat"));
    (void)rookery_of(world, ROOKERY_STR("/chat"));
    (void)rookery_of_pattern(world, "^/x$");
    check_said(&adapter, "|open /chat");
    (void)peer_join(0, "/d1");
    (void)peer_join(1, "/d1");
    check_said(&adapter, "|open /d1");
    end();
}

static void tells_of_a_broadcast_once(void)
{
    start(3);
    struct peer *a = peer_join(0, "/"), *b = peer_join(1, "/");
    const struct rookery_str rooms[] = {ROOKERY_STR("r"), ROOKERY_STR("s")};
    const struct rookery_str except = ROOKERY_STR("x");
    const struct rookery_target to = {rooms, 2, &except, 1, false};
    const struct rookery_bin bin = {"bin", 3};
    const struct rookery_args args = {ROOKERY_STR("{\"_placeholder\":true,\"num\":0}"), &bin, 1};
    const struct rookery_broadcast how = {.is_volatile = true, .no_compress = true};
    check(rookery_broadcast(root, NULL, ROOKERY_STR("e"), NULL, NULL) == 0);
    check_said(&adapter, "|broadcast / e()");
    check(rookery_broadcast(root, &to, ROOKERY_STR("e"), &args, &how) == 0);
    check_said(&adapter, "|broadcast / e({\"_placeholder\":true,\"num\":0}<bin>) to=r,s except=x "
                         "volatile plain");
    world_settle();
    check_peer(a, "|42[\"e\"]");
    check_peer(b, "|42[\"e\"]");
    end();
}

static void tells_nothing_of_what_is_local_or_cannot_be(void)
{
    start(2);
    const struct rookery_target local = {.local = true};
    const struct rookery_args broken = {.json = ROOKERY_STR("{")};
    struct peer *a = peer_join(0, "/");
    check(rookery_broadcast(root, &local, ROOKERY_STR("e"), NULL, NULL) == 0);
    check(rookery_broadcast(root, NULL, ROOKERY_STR("connect"), NULL, NULL) == ROOKERY_ERESERVED);
    check(rookery_broadcast(root, NULL, ROOKERY_STR("e"), &broken, NULL) == ROOKERY_EINVAL);
    rookery_sockets_join(root, &local, &ROOKERY_STR("r"), 1);
    check_said(&adapter, "|opened / r on 0");
    rookery_disconnect_sockets(root, &local, false);
    check_said(&adapter, "|closed / r on 0");
    check_peer(a, "");
    world_settle();
    check_peer(a, "|42[\"e\"]|41");
    end();
}

static void says_whom_a_broadcast_is_from(void)
{
    start(2);
    struct peer *a = peer_join(0, "/");
    char want[100];
    check(rookery_broadcast_from(last, NULL, ROOKERY_STR("e"), NULL, NULL) == 0);
    (void)snprintf(want, sizeof want, "|broadcast / e() not=%s", a->id);
    check_said(&adapter, want);
    end();
}

static void tells_of_forms_what_is_said_elsewhere(void)
{
    start(2);
    struct peer *a = peer_join(0, "/");
    const struct rookery_str room = ROOKERY_STR("r");
    const struct rookery_target to = {.rooms = &room, .room_count = 1};
    const struct rookery_form form = {.tags = 1, .event = ROOKERY_STR("f")};
    struct rookery_elsewhere elsewhere = {
        .note = ROOKERY_STR("n"), .event = ROOKERY_STR("e"), .args = {.json = ROOKERY_STR("1")}};
    char want[100];
    check(rookery_broadcast_forms(root, &to, &form, 1, NULL, NULL) == 0);
    check_said(&adapter, "");
    check(rookery_broadcast_forms(root, &to, &form, 1, last, &elsewhere) == 0);
    (void)snprintf(want, sizeof want, "|broadcast / e(1) to=r not=%s note=n", a->id);
    check_said(&adapter, want);
    elsewhere.args.json = ROOKERY_STR("{");
    rookery_join(last, room);
    check_said(&adapter, "|opened / r on 0");
    check(rookery_broadcast_forms(root, &to, &form, 1, NULL, &elsewhere) == ROOKERY_EINVAL);
    check_said(&adapter, "");
    world_settle();
    check_peer(a, "");
    end();
}

static void tells_of_a_parent_for_each_child_once(void)
{
    start(3);
    const struct rookery_str room = ROOKERY_STR("r");
    (void)peer_join(0, "/d1");
    (void)peer_join(2, "/d1");
    struct peer *b = peer_join(1, "/d2");
    check_said(&adapter, "|open /d1|open /d2");
    check(rookery_broadcast(parent, NULL, ROOKERY_STR("e"), NULL, NULL) == 0);
    check_said(&adapter, "|broadcast /d2 e()|broadcast /d1 e()");
    rookery_sockets_join(parent, NULL, &room, 1);
    check_said(&adapter, "|order /d2 join r|order /d1 join r|opened /d1 r on 0");
    world_settle();
    check_said(&adapter, "|opened /d2 r on 1|opened /d1 r on 2");
    check_peer(b, "|42/d2,[\"e\"]");
    end();
}

static void has_loop_0_tell_for_threads_that_run_none(void)
{
    start(2);
    const struct rookery_str room = ROOKERY_STR("r");
    const struct rookery_target to = {.rooms = &room, .room_count = 1};
    const struct rookery_form form = {.tags = 1, .event = ROOKERY_STR("f")};
    const struct rookery_bin bin = {"bin", 3};
    const struct rookery_elsewhere elsewhere = {
        .note = ROOKERY_STR("n"),
        .event = ROOKERY_STR("e"),
        .args = {ROOKERY_STR("{\"_placeholder\":true,\"num\":0}"), &bin, 1}};
    (void)peer_join(1, "/d1");
    check_said(&adapter, "|open /d1");
    world_enter(-1);
    check(rookery_broadcast(root, NULL, ROOKERY_STR("e"), NULL, NULL) == 0);
    check(rookery_broadcast(parent, NULL, ROOKERY_STR("p"), NULL, NULL) == 0);
    check(rookery_broadcast_forms(root, &to, &form, 1, NULL, &elsewhere) == 0);
    rookery_disconnect_sockets(parent, &to, true);
    check_said(&adapter, "");
    world_enter(0);
    world_turn(1);
    check_said(&adapter, "");
    world_turn(0);
    check_said(&adapter, "|broadcast / e()|broadcast /d1 p()|broadcast / "
                         "e({\"_placeholder\":true,\"num\":0}<bin>) to=r note=n"
                         "|order /d1 disconnect to=r close");
    end();
}

static void tells_of_orders_and_follows_them_here(void)
{
    start(2);
    struct peer *a = peer_join(1, "/");
    const struct rookery_str rooms[] = {ROOKERY_STR("r"), ROOKERY_STR("s")};
    const struct rookery_target to = {.rooms = rooms, .room_count = 1};
    rookery_sockets_join(root, NULL, rooms, 2);
    check_said(&adapter, "|order / join r,s");
    world_settle();
    check_said(&adapter, "|opened / r on 1|opened / s on 1");
    rookery_sockets_leave(root, &to, rooms + 1, 1);
    world_settle();
    check_said(&adapter, "|order / leave s to=r|closed / s on 1");
    rookery_disconnect_sockets(root, &to, true);
    world_settle();
    check_said(&adapter, "|order / disconnect to=r close|closed / r on 1");
    check(!peer_is_open(a));
    end();
}

static void join_as_it_connects(struct rookery_socket *s, struct rookery_next *next, void *arg)
{
    rookery_join(s, ROOKERY_STR("early"));
    rookery_join(s, ROOKERY_STR("early"));
}

static void tells_of_rooms_with_their_first_and_last_member(void)
{
    start(2);
    const struct rookery_str room = ROOKERY_STR("r");
    struct peer *a = peer_join(1, "/"), *b = peer_join(1, "/");
    rookery_sockets_join(root, &(struct rookery_target){.local = true}, &room, 1);
    world_settle();
    check_said(&adapter, "|opened / r on 1");
    peer_vanish(a);
    check_said(&adapter, "");
    peer_vanish(b);
    check_said(&adapter, "|closed / r on 1");
    rookery_use(root, join_as_it_connects, NULL);
    struct peer *c = peer_open(0);
    peer_send(c, "0");
    check_said(&adapter, "|opened / early on 0");
    peer_vanish(c);
    check_said(&adapter, "|closed / early on 0");
    end();
}

static void leave_own(struct rookery_socket *s, const struct rookery_event *e, void *arg)
{
    rookery_leave(s, rookery_socket_id(s));
    rookery_leave(s, rookery_socket_id(s));
}

static void join_own(struct rookery_socket *s, const struct rookery_event *e, void *arg)
{
    rookery_join(s, rookery_socket_id(s));
    rookery_join(s, rookery_socket_id(s));
}

static void check_room_said(const char *what, const struct peer *p)
{
    char want[100];

    (void)snprintf(want, sizeof want, "|%s / %.20s on 0", what, p->id);
    check_said(&adapter, want);
}

static void tells_of_the_rooms_of_single_sockets_if_wanted(void)
{
    start(1);
    rookery_on(root, ROOKERY_STR("leave"), leave_own, NULL);
    rookery_on(root, ROOKERY_STR("join"), join_own, NULL);
    (void)peer_join(0, "/");
    check_said(&adapter, "");
    adapter.base.own_rooms = true;
    struct peer *a = peer_join(0, "/"), *b;
    check_room_said("opened", a);
    peer_send(a, "2[\"leave\"]");
    check_room_said("closed", a);
    peer_send(a, "2[\"join\"]");
    check_room_said("opened", a);
    b = peer_join(0, "/");
    check_room_said("opened", b);
    rookery_join(last, str(a->id)); /* b in the room of a */
    check_said(&adapter, "");
    peer_vanish(a);
    check_said(&adapter, "");
    rookery_leave(last, str(a->id));
    check_room_said("closed", a);
    peer_vanish(b);
    check_room_said("closed", b);
    adapter.base.own_rooms = false;
    end();
}

/* ---- ids ---- */

static void begins_ids_as_it_is_told(void)
{
    memcpy(world_options.id_prefix, "aB_9", 4);
    start(1);
    struct peer *a = peer_join(0, "/"), *b = peer_join(0, "/");
    check(strlen(a->id) == 20 && strncmp(a->id, "aB_9", 4) == 0);
    check(strncmp(b->id, "aB_9", 4) == 0 && strcmp(a->id, b->id) != 0);
    end();
    memset(world_options.id_prefix, 0, sizeof world_options.id_prefix);
}

/* ---- what comes in ---- */

static char noted[200];

static void on_note(struct rookery_namespace *nsp, const struct rookery_noted *n, void *arg)
{
    (void)snprintf(noted, sizeof noted, "%.*s %.*s %.*s(%.*s) %zu %d", (int)nsp->name_len,
                   nsp->name, (int)n->note.len, n->note.data, (int)n->event.len, n->event.data,
                   (int)n->args.json.len, n->args.json.data, n->to->room_count, n->to->local);
}

static void hears_what_other_nodes_say(void)
{
    start(2);
    struct peer *a = peer_join(0, "/"), *b = peer_join(1, "/");
    const struct rookery_str id = str(b->id);
    const struct rookery_target to = {.rooms = &id, .room_count = 1};
    const struct rookery_args args = {.json = ROOKERY_STR("7")},
                              broken = {.json = ROOKERY_STR("]")};
    local_broadcast(root, NULL, ROOKERY_STR("e"), &args, NULL, (struct rookery_str){0});
    local_broadcast(root, &to, ROOKERY_STR("e"), NULL, NULL, ROOKERY_STR("not taken"));
    local_broadcast(root, NULL, ROOKERY_STR("e"), &broken, NULL, (struct rookery_str){0});
    world_settle();
    check_peer(a, "|42[\"e\",7]");
    check_peer(b, "|42[\"e\",7]|42[\"e\"]");
    check_said(&adapter, "");
    end();
}

static void gives_notes_to_an_application_that_takes_them(void)
{
    start(2);
    const struct rookery_str room = ROOKERY_STR("r");
    const struct rookery_target to = {.rooms = &room, .room_count = 1};
    const struct rookery_args args = {.json = ROOKERY_STR("7")};
    struct peer *a = peer_join(0, "/");
    rookery_on_note(root, on_note, NULL);
    local_broadcast(root, &to, ROOKERY_STR("e"), &args, NULL, ROOKERY_STR("n"));
    check(strcmp(noted, "/ n e(7) 1 1") == 0);
    local_broadcast(root, NULL, ROOKERY_STR("e"), NULL, NULL, ROOKERY_STR("m"));
    check(strcmp(noted, "/ m e() 0 1") == 0);
    local_broadcast(root, NULL, ROOKERY_STR("e"), NULL, NULL, (struct rookery_str){0});
    check(strcmp(noted, "/ m e() 0 1") == 0);
    world_settle();
    check_peer(a, "|42[\"e\"]");
    end();
}

/* ---- several servers ---- */

static void has_several_servers_side_by_side(void)
{
    world_start(2);
    struct rookery_namespace *root_1 = rookery_of(world, ROOKERY_STR("/"));
    struct peer *a = peer_join(1, "/");
    world_advance(3000);
    struct world *first = world_switch(NULL);
    world_start(1);
    struct rookery_namespace *root_2 = rookery_of(world, ROOKERY_STR("/"));
    struct peer *b = peer_join(0, "/"), *unanswered = peer_open(0);
    check(root_1 != root_2 && strcmp(a->id, b->id) != 0);
    check(rookery_broadcast(root_2, NULL, ROOKERY_STR("2"), NULL, NULL) == 0);
    struct world *second = world_switch(first);
    check(rookery_broadcast(root_1, NULL, ROOKERY_STR("1"), NULL, NULL) == 0);
    world_settle();
    check_peer(a, "|42[\"1\"]");
    check_peer(b, "|42[\"2\"]");
    world_advance(900); /* timeouts of the second count from its own start */
    check(peer_is_open(unanswered));
    world_end();
    (void)world_switch(second);
    world_advance(200);
    check(!peer_is_open(unanswered) && peer_is_open(b));
    world_end();
}

int main(void)
{
    RUN(tells_of_each_namespace_that_clients_can_be_in);
    RUN(tells_of_a_broadcast_once);
    RUN(tells_nothing_of_what_is_local_or_cannot_be);
    RUN(says_whom_a_broadcast_is_from);
    RUN(tells_of_forms_what_is_said_elsewhere);
    RUN(tells_of_a_parent_for_each_child_once);
    RUN(has_loop_0_tell_for_threads_that_run_none);
    RUN(tells_of_orders_and_follows_them_here);
    RUN(tells_of_rooms_with_their_first_and_last_member);
    RUN(tells_of_the_rooms_of_single_sockets_if_wanted);
    RUN(begins_ids_as_it_is_told);
    RUN(hears_what_other_nodes_say);
    RUN(gives_notes_to_an_application_that_takes_them);
    RUN(has_several_servers_side_by_side);
    return tap_done();
}
