/* fetch_sockets, sockets_join, sockets_leave, disconnect_sockets. */
// SPDX-License-Identifier: MIT
#include "src/api/rookery.h"

#include <stdlib.h>

#include "src/socket/io.h"
#include "tests/support/seen.h"
#include "tests/support/tap.h"
#include "tests/support/world.h"

static struct rookery_namespace *root;
static struct rookery_loop *called_on;

static void append(const char *separator, struct rookery_str s)
{
    see("%s%.*s", separator, (int)s.len, s.data);
}

static void on_connection(struct rookery_socket *s, void *arg)
{
    struct rookery_str auth = rookery_socket_auth(s);
    rookery_socket_set_info(s, rookery_json_member(auth, ROOKERY_STR("info")));
    rookery_socket_set_info(s, ROOKERY_STR("{broken"));
}

static void on_disconnect(struct rookery_socket *s, const char *reason, void *arg)
{
    append("left:", str(reason));
    /* What is sent from within a command does not disturb it. */
    check(rookery_broadcast(root, NULL, ROOKERY_STR("bye"), NULL, NULL) == 0);
}

static void start(unsigned loops)
{
    seen[0] = '\0';
    world_start(loops);
    root = rookery_of(world, ROOKERY_STR("/"));
    rookery_on_connection(root, on_connection, NULL);
    rookery_on_disconnect(root, on_disconnect, NULL);
}

static struct rookery_target room_of(struct rookery_str *room)
{
    return (struct rookery_target){.rooms = room, .room_count = 1};
}

static void say_to(struct rookery_str room)
{
    struct rookery_target to = room_of(&room);
    check(rookery_broadcast(root, &to, ROOKERY_STR("m"), NULL, NULL) == 0);
    world_settle();
}

static void lets_many_sockets_join_and_leave_on_all_loops(void)
{
    start(2);
    struct peer *a = peer_join(0, "/"), *b = peer_join(1, "/"), *c = peer_join(1, "/");
    const struct rookery_str rooms[] = {str("r"), str("s")};
    struct rookery_str id = str(c->id);
    rookery_sockets_join(root, &(struct rookery_target){.except = &id, .except_count = 1}, rooms,
                         2);
    say_to(rooms[0]);
    say_to(rooms[1]);
    check_peer(a, "|42[\"m\"]|42[\"m\"]");
    check_peer(b, "|42[\"m\"]|42[\"m\"]");
    check_peer(c, "");
    struct rookery_str id_b = str(b->id);
    struct rookery_target only_b = room_of(&id_b);
    rookery_sockets_leave(root, &only_b, rooms, 1);
    say_to(rooms[0]);
    check_peer(a, "|42[\"m\"]");
    check_peer(b, "");
    world_end();
}

static void disconnects_many_sockets_on_all_loops(void)
{
    start(2);
    (void)rookery_of(world, ROOKERY_STR("/x"));
    struct peer *a = peer_join(0, "/"), *b = peer_join(0, "/"), *c = peer_join(1, "/");
    peer_join_more(c, "/x");
    rookery_disconnect_sockets(root, NULL, false);
    world_settle();
    check_peer(a, "|41");
    check_peer(b, "|42[\"bye\"]|41");
    check_peer(c, "|41"); /* told to leave before the others said bye */
    check(peer_is_open(a) && peer_is_open(c));
    check_seen("left:server namespace disconnectleft:server namespace disconnect"
               "left:server namespace disconnect");
    peer_join_more(c, "/");
    struct rookery_str id = str(c->id);
    struct rookery_target only_c = room_of(&id);
    rookery_disconnect_sockets(root, &only_c, true);
    world_settle();
    check_peer(c, "|41/x,|41");
    check(!peer_is_open(c) && peer_is_open(a));
    world_end();
}

static void note_sockets(int error, const struct rookery_socket_info *sockets, size_t count,
                         void *arg)
{
    called_on = NULL;
    for (unsigned i = 0; i < rookery_loop_count(world); i++) {
        if (io_current(io_of(world)) == rookery_loop_at(world, i)) {
            called_on = rookery_loop_at(world, i);
        }
    }
    (void)snprintf(seen, sizeof seen, "%d", error);
    for (size_t i = 0; i < count; i++) {
        check(sockets[i].room_count > 0 && sockets[i].rooms[0].len == sockets[i].id.len);
        append(" ", sockets[i].info_json);
        append(",", sockets[i].auth_json);
        for (size_t r = 1; r < sockets[i].room_count; r++) {
            append(",", sockets[i].rooms[r]);
        }
        if (sockets[i].request != NULL) {
            append(",", rookery_request_url(sockets[i].request));
        }
    }
}

static void fetches_the_sockets_of_all_loops(void)
{
    start(2);
    struct peer *a = peer_open(0);
    peer_join_more(a, "{\"info\":[1]}");
    struct peer *b = peer_join(1, "/"), *c = peer_join(1, "/");
    struct rookery_str r[] = {str("r"), str("long room")}, id = str(c->id);
    rookery_sockets_join(root, &(struct rookery_target){.except = &id, .except_count = 1}, r, 2);
    world_settle();
    struct rookery_target of_r = room_of(r);
    world_enter(1);
    rookery_fetch_sockets(root, &of_r, note_sockets, NULL);
    check_seen(""); /* always later */
    peer_vanish(a); /* before loop 0 has looked */
    peer_vanish(b); /* it has been described already */
    seen[0] = '\0';
    world_settle();
    check_seen("0 {},{},r,long room,/socket.io/?EIO=4&token=a%20b");
    check(called_on == rookery_loop_at(world, 1));
    world_enter(-1);
    rookery_fetch_sockets(root, NULL, note_sockets, NULL);
    world_settle();
    check_seen("0 {},{},/socket.io/?EIO=4&token=a%20b");
    check(called_on == rookery_loop_at(world, 0));
    world_enter(0);
    world_end();
}

static void describes_info_and_auth(void)
{
    start(1);
    struct peer *a = peer_open(0);
    peer_join_more(a, "/,{\"info\":[1]}");
    rookery_fetch_sockets(root, NULL, note_sockets, NULL);
    world_settle();
    check_seen("0 [1],{\"info\":[1]},/socket.io/?EIO=4&token=a%20b");
    world_end();
}

static void fetches_no_sockets_of_a_parent(void)
{
    start(2);
    struct rookery_namespace *parent = rookery_of_pattern(world, "^/dyn");
    (void)peer_join(0, "/dyn");
    rookery_fetch_sockets(parent, NULL, note_sockets, NULL);
    world_settle();
    check_seen("-1");
    world_end();
}

static void acts_on_the_children_of_a_parent(void)
{
    start(1);
    struct rookery_namespace *parent = rookery_of_pattern(world, "^/dyn");
    struct peer *p = peer_join(0, "/dyn");
    rookery_disconnect_sockets(parent, NULL, false);
    world_settle();
    check_peer(p, "|41/dyn,");
    world_end();
}

int main(void)
{
    RUN(lets_many_sockets_join_and_leave_on_all_loops);
    RUN(disconnects_many_sockets_on_all_loops);
    RUN(fetches_the_sockets_of_all_loops);
    RUN(describes_info_and_auth);
    RUN(fetches_no_sockets_of_a_parent);
    RUN(acts_on_the_children_of_a_parent);
    return tap_done();
}
