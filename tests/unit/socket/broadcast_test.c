// SPDX-License-Identifier: MIT
#include "src/api/rookery.h"

#include <stdlib.h>

#include "src/socket/delivery.h"
#include "src/socket/io.h"
#include "src/socket/rooms.h"
#include "src/socket/socket.h"
#include "tests/support/tap.h"
#include "tests/support/world.h"

enum { PEERS = 4 };

static struct rookery_namespace *root;
static struct rookery_socket *sockets[PEERS * WORLD_LOOPS_MAX]; /* in the order of connecting */
static unsigned socket_count;

static void on_connection(struct rookery_socket *s, void *arg)
{
    sockets[socket_count++] = s;
}

static void on_join(struct rookery_socket *s, const struct rookery_event *e, void *arg)
{
    char room[32];
    (void)rookery_json_text(rookery_arg(&e->args, 0), room, sizeof room);
    rookery_join(s, str(room));
}

static void start(unsigned loops)
{
    socket_count = 0;
    world_start(loops);
    root = rookery_of(world, ROOKERY_STR("/"));
    rookery_on_connection(root, on_connection, NULL);
    rookery_on(root, ROOKERY_STR("join"), on_join, NULL);
}

/* Peers on loop 0, of which the first `members` are in room "r". */
static void start_with_room(struct peer *peers[PEERS], unsigned members)
{
    start(1);
    for (unsigned i = 0; i < PEERS; i++) {
        peers[i] = peer_join(0, "/");
        if (i < members) {
            peer_send(peers[i], "2[\"join\",\"r\"]");
        }
    }
    world_turn(0);
}

static void say_to(const struct rookery_target *to, const char *event,
                   const struct rookery_broadcast *how)
{
    check(rookery_broadcast(root, to, str(event), NULL, how) == 0);
}

static void say(const char *room, const char *event)
{
    struct rookery_str name = str(room);
    const struct rookery_target to = {.rooms = &name, .room_count = 1};
    say_to(&to, event, NULL);
}

static void emit(struct rookery_socket *s, const char *event)
{
    check(rookery_emit(s, str(event), NULL, NULL) == 0);
}

static struct room *room_r(void)
{
    return rooms_find(sockets[0]->share, SPAN("r"));
}

/* ---- whom ---- */

static void reaches_everybody_in_a_room_and_nobody_else(void)
{
    struct peer *p[PEERS];
    start_with_room(p, 2);
    say("r", "a");
    say("nobody", "b");
    world_turn(0);
    check_peer(p[0], "|42[\"a\"]");
    check_peer(p[1], "|42[\"a\"]");
    check_peer(p[2], "");
    check(world_stat(STAT_PACKETS_SENT) == PEERS + 2);
    world_end();
}

static void reaches_everybody_in_the_namespace(void)
{
    start(1);
    (void)rookery_of(world, ROOKERY_STR("/other"));
    struct peer *a = peer_join(0, "/"), *b = peer_join(0, "/"), *c = peer_join(0, "/other");
    say_to(NULL, "all", NULL);
    const struct rookery_target nobody_left_out = {0};
    say_to(&nobody_left_out, "again", NULL);
    world_turn(0);
    check_peer(a, "|42[\"all\"]|42[\"again\"]");
    check_peer(b, "|42[\"all\"]|42[\"again\"]");
    check_peer(c, "");
    world_end();
}

static void reaches_a_socket_by_its_id_and_whoever_has_joined_a_room_of_that_name(void)
{
    struct peer *p[PEERS];
    start_with_room(p, 0);
    say(p[1]->id, "a");
    rookery_join(sockets[0], str(p[1]->id));
    say(p[1]->id, "b");
    rookery_leave(sockets[1], str(p[1]->id));
    say(p[1]->id, "c");
    rookery_join(sockets[1], str(p[1]->id));
    say(p[1]->id, "d");
    world_turn(0);
    check_peer(p[0], "|42[\"b\"]|42[\"c\"]|42[\"d\"]");
    check_peer(p[1], "|42[\"a\"]|42[\"b\"]|42[\"d\"]");
    world_end();
}

static void reaches_members_of_several_rooms_once(void)
{
    struct peer *p[PEERS];
    start_with_room(p, 3);
    rookery_join(sockets[0], ROOKERY_STR("s"));
    rookery_join(sockets[3], ROOKERY_STR("s"));
    const struct rookery_str rooms[] = {str("r"), str("s"), str(p[0]->id), str("none")};
    say_to(&(struct rookery_target){.rooms = rooms, .room_count = 4}, "a", NULL);
    world_turn(0);
    for (unsigned i = 0; i < PEERS; i++) {
        check_peer(p[i], "|42[\"a\"]");
    }
    world_end();
}

static void leaves_out_rooms_single_sockets_and_the_sender(void)
{
    struct peer *p[PEERS];
    start_with_room(p, 2);
    const struct rookery_str r = ROOKERY_STR("r"), id = str(p[3]->id);
    say_to(&(struct rookery_target){.except = &r, .except_count = 1}, "a", NULL);
    say_to(&(struct rookery_target){.except = &id, .except_count = 1}, "b", NULL);
    check(rookery_broadcast_from(sockets[2], NULL, ROOKERY_STR("c"), NULL, NULL) == 0);
    const struct rookery_target but_r = {.except = &r, .except_count = 1};
    check(rookery_broadcast_from(sockets[2], &but_r, ROOKERY_STR("d"), NULL, NULL) == 0);
    const struct rookery_target to_r = {.rooms = &r, .room_count = 1};
    check(rookery_broadcast_from(sockets[0], &to_r, ROOKERY_STR("e"), NULL, NULL) == 0);
    check(rookery_broadcast_from(sockets[3], &to_r, ROOKERY_STR("f"), NULL, NULL) == 0);
    world_turn(0);
    check_peer(p[0], "|42[\"b\"]|42[\"c\"]|42[\"f\"]");
    check_peer(p[1], "|42[\"b\"]|42[\"c\"]|42[\"e\"]|42[\"f\"]");
    check_peer(p[2], "|42[\"a\"]|42[\"b\"]");
    check_peer(p[3], "|42[\"a\"]|42[\"c\"]|42[\"d\"]");
    check(world_stat(STAT_PACKETS_SENT) == PEERS + 2 + 3 + 3 + 1 + 1 + 2);
    world_end();
}

static void leaves_out_more_single_sockets_than_a_cork_can(void)
{
    enum { MANY = ROOM_SKIPS_MAX + 2 };
    start(1);
    struct peer *p[MANY];
    struct rookery_str ids[MANY];
    for (unsigned i = 0; i < MANY; i++) {
        p[i] = peer_join(0, "/");
        ids[i] = str(p[i]->id);
    }
    say_to(&(struct rookery_target){.except = ids, .except_count = ROOM_SKIPS_MAX}, "few", NULL);
    say_to(&(struct rookery_target){.except = ids, .except_count = MANY - 1}, "many", NULL);
    world_turn(0);
    check_peer(p[0], "");
    check_peer(p[MANY - 2], "|42[\"few\"]");
    check_peer(p[MANY - 1], "|42[\"few\"]|42[\"many\"]");
    world_end();
}

/* ---- corks ---- */

static void collects_what_a_room_gets_within_a_turn_in_one_buffer(void)
{
    struct peer *p[PEERS];
    start_with_room(p, 3);
    say("r", "a");
    const struct frame *f = room_r()->first.cork.frame;
    say("r", "b");
    say("r", "c");
    check(f != NULL && room_r()->first.cork.frame == f);
    check(f->refs == 3 + 1);
    world_turn(0);
    check(room_r()->first.cork.frame == NULL);
    check_peer(p[2], "|42[\"a\"]|42[\"b\"]|42[\"c\"]");
    say("r", "d");
    world_turn(0);
    check_peer(p[2], "|42[\"d\"]");
    world_end();
}

static void keeps_the_order_of_the_calls_whatever_they_are(void)
{
    struct peer *p[PEERS];
    start_with_room(p, 3);
    const struct rookery_str rs[] = {str("r"), str("none")};
    const struct rookery_target two = {.rooms = rs, .room_count = 2};
    const struct rookery_target one = {.rooms = rs, .room_count = 1};
    emit(sockets[0], "1");
    say("r", "2");
    emit(sockets[0], "3");
    say("r", "4");
    check(rookery_broadcast_from(sockets[0], &one, ROOKERY_STR("5"), NULL, NULL) == 0);
    say("r", "6");
    say_to(NULL, "7", NULL);
    say("r", "8");
    say_to(&two, "9", NULL);
    emit(sockets[1], "10");
    emit(sockets[1], "11");
    say("r", "12");
    world_turn(0);
    check_peer(p[0], "|42[\"1\"]|42[\"2\"]|42[\"3\"]|42[\"4\"]|42[\"6\"]|42[\"7\"]|42[\"8\"]"
                     "|42[\"9\"]|42[\"12\"]");
    check_peer(p[1], "|42[\"2\"]|42[\"4\"]|42[\"5\"]|42[\"6\"]|42[\"7\"]|42[\"8\"]|42[\"9\"]"
                     "|42[\"10\"]|42[\"11\"]|42[\"12\"]");
    check_peer(p[3], "|42[\"7\"]");
    world_end();
}

static void lets_members_come_and_go_within_a_turn(void)
{
    struct peer *p[PEERS];
    start_with_room(p, 2);
    say("r", "a");
    rookery_join(sockets[2], ROOKERY_STR("r"));
    rookery_join(sockets[2], ROOKERY_STR("r"));
    say("r", "b");
    rookery_leave(sockets[0], ROOKERY_STR("r"));
    say("r", "c");
    peer_vanish(p[1]);
    say("r", "d");
    rookery_leave(sockets[2], ROOKERY_STR("r"));
    say("r", "e");
    world_turn(0);
    check_peer(p[0], "|42[\"a\"]|42[\"b\"]");
    check_peer(p[2], "|42[\"b\"]|42[\"c\"]|42[\"d\"]");
    check(rooms_find(sockets[0]->share, SPAN("r")) == NULL); /* empty rooms vanish */
    world_end();
}

static char leaving[] = "leaving", left[] = "left";

static void tell_room(struct rookery_socket *s, const char *reason, void *arg)
{
    const struct rookery_str r = ROOKERY_STR("r");
    const struct rookery_target to = {.rooms = &r, .room_count = 1};
    struct rookery_args args = json("1");
    check(rookery_broadcast_from(s, &to, str(arg), &args, NULL) == 0);
    say("r", arg);
}

static void tells_others_from_within_leaving(void)
{
    struct peer *p[PEERS];
    start_with_room(p, 2);
    rookery_on_disconnecting(root, tell_room, leaving);
    rookery_on_disconnect(root, tell_room, left);
    say("r", "a"); /* corked for the leaver, too */
    rookery_disconnect(sockets[0], false);
    say("r", "b");
    world_turn(0);
    check_peer(p[0], "|42[\"a\"]|41");
    check_peer(p[1], "|42[\"a\"]|42[\"leaving\",1]|42[\"leaving\"]|42[\"left\",1]|42[\"left\"]"
                     "|42[\"b\"]");
    world_end();
}

/* The flush of one queue finds the connection gone, and the handlers send to others, whose queues
 * are flushed in the same turn end, before or after. */
static bool broken_flush;

static void flush_broken(struct transport *t, struct outq *q)
{
    struct session *s = t->session;
    broken_flush = true;
    t->session = NULL;
    session_transport_gone(s, t, REASON_TRANSPORT_ERROR);
}

static void sends_what_a_flush_brings_about_in_the_same_turn_end(void)
{
    struct peer *p[PEERS];
    start_with_room(p, 3);
    rookery_on_disconnect(root, tell_room, left);
    struct transport_ops broken = *p[1]->transport.base.ops;
    broken.flush = flush_broken;
    p[1]->transport.base.ops = &broken;
    say("r", "a");
    world_turn(0);
    check(broken_flush);
    check_peer(p[0], "|42[\"a\"]|42[\"left\",1]|42[\"left\"]");
    check_peer(p[2], "|42[\"a\"]|42[\"left\",1]|42[\"left\"]");
    world_end();
}

static void begins_a_new_cork_when_one_is_full(void)
{
    enum { LEN = 20000 };
    struct peer *p[PEERS];
    start_with_room(p, 2);
    char *text = malloc(LEN + 3);
    memset(text, 'x', LEN + 2);
    text[0] = text[LEN + 1] = '"';
    text[LEN + 2] = '\0';
    struct rookery_args args = json(text);
    const struct rookery_str r = ROOKERY_STR("r");
    const struct rookery_target to = {.rooms = &r, .room_count = 1};
    for (int i = 0; i < 10; i++) {
        check(rookery_broadcast(root, &to, ROOKERY_STR("e"), &args, NULL) == 0);
        check(room_r()->first.cork.frame == NULL ||
              room_r()->first.cork.frame->len < CORK_BYTES_MAX);
    }
    world_turn(0);
    check(p[0]->transport.sent.len == 10 * (strlen("|42[\"e\",]") + LEN + 2));
    free(text);
    world_end();
}

static void shares_large_packets_by_pointer(void)
{
    struct peer *p[PEERS];
    start_with_room(p, 2);
    char *text = malloc(DELIVERY_CORKED_BYTES_MAX + 3);
    memset(text, '1', DELIVERY_CORKED_BYTES_MAX);
    text[DELIVERY_CORKED_BYTES_MAX] = '\0';
    struct rookery_args args = json(text);
    const struct rookery_str r = ROOKERY_STR("r");
    const struct rookery_target to = {.rooms = &r, .room_count = 1};
    say("r", "a");
    check(rookery_broadcast(root, &to, ROOKERY_STR("e"), &args, NULL) == 0);
    say("r", "b");
    check(room_r()->first.cork.frame->len < 100);
    world_turn(0);
    const char *got = peer_got(p[0]);
    check(strncmp(got, "|42[\"a\"]|42[\"e\",111", 19) == 0);
    check(strcmp(got + strlen(got) - 10, "1]|42[\"b\"]") == 0);
    free(text);
    world_end();
}

static void needs_no_memory_for_the_second_packet_of_a_turn(void)
{
    struct peer *p[PEERS];
    start_with_room(p, 2);
    say("r", "a");
    const uint8_t *scratch = sockets[0]->share->loop->encoder.out.data;
    say("r", "b");
    check(scratch == sockets[0]->share->loop->encoder.out.data);
    check(room_r()->first.cork.frame->data == room_r()->first.cork.frame->own);
    world_turn(0);
    check(outq_empty(&p[0]->transport.base.session->queue));
    check(p[0]->transport.base.session->queue.segments == NULL);
    world_end();
}

/* ---- how ---- */

static void drops_volatile_packets_for_those_who_are_busy(void)
{
    struct peer *p[PEERS];
    start_with_room(p, 3);
    const struct rookery_broadcast volatile_ = {.is_volatile = true};
    p[1]->transport.busy = true;
    emit(sockets[2], "first");
    say_to(NULL, "v", &volatile_);
    say_to(NULL, "w", &volatile_); /* now something waits for all of them */
    world_turn(0);
    p[1]->transport.busy = false;
    check_peer(p[0], "|42[\"v\"]");
    check_peer(p[1], "");
    check_peer(p[2], "|42[\"first\"]");
    check_peer(p[3], "|42[\"v\"]");
    check(world_stat(STAT_VOLATILE_DROPPED) == 2 + 4);
    world_end();
}

static void marks_frames_that_are_not_to_be_compressed(void)
{
    struct peer *p[PEERS];
    start_with_room(p, 1);
    const struct rookery_str r = ROOKERY_STR("r");
    const struct rookery_target to = {.rooms = &r, .room_count = 1};
    const struct rookery_broadcast how = {.no_compress = true};
    p[0]->transport.busy = true;
    say_to(&to, "a", &how);
    const struct frame *f;
    (void)outq_front(&p[0]->transport.base.session->queue, &f);
    check(f->no_compress);
    p[0]->transport.busy = false;
    world_end();
}

static void sends_attachments_behind_the_text(void)
{
    struct peer *p[PEERS];
    start_with_room(p, 2);
    const struct rookery_bin bins[] = {{"zero", 4}, {"one", 3}};
    const struct rookery_args args = {
        .json =
            ROOKERY_STR("{\"_placeholder\":true,\"num\":1},[{\"_placeholder\":true,\"num\":0}]"),
        .bins = bins,
        .bin_count = 2,
    };
    check(rookery_broadcast(root, NULL, ROOKERY_STR("f"), &args, NULL) == 0);
    say("r", "b");
    world_turn(0);
    check_peer(p[0], "|452-[\"f\",{\"_placeholder\":true,\"num\":0},"
                     "[{\"_placeholder\":true,\"num\":1}]]|<one>|<zero>|42[\"b\"]");
    world_end();
}

static void refuses_what_is_not_fit_to_be_sent(void)
{
    start(2);
    struct peer *p = peer_join(0, "/");
    struct rookery_args broken = json("1],[2");
    const struct rookery_broadcast no_timeout = {.on_acks = (rookery_acks_fn)abort};
    check(rookery_broadcast(root, NULL, ROOKERY_STR("a"), &broken, NULL) == ROOKERY_EINVAL);
    check(rookery_broadcast(root, NULL, ROOKERY_STR("a"), NULL, &no_timeout) == ROOKERY_EINVAL);
    check(rookery_broadcast(root, NULL, ROOKERY_STR("disconnect"), NULL, NULL) ==
          ROOKERY_ERESERVED);
    world_enter(-1);
    check(rookery_broadcast(root, NULL, ROOKERY_STR("a"), &broken, NULL) == ROOKERY_EINVAL);
    world_enter(0);
    world_settle();
    check_peer(p, "");
    world_end();
}

/* ---- several loops ---- */

static void ignore_answers(int error, const struct rookery_args *answers, size_t count, void *arg)
{
}

static void reaches_other_loops_in_the_order_of_the_calls(void)
{
    start(3);
    struct peer *a = peer_join(0, "/"), *b = peer_join(1, "/"), *c = peer_join(1, "/");
    peer_send(a, "2[\"join\",\"r\"]");
    peer_send(b, "2[\"join\",\"r\"]");
    say("r", "1");
    say_to(NULL, "2", NULL);
    say("r", "3");
    const struct rookery_str id = str(c->id);
    say_to(&(struct rookery_target){.except = &id, .except_count = 1}, "4", NULL);
    check(rookery_broadcast_from(sockets[0], NULL, ROOKERY_STR("5"), NULL, NULL) == 0);
    world_settle();
    check_peer(a, "|42[\"1\"]|42[\"2\"]|42[\"3\"]|42[\"4\"]");
    check_peer(b, "|42[\"1\"]|42[\"2\"]|42[\"3\"]|42[\"4\"]|42[\"5\"]");
    check_peer(c, "|42[\"2\"]|42[\"5\"]");
    world_end();
}

static void shares_one_frame_among_loops(void)
{
    start(2);
    struct peer *a = peer_join(0, "/"), *b = peer_join(1, "/");
    const struct rookery_broadcast how = {.no_compress = true}; /* so that frames are queued */
    const struct frame *fa, *fb;
    a->transport.busy = b->transport.busy = true;
    say_to(NULL, "a", &how);
    world_settle();
    (void)outq_front(&a->transport.base.session->queue, &fa);
    (void)outq_front(&b->transport.base.session->queue, &fb);
    check(fa == fb && fa->no_compress && fa->refs == 2);
    a->transport.busy = b->transport.busy = false;
    world_end();
}

static void sends_nothing_on_a_loop_where_nobody_has_ever_been(void)
{
    start(2);
    struct peer *a = peer_join(0, "/");
    const struct rookery_broadcast how = {.timeout_ms = 1, .on_acks = ignore_answers};
    world_enter(1);
    say_to(NULL, "a", &how);
    say_to(NULL, "b", NULL);
    world_enter(0);
    world_settle();
    check_peer(a, "|421[\"a\"]|42[\"b\"]");
    world_end();
}

static void can_be_asked_by_a_thread_that_runs_no_loop(void)
{
    start(2);
    struct peer *a = peer_join(0, "/"), *b = peer_join(1, "/");
    char event[] = "now";
    struct rookery_str name = {event, 3}, room = str(b->id);
    world_enter(-1);
    struct rookery_args args = json("1,2");
    check(rookery_broadcast(root, NULL, name, &args, NULL) == 0);
    check(rookery_broadcast(root, &(struct rookery_target){.rooms = &room, .room_count = 1}, name,
                            NULL, NULL) == 0);
    memcpy(event, "xxx", 3); /* it was copied */
    world_enter(0);
    world_settle();
    check_peer(a, "|42[\"now\",1,2]");
    check_peer(b, "|42[\"now\",1,2]|42[\"now\"]");
    world_end();
}

static void reaches_the_children_of_a_parent(void)
{
    start(2);
    struct rookery_namespace *parent = rookery_of_pattern(world, "^/dyn-[0-9]+$");
    struct peer *a = peer_join(0, "/dyn-1"), *b = peer_join(0, "/dyn-2");
    struct peer *c = peer_join(1, "/dyn-2"), *other = peer_join(0, "/");
    struct rookery_args args = json("true");
    const struct rookery_broadcast acks = {.timeout_ms = 1, .on_acks = (rookery_acks_fn)abort};
    check(rookery_broadcast(parent, NULL, ROOKERY_STR("hi"), &args, NULL) == 0);
    check(rookery_broadcast(parent, NULL, ROOKERY_STR("hi"), NULL, &acks) == ROOKERY_EINVAL);
    world_settle();
    check_peer(a, "|42/dyn-1,[\"hi\",true]");
    check_peer(b, "|42/dyn-2,[\"hi\",true]");
    check_peer(c, "|42/dyn-2,[\"hi\",true]");
    check_peer(other, "");
    world_end();
}

int main(void)
{
    RUN(reaches_everybody_in_a_room_and_nobody_else);
    RUN(reaches_everybody_in_the_namespace);
    RUN(reaches_a_socket_by_its_id_and_whoever_has_joined_a_room_of_that_name);
    RUN(reaches_members_of_several_rooms_once);
    RUN(leaves_out_rooms_single_sockets_and_the_sender);
    RUN(leaves_out_more_single_sockets_than_a_cork_can);
    RUN(collects_what_a_room_gets_within_a_turn_in_one_buffer);
    RUN(keeps_the_order_of_the_calls_whatever_they_are);
    RUN(lets_members_come_and_go_within_a_turn);
    RUN(tells_others_from_within_leaving);
    RUN(sends_what_a_flush_brings_about_in_the_same_turn_end);
    RUN(begins_a_new_cork_when_one_is_full);
    RUN(shares_large_packets_by_pointer);
    RUN(needs_no_memory_for_the_second_packet_of_a_turn);
    RUN(drops_volatile_packets_for_those_who_are_busy);
    RUN(marks_frames_that_are_not_to_be_compressed);
    RUN(sends_attachments_behind_the_text);
    RUN(refuses_what_is_not_fit_to_be_sent);
    RUN(reaches_other_loops_in_the_order_of_the_calls);
    RUN(shares_one_frame_among_loops);
    RUN(sends_nothing_on_a_loop_where_nobody_has_ever_been);
    RUN(can_be_asked_by_a_thread_that_runs_no_loop);
    RUN(reaches_the_children_of_a_parent);
    return tap_done();
}
