/* Tags of memberships, and broadcasts in several forms. */
// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "src/api/rookery.h"
#include "src/socket/delivery.h"
#include "src/socket/io.h"
#include "src/socket/rooms.h"
#include "src/socket/socket.h"
#include "tests/support/tap.h"
#include "tests/support/world.h"

enum { PEERS = 6 };

static const struct rookery_str room = ROOKERY_STR("r");
static const struct rookery_target in_room = {.rooms = &room, .room_count = 1};
static struct rookery_namespace *root;
static struct rookery_socket *sockets[PEERS]; /* in the order of connecting */
static struct peer *peers[PEERS];
static unsigned socket_count;

static void on_connection(struct rookery_socket *s, void *arg)
{
    sockets[socket_count++] = s;
}

/* Peers, one after the other on each loop; the first `members` are in the room, with tags 0, 1, 2,
 * 0, 1, 2 ... */
static void start(unsigned loops, unsigned members)
{
    socket_count = 0;
    world_start(loops);
    root = rookery_of(world, ROOKERY_STR("/"));
    rookery_on_connection(root, on_connection, NULL);
    for (unsigned i = 0; i < PEERS; i++) {
        peers[i] = peer_join(i % loops, "/");
        if (i < members) {
            check(rookery_join_as(sockets[i], room, i % 3) == 0);
        }
    }
}

static struct rookery_form form(uint32_t tags, const char *event)
{
    return (struct rookery_form){.tags = tags, .event = str(event)};
}

/* a to tag 0, b to tag 1. */
static void say_a_b(const char *a, const char *b, struct rookery_socket *from)
{
    const struct rookery_form forms[] = {form(1 << 0, a), form(1 << 1, b)};
    check(rookery_broadcast_forms(root, &in_room, forms, 2, from, NULL) == 0);
}

static void say(const char *event)
{
    check(rookery_broadcast(root, &in_room, str(event), NULL, NULL) == 0);
}

/* ---- tags ---- */

static void tells_the_tag_of_a_membership(void)
{
    start(1, 0);
    check(rookery_room_tag(sockets[0], room) == -1);
    rookery_join(sockets[0], room);
    check(rookery_room_tag(sockets[0], room) == 0);
    check(rookery_join_as(sockets[0], room, ROOKERY_TAGS_MAX - 1) == 0);
    check(rookery_room_tag(sockets[0], room) == ROOKERY_TAGS_MAX - 1);
    rookery_join(sockets[0], room); /* it is there, and keeps its tag */
    check(rookery_room_tag(sockets[0], room) == ROOKERY_TAGS_MAX - 1);
    check(rookery_join_as(sockets[0], room, ROOKERY_TAGS_MAX) == ROOKERY_EINVAL);
    check(rookery_room_tag(sockets[0], room) == ROOKERY_TAGS_MAX - 1);
    check(rookery_in_room(sockets[0], room) && !rookery_in_room(sockets[1], room));
    rookery_leave(sockets[0], room);
    check(rookery_room_tag(sockets[0], room) == -1);
    world_end();
}

static void gives_tag_0_in_the_own_room(void)
{
    start(1, 0);
    struct rookery_str own = str(peers[0]->id);
    const struct rookery_target in_own = {.rooms = &own, .room_count = 1};
    const struct rookery_form forms[] = {form(1 << 0, "zero"), form(1 << 3, "three")};
    rookery_leave(sockets[0], own);
    check(rookery_room_tag(sockets[0], own) == -1);
    check(rookery_join_as(sockets[0], own, 3) == 0);
    check(rookery_room_tag(sockets[0], own) == 0);
    check(rookery_join_as(sockets[1], own, 3) == 0); /* somebody else in the room of that name */
    check(rookery_broadcast_forms(root, &in_own, forms, 2, NULL, NULL) == 0);
    check(rookery_broadcast_forms(root, &in_own, forms, 2, sockets[0], NULL) == 0);
    world_turn(0);
    check_peer(peers[0], "|42[\"zero\"]");
    check_peer(peers[1], "|42[\"three\"]|42[\"three\"]");
    world_end();
}

static void says_so_when_the_socket_has_left(void)
{
    start(1, 1);
    struct rookery_socket *s = rookery_socket_hold(sockets[0]);
    peer_vanish(peers[0]);
    check(rookery_join_as(s, room, 1) == ROOKERY_EGONE);
    check(rookery_room_tag(s, room) == -1);
    rookery_socket_release(s);
    world_end();
}

/* ---- whom ---- */

static void gives_each_member_the_form_of_its_tag(void)
{
    start(1, 4);
    say_a_b("a", "b", NULL);
    world_turn(0);
    check_peer(peers[0], "|42[\"a\"]");
    check_peer(peers[1], "|42[\"b\"]");
    check_peer(peers[2], ""); /* no form has tag 2 */
    check_peer(peers[3], "|42[\"a\"]");
    check_peer(peers[4], ""); /* not a member */
    check(world_stat(STAT_PACKETS_SENT) == PEERS + 3);
    world_end();
}

static void takes_several_tags_for_a_form_and_several_forms_for_a_tag(void)
{
    start(1, 3);
    const struct rookery_form forms[] = {form(1 << 0 | 1 << 2, "x"), form(1 << 1 | 1 << 2, "y"),
                                         form(0, "z"), form(1 << 15, "w")};
    check(rookery_broadcast_forms(root, &in_room, forms, 4, NULL, NULL) == 0);
    check(rookery_broadcast_forms(root, &in_room, forms, 0, NULL, NULL) == 0);
    world_turn(0);
    check_peer(peers[0], "|42[\"x\"]");
    check_peer(peers[1], "|42[\"y\"]");
    check_peer(peers[2], "|42[\"x\"]|42[\"y\"]");
    world_end();
}

static void leaves_out_the_sender(void)
{
    start(1, 5);
    uint64_t before = world_stat(STAT_PACKETS_SENT);
    say_a_b("a", "b", sockets[0]);
    say_a_b("c", "d", sockets[4]);
    say_a_b("e", "f", sockets[2]); /* whom no form is for */
    say_a_b("g", "h", sockets[5]); /* who is elsewhere */
    world_turn(0);
    check_peer(peers[0], "|42[\"c\"]|42[\"e\"]|42[\"g\"]");
    check_peer(peers[1], "|42[\"b\"]|42[\"d\"]|42[\"f\"]|42[\"h\"]");
    check_peer(peers[2], "");
    check_peer(peers[3], "|42[\"a\"]|42[\"c\"]|42[\"e\"]|42[\"g\"]");
    check_peer(peers[4], "|42[\"b\"]|42[\"f\"]|42[\"h\"]");
    check(world_stat(STAT_PACKETS_SENT) - before == 3 + 4 + 4 + 3);
    world_end();
}

/* Whatever is not a form sees one room. */
static void is_one_room_to_everything_else(void)
{
    start(1, 5);
    const struct rookery_str elsewhere = ROOKERY_STR("s"), id = str(peers[1]->id);
    rookery_join(sockets[5], elsewhere);
    rookery_join(sockets[2], elsewhere);
    const struct rookery_str both[] = {room, elsewhere};
    const struct rookery_target to = {.rooms = &room, .room_count = 1};
    const struct rookery_target to_both = {.rooms = both, .room_count = 2};
    const struct rookery_target not_there = {.except = &room, .except_count = 1};
    const struct rookery_target but_one = {
        .rooms = &room, .room_count = 1, .except = &id, .except_count = 1};
    uint64_t before = world_stat(STAT_PACKETS_SENT);
    say("1");
    check(rookery_broadcast(root, &to_both, ROOKERY_STR("2"), NULL, NULL) == 0);
    check(rookery_broadcast(root, &not_there, ROOKERY_STR("3"), NULL, NULL) == 0);
    check(rookery_broadcast(root, &but_one, ROOKERY_STR("4"), NULL, NULL) == 0);
    check(rookery_broadcast_from(sockets[0], &to, ROOKERY_STR("5"), NULL, NULL) == 0);
    world_turn(0);
    check_peer(peers[0], "|42[\"1\"]|42[\"2\"]|42[\"4\"]");
    check_peer(peers[1], "|42[\"1\"]|42[\"2\"]|42[\"5\"]");
    check_peer(peers[2], "|42[\"1\"]|42[\"2\"]|42[\"4\"]|42[\"5\"]");
    check_peer(peers[4], "|42[\"1\"]|42[\"2\"]|42[\"4\"]|42[\"5\"]");
    check_peer(peers[5], "|42[\"2\"]|42[\"3\"]");
    check(world_stat(STAT_PACKETS_SENT) - before == 5 + 6 + 1 + 4 + 4);
    rookery_sockets_leave(root, &to, &room, 1);
    check(rooms_find(sockets[0]->share, SPAN("r")) == NULL);
    world_end();
}

static void keeps_the_place_of_a_room_whose_tag_changes(void)
{
    start(1, 1);
    rookery_join(sockets[0], ROOKERY_STR("later"));
    check(rookery_join_as(sockets[0], room, 7) == 0);
    check(sockets[0]->membership_count == 3); /* with everybody's */
    check(span_eq(room_name(sockets[0]->memberships[1].section->room), SPAN("r")));
    world_end();
}

static void leaves_out_those_in_other_rooms(void)
{
    start(2, PEERS);
    const struct rookery_str except[] = {str(peers[1]->id), str("out")};
    const struct rookery_target but = {
        .rooms = &room, .room_count = 1, .except = except, .except_count = 2};
    const struct rookery_form forms[] = {form(1 << 0, "a"), form(1 << 1, "b")};
    rookery_join(sockets[3], str("out"));
    check(rookery_broadcast_forms(root, &but, forms, 2, sockets[0], NULL) == 0);
    world_settle();
    check_peer(peers[0], "");
    check_peer(peers[1], "");
    check_peer(peers[3], "");
    check_peer(peers[4], "|42[\"b\"]");
    world_end();
}

/* ---- how ---- */

static void shares_large_forms_by_pointer(void)
{
    start(1, 3);
    char *text = malloc(DELIVERY_CORKED_BYTES_MAX + 3);
    memset(text, '1', DELIVERY_CORKED_BYTES_MAX);
    text[DELIVERY_CORKED_BYTES_MAX] = '\0';
    struct rookery_form forms[] = {form(1 << 0, "large"), form(1 << 1, "small")};
    forms[0].args.json = str(text);
    say("before");
    check(rookery_broadcast_forms(root, &in_room, forms, 2, NULL, NULL) == 0);
    say("after");
    world_turn(0);
    check(peers[0]->transport.sent.len > DELIVERY_CORKED_BYTES_MAX);
    check(strncmp(peer_got(peers[0]), "|42[\"before\"]|42[\"large\",111", 28) == 0);
    check_peer(peers[1], "|42[\"before\"]|42[\"small\"]|42[\"after\"]");
    check_peer(peers[2], "|42[\"before\"]|42[\"after\"]");
    free(text);
    world_end();
}

static void sends_attachments(void)
{
    start(1, 2);
    const struct rookery_bin bin = {"bin", 3};
    struct rookery_form forms[] = {form(1 << 0, "f"), form(1 << 1, "g")};
    forms[1].args = (struct rookery_args){
        .json = ROOKERY_STR("{\"_placeholder\":true,\"num\":0}"), .bins = &bin, .bin_count = 1};
    check(rookery_broadcast_forms(root, &in_room, forms, 2, NULL, NULL) == 0);
    world_turn(0);
    check_peer(peers[0], "|42[\"f\"]");
    check_peer(peers[1], "|451-[\"g\",{\"_placeholder\":true,\"num\":0}]|<bin>");
    world_end();
}

static void sends_nothing_if_a_form_is_not_fit_to_be_sent(void)
{
    struct rookery_form many[ROOKERY_TAGS_MAX + 1] = {0};
    start(2, 2);
    struct rookery_namespace *other = rookery_of(world, ROOKERY_STR("/other"));
    struct rookery_form forms[] = {form(1 << 0, "a"), form(1 << 1, "b")};
    for (int on_a_loop = 0; on_a_loop < 2; on_a_loop++) {
        world_enter(on_a_loop - 1);
        forms[1] = form(1 << 1, "b");
        forms[1].args.json = str("1],[2");
        check(rookery_broadcast_forms(root, &in_room, forms, 2, NULL, NULL) == ROOKERY_EINVAL);
        forms[1] = form(1 << 1, "disconnect");
        check(rookery_broadcast_forms(root, &in_room, forms, 2, NULL, NULL) == ROOKERY_ERESERVED);
        forms[1] = form(1U << ROOKERY_TAGS_MAX, "b");
        check(rookery_broadcast_forms(root, &in_room, forms, 2, NULL, NULL) == ROOKERY_EINVAL);
        check(rookery_broadcast_forms(root, &in_room, many, ROOKERY_TAGS_MAX + 1, NULL, NULL) ==
              ROOKERY_EINVAL);
    }
    check(rookery_broadcast_forms(other, &in_room, forms, 1, sockets[0], NULL) == ROOKERY_EINVAL);
    const struct rookery_target nowhere = {0};
    check(rookery_broadcast_forms(root, &nowhere, forms, 1, NULL, NULL) == ROOKERY_EINVAL);
    check(rookery_broadcast_forms(root, NULL, forms, 1, NULL, NULL) == ROOKERY_EINVAL);
    world_settle();
    check_peer(peers[0], "");
    check_peer(peers[1], "");
    world_end();
}

/* ---- order ---- */

/* What is said, to whom and when is chosen at random, and each member's output is predicted. */

enum { ROUNDS = 3000, TAGS = 3, EXPECTED_BYTES = 4096 };

static int tags[PEERS]; /* -1: not in the room */
static char expected[PEERS][EXPECTED_BYTES];
static unsigned said;

static unsigned draw(unsigned below)
{
    static uint32_t seed = 7;
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % below;
}

static void expect(unsigned peer, const char *event)
{
    size_t len = strlen(expected[peer]);
    (void)snprintf(expected[peer] + len, EXPECTED_BYTES - len, "|42[\"%s\"]", event);
}

static void act_forms(void)
{
    char events[TAGS][16];
    struct rookery_form forms[TAGS];
    unsigned count = 1 + draw(TAGS), but = draw(PEERS * 2);

    for (unsigned f = 0; f < count; f++) {
        (void)snprintf(events[f], sizeof events[f], "%u", said++);
        forms[f] = form(draw(1 << TAGS), events[f]);
        for (unsigned i = 0; i < PEERS; i++) {
            if (tags[i] >= 0 && (forms[f].tags >> tags[i] & 1) != 0 && i != but) {
                expect(i, events[f]);
            }
        }
    }
    check(rookery_broadcast_forms(root, &in_room, forms, count, but < PEERS ? sockets[but] : NULL,
                                  NULL) == 0);
}

static void act_to_one_or_all(void)
{
    char event[16];
    unsigned peer = draw(PEERS * 2);

    (void)snprintf(event, sizeof event, "%u", said++);
    if (peer < PEERS) {
        check(rookery_emit(sockets[peer], str(event), NULL, NULL) == 0);
        expect(peer, event);
        return;
    }
    say(event);
    for (unsigned i = 0; i < PEERS; i++) {
        if (tags[i] >= 0) {
            expect(i, event);
        }
    }
}

static void act_membership(void)
{
    unsigned peer = draw(PEERS);

    tags[peer] = (int)draw(TAGS + 1) - 1;
    if (tags[peer] < 0) {
        rookery_leave(sockets[peer], room);
    } else {
        check(rookery_join_as(sockets[peer], room, (unsigned)tags[peer]) == 0);
    }
}

static void keeps_the_order_of_the_calls_whatever_they_are(void)
{
    static void (*const acts[])(void) = {act_forms, act_forms, act_to_one_or_all, act_membership};
    start(1, 0);
    for (unsigned i = 0; i < PEERS; i++) {
        tags[i] = -1;
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        memset(expected, 0, sizeof expected);
        for (unsigned n = draw(20); n > 0; n--) {
            acts[draw(4)]();
        }
        world_turn(0);
        for (unsigned i = 0; i < PEERS; i++) {
            check_peer(peers[i], expected[i]);
        }
    }
    world_end();
}

/* ---- several loops ---- */

static void reaches_other_loops_in_the_order_of_the_calls(void)
{
    start(3, 6);
    say("1");
    say_a_b("2a", "2b", NULL);
    say("3");
    say_a_b("4a", "4b", sockets[0]);
    world_settle();
    check_peer(peers[0], "|42[\"1\"]|42[\"2a\"]|42[\"3\"]");
    check_peer(peers[1], "|42[\"1\"]|42[\"2b\"]|42[\"3\"]|42[\"4b\"]");
    check_peer(peers[2], "|42[\"1\"]|42[\"3\"]");
    check_peer(peers[3], "|42[\"1\"]|42[\"2a\"]|42[\"3\"]|42[\"4a\"]");
    world_end();
}

static void can_be_asked_by_a_thread_that_runs_no_loop(void)
{
    start(2, 2);
    char event[] = "now", args[] = "1,2";
    const struct rookery_bin bin = {"bin", 3};
    struct rookery_form forms[] = {form(1 << 0, event), form(1 << 1, event)};
    forms[0].args.json = str(args);
    forms[1].args = (struct rookery_args){
        .json = ROOKERY_STR("{\"_placeholder\":true,\"num\":0}"), .bins = &bin, .bin_count = 1};
    world_enter(-1);
    check(rookery_broadcast_forms(root, &in_room, forms, 2, NULL, NULL) == 0);
    check(rookery_broadcast_forms(root, &in_room, forms, 0, NULL, NULL) == 0);
    memcpy(event, "xxx", 3); /* they were copied */
    memcpy(args, "xxx", 3);
    world_enter(0);
    world_settle();
    check_peer(peers[0], "|42[\"now\",1,2]");
    check_peer(peers[1], "|451-[\"now\",{\"_placeholder\":true,\"num\":0}]|<bin>");
    world_end();
}

static void join_with_tag(struct rookery_socket *s, void *arg)
{
    static unsigned next;
    check(rookery_join_as(s, room, next++ % 2) == 0);
}

static void reaches_the_children_of_a_parent(void)
{
    start(2, 0);
    struct rookery_namespace *parent = rookery_of_pattern(world, "^/dyn-[0-9]+$");
    rookery_on_connection(parent, join_with_tag, NULL);
    struct peer *a = peer_join(0, "/dyn-1"), *b = peer_join(0, "/dyn-2");
    struct peer *c = peer_join(1, "/dyn-2");
    const struct rookery_form forms[] = {form(1 << 0, "even"), form(1 << 1, "odd")};
    check(rookery_broadcast_forms(parent, &in_room, forms, 2, NULL, NULL) == 0);
    world_settle();
    check_peer(a, "|42/dyn-1,[\"even\"]");
    check_peer(b, "|42/dyn-2,[\"odd\"]");
    check_peer(c, "|42/dyn-2,[\"even\"]");
    world_end();
}

int main(void)
{
    RUN(tells_the_tag_of_a_membership);
    RUN(gives_tag_0_in_the_own_room);
    RUN(says_so_when_the_socket_has_left);
    RUN(gives_each_member_the_form_of_its_tag);
    RUN(takes_several_tags_for_a_form_and_several_forms_for_a_tag);
    RUN(leaves_out_the_sender);
    RUN(is_one_room_to_everything_else);
    RUN(keeps_the_place_of_a_room_whose_tag_changes);
    RUN(leaves_out_those_in_other_rooms);
    RUN(shares_large_forms_by_pointer);
    RUN(sends_attachments);
    RUN(sends_nothing_if_a_form_is_not_fit_to_be_sent);
    RUN(keeps_the_order_of_the_calls_whatever_they_are);
    RUN(reaches_other_loops_in_the_order_of_the_calls);
    RUN(can_be_asked_by_a_thread_that_runs_no_loop);
    RUN(reaches_the_children_of_a_parent);
    return tap_done();
}
