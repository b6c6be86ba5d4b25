/* Clients that lose their connection at one node and come back at another: what they are given
 * back, and when they begin anew. On their way back: recovery_way_test.c. */
// SPDX-License-Identifier: MIT
#include "src/cluster/recovery.h"

#include "tests/unit/cluster/recovery_bed.h"

static void says_an_offset_with_what_can_be_found_again(void)
{
    const struct rookery_broadcast how = {.is_volatile = true};
    const struct rookery_target local = {.local = true};
    start();
    peer_send(v.peer, "2[\"tell\",{\"a\":1}]");
    cluster_bed_advance(20);
    check_got(&v, "|42[\"told\",{\"a\":1},\"@\"]");
    say(1, "r", "x");
    say_as(0, NULL, "v", &how);
    cluster_bed_advance(20);
    say_as(1, NULL, "w", &how);
    say_as(0, &local, "l", NULL);
    cluster_bed_advance(20);
    check_got(&v, "|42[\"x\",\"@\"]|42[\"v\"]|42[\"l\"]|42[\"w\"]");
    cluster_bed_end();
}

static void leaves_its_clients_alone_without_recovery(void)
{
    cluster_bed_start(&(struct cluster_bed_setup){.nodes = 2, .wire = WIRE_STREAMS});
    cluster_bed_enter(0);
    struct peer *p = peer_open(0);
    peer_send(p, "0");
    world_turn(0);
    check(strstr(peer_got(p), "pid") == NULL);
    check(rookery_broadcast(cluster_bed_nsp(0), NULL, str("e"), NULL, NULL) == 0);
    world_turn(0);
    check_peer(p, "|42[\"e\"]");
    cluster_bed_advance(20);
    check_peer(p, "");
    cluster_bed_end();
}

static void gives_back_at_another_node_what_was_missed(void)
{
    const struct rookery_broadcast how = {.is_volatile = true};
    start();
    peer_send(v.peer, "2[\"tell\"]");
    cluster_bed_advance(20);
    look(&v);
    leave(&v);
    const struct rookery_str in[] = {str("q"), str("r")}, not_me = str(v.sid);
    const struct rookery_target both = {.rooms = in, .room_count = 2};
    const struct rookery_target without = {.except = &not_me, .except_count = 1};
    say(0, "r", "one");
    say(0, "q", "not mine");
    say(1, "", "two");
    say_as(1, &both, "three", NULL);
    say_as(0, &without, "not to me", NULL);
    say_as(0, NULL, "volatile", &how);
    cluster_bed_advance(20);
    say(1, v.sid, "four");
    cluster_bed_enter(0);
    const struct rookery_bin bin = {"xyz", 3};
    const struct rookery_args args = {str("{\"_placeholder\":true,\"num\":0}"), &bin, 1};
    check(rookery_broadcast(cluster_bed_nsp(0), NULL, str("five"), &args, NULL) == 0);
    come(&v, 1, 0);
    check(welcomed(&v) && recovered);
    check_str(v.got, "|42[\"one\",\"@\"]|42[\"two\",\"@\"]|42[\"three\",\"@\"]|42[\"four\",\"@\"]"
                     "|451-[\"five\",{\"_placeholder\":true,\"num\":0},\"@\"]|<xyz>");
    check(strstr(rooms, v.sid) == rooms && strstr(rooms, " r ") != NULL);
    say(0, "r", "six");
    say(1, v.sid, "seven");
    check_got(&v, "|42[\"six\",\"@\"]|42[\"seven\",\"@\"]");
    check(atomic_load(&cluster_bed_counts(0)->sessions_saved) == 1);
    check(atomic_load(&cluster_bed_counts(1)->sessions_restored) == 1);
    cluster_bed_end();
}

static void may_be_come_back_to_again_and_again_on_any_loop(void)
{
    start_with((struct cluster_bed_setup){.nodes = 3, .loops = 3});
    for (unsigned i = 0; i < 9; i++) {
        leave(&v);
        say(i % 2, "r", "missed");
        come(&v, i % 3, (i + i / 3) % 3);
        check(welcomed(&v));
        check_str(v.got, "|42[\"missed\",\"@\"]");
        say(i % 2, "r", "seen");
        check_got(&v, "|42[\"seen\",\"@\"]");
    }
    cluster_bed_end();
}

static void is_taken_once(void)
{
    struct visitor thief;
    start();
    leave(&v);
    thief = v;
    come(&v, 1, 0);
    check(welcomed(&v));
    come(&thief, 0, 0);
    check(!welcomed(&thief) && !recovered);
    check(atomic_load(&cluster_bed_counts(0)->sessions_lost) == 1);
    cluster_bed_end();
}

static void is_over_when_either_side_ends_it(void)
{
    static const char *const ends[] = {"1", "2[\"quit\"]"};
    for (size_t i = 0; i < 2; i++) {
        start();
        peer_send(v.peer, ends[i]);
        cluster_bed_advance(20);
        look(&v);
        leave(&v);
        come(&v, 1, 0);
        check(!welcomed(&v));
        check_str(v.got, "");
        cluster_bed_end();
    }
}

static void is_over_after_its_time(void)
{
    start();
    leave(&v);
    cluster_bed_advance(120001);
    come(&v, 1, 0);
    check(!welcomed(&v));
    cluster_bed_end();
}

static void begins_anew_where_the_offset_is_none(void)
{
    static const char *const offsets[] = {"x", "1-1", "0-0", "99999999999999-0", "1", "-1-1"};
    for (size_t i = 0; i < sizeof offsets / sizeof *offsets; i++) {
        start();
        leave(&v);
        (void)snprintf(v.offset, sizeof v.offset, "%s", offsets[i]);
        come(&v, 1, 0);
        cluster_bed_advance(1100);
        check(!welcomed(&v));
        check_str(v.got, "");
        cluster_bed_end();
    }
}

static void begins_anew_where_the_stream_has_forgotten(void)
{
    start_with((struct cluster_bed_setup){.nodes = 2, .stream_entries_max = 5});
    leave(&v);
    for (int i = 0; i < 50; i++) {
        say(0, "q", "e");
    }
    come(&v, 1, 0);
    check(!welcomed(&v));
    cluster_bed_end();
}

static void reads_page_by_page_and_no_more_than_so_many(void)
{
    const struct {
        int events;
        bool fits;
    } cases[] = {{450, true}, {10100, false}};
    for (size_t k = 0; k < 2; k++) {
        start_with((struct cluster_bed_setup){.nodes = 2, .stream_entries_max = 20000});
        leave(&v);
        for (int i = 0; i < cases[k].events; i++) {
            say_as(0, NULL, "e", NULL);
        }
        cluster_bed_advance(50);
        come(&v, 1, 0);
        check(welcomed(&v) == cases[k].fits);
        check(strlen(v.got) == (cases[k].fits ? 450 * strlen("|42[\"e\",\"@\"]") : 0));
        cluster_bed_end();
    }
}

static void comes_back_to_a_node_that_has_heard_nothing_yet(void)
{
    start();
    leave(&v);
    say(0, "r", "missed");
    cluster_bed_restart_node(1);
    cluster_bed_advance(100);
    come(&v, 1, 0);
    check(welcomed(&v));
    check_str(v.got, "|42[\"missed\",\"@\"]");
    cluster_bed_end();
}

static void begins_anew_after_forms_were_missed(void)
{
    const struct rookery_str r = str("r");
    const struct rookery_target to = {.rooms = &r, .room_count = 1};
    const struct rookery_form forms[] = {{.tags = 1, .event = str("plain")},
                                         {.tags = 2, .event = str("other")}};
    const struct rookery_elsewhere elsewhere = {.note = str("note"), .event = str("there")};
    start();
    cluster_bed_enter(0);
    check(rookery_broadcast_forms(cluster_bed_nsp(0), &to, forms, 2, NULL, &elsewhere) == 0);
    cluster_bed_advance(20);
    check_got(&v, "|42[\"plain\",\"@\"]");
    check(noted);
    leave(&v);
    come(&v, 1, 0);
    check(welcomed(&v)); /* it had got that one */
    leave(&v);
    cluster_bed_enter(0);
    check(rookery_broadcast_forms(cluster_bed_nsp(0), &to, forms, 2, NULL, &elsewhere) == 0);
    cluster_bed_advance(20);
    come(&v, 1, 0);
    check(!welcomed(&v));
    cluster_bed_end();
}

static void keeps_what_is_said_while_the_bus_is_away(void)
{
    start();
    bus_hub_break(cluster_bed_bus(0), 500);
    cluster_bed_advance(20);
    say(0, "r", "one");
    say(0, "r", "two");
    check_got(&v, "");
    cluster_bed_advance(1000);
    check_got(&v, "|42[\"one\",\"@\"]|42[\"two\",\"@\"]");
    cluster_bed_end();
}

static void says_without_an_offset_what_the_bus_has_given_up(void)
{
    start_with((struct cluster_bed_setup){.nodes = 2, .limits = {.keep_ms = 1000}});
    bus_hub_break(cluster_bed_bus(0), 5000);
    cluster_bed_advance(20);
    say(0, "r", "one");
    cluster_bed_advance(6000);
    say(0, "r", "two");
    check_got(&v, "|42[\"one\"]|42[\"two\",\"@\"]");
    cluster_bed_end();
}

int main(void)
{
    RUN(says_an_offset_with_what_can_be_found_again);
    RUN(leaves_its_clients_alone_without_recovery);
    RUN(gives_back_at_another_node_what_was_missed);
    RUN(may_be_come_back_to_again_and_again_on_any_loop);
    RUN(is_taken_once);
    RUN(is_over_when_either_side_ends_it);
    RUN(is_over_after_its_time);
    RUN(begins_anew_where_the_offset_is_none);
    RUN(begins_anew_where_the_stream_has_forgotten);
    RUN(reads_page_by_page_and_no_more_than_so_many);
    RUN(comes_back_to_a_node_that_has_heard_nothing_yet);
    RUN(begins_anew_after_forms_were_missed);
    RUN(keeps_what_is_said_while_the_bus_is_away);
    RUN(says_without_an_offset_what_the_bus_has_given_up);
    return tap_done();
}
