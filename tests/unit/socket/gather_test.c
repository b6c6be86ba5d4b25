// SPDX-License-Identifier: MIT
#include "src/socket/gather.h"

#include "src/socket/io.h"
#include "src/socket/local.h"
#include "tests/support/fake_adapter.h"
#include "tests/support/seen.h"
#include "tests/support/tap.h"
#include "tests/support/world.h"

static struct rookery_namespace *root;

static void start(unsigned loops)
{
    world_start(loops);
    root = rookery_of(world, ROOKERY_STR("/"));
}

static void note_answers(int error, const struct rookery_args *answers, size_t count, void *arg)
{
    see("%d:", error);
    for (size_t i = 0; i < count; i++) {
        see("[%.*s]", (int)answers[i].json.len, answers[i].json.data);
        if (answers[i].bin_count != 0) {
            see("<%.*s>", (int)answers[i].bins[0].len, (const char *)answers[i].bins[0].data);
        }
    }
}

static const struct rookery_broadcast asking = {.timeout_ms = 100, .on_acks = note_answers};

static void ask(const struct rookery_target *to)
{
    check(rookery_broadcast(root, to, ROOKERY_STR("q"), NULL, &asking) == 0);
}

static void gathers_the_answers_of_all_loops(void)
{
    start(3);
    struct peer *a = peer_join(0, "/"), *b = peer_join(1, "/"), *c = peer_join(1, "/");
    ask(NULL);
    world_settle();
    check_peer(a, "|420[\"q\"]");
    check_peer(c, "|420[\"q\"]");
    peer_send(c, "30[1,{}]");
    peer_send(b, "61-0[{\"_placeholder\":true,\"num\":0}]");
    peer_send_binary(b, "bin");
    world_settle();
    check_seen("");
    peer_send(a, "30[]");
    peer_send(a, "30[\"twice\"]");
    world_settle();
    check_seen("0:[1,{}][{\"_placeholder\":true,\"num\":0}]<bin>[]");
    world_advance(200);
    check_seen("");
    world_end();
}

static void gives_the_answers_that_came_when_time_is_up(void)
{
    start(2);
    struct peer *a = peer_join(0, "/"), *b = peer_join(1, "/"), *c = peer_join(1, "/");
    ask(NULL);
    world_settle();
    peer_send(b, "30[1]");
    peer_vanish(c); /* will never answer */
    world_advance(90);
    check_seen("");
    world_advance(20);
    check_seen("-6:[1]");
    peer_send(a, "30[\"late\"]");
    world_settle();
    check_seen("");
    check(peer_is_open(a));
    world_end();
}

static void waits_for_nobody_who_has_left(void)
{
    start(2);
    struct peer *a = peer_join(0, "/"), *b = peer_join(1, "/"), *c = peer_join(1, "/");
    ask(NULL);
    world_settle();
    peer_send(b, "30[1]");
    peer_vanish(c);
    world_settle();
    check_seen(""); /* a may still answer */
    peer_send(a, "1");
    world_settle();
    check_seen("-6:[1]");
    world_end();
}

static void calls_back_later_even_if_nobody_is_asked(void)
{
    start(2);
    const struct rookery_str nobody = ROOKERY_STR("nobody");
    ask(&(struct rookery_target){.rooms = &nobody, .room_count = 1});
    check_seen("");
    world_settle();
    check_seen("0:");
    world_end();
}

static void gives_up_on_answers_when_the_server_ends(void)
{
    start(2);
    struct peer *a = peer_join(0, "/"), *b = peer_join(1, "/");
    ask(NULL);
    world_settle();
    peer_send(b, "30[1]");
    check(peer_is_open(a));
    world_end();
    check_seen("-6:[1]");
}

static void asks_under_ids_that_no_loop_uses_twice(void)
{
    start(2);
    struct peer *a = peer_join(0, "/");
    for (unsigned i = 0; i < 4; i++) {
        world_enter((int)i % 2);
        ask(NULL);
    }
    world_enter(0);
    world_settle();
    check_peer(a, "|420[\"q\"]|422[\"q\"]|421[\"q\"]|423[\"q\"]");
    world_end();
    seen[0] = '\0';
}

static void can_gather_for_a_thread_that_runs_no_loop(void)
{
    start(2);
    struct peer *b = peer_join(1, "/");
    world_enter(-1);
    ask(NULL);
    world_enter(0);
    world_settle();
    peer_send(b, "30[7]");
    world_settle();
    check_seen("0:[7]");
    world_end();
}

/* ---- with other nodes ---- */

static struct fake_adapter adapter;

static void start_among_others(void)
{
    start(2);
    fake_adapter_init(&adapter);
    io_set_adapter(io_of(world), &adapter.base);
    check_said(&adapter, "|open /");
}

static struct gather *ask_elsewhere_too(void)
{
    ask(NULL);
    check_said(&adapter, "|broadcast / q() timeout=100");
    return adapter.answers;
}

static void end(void)
{
    world_end();
    fake_adapter_finish(&adapter);
}

static void answer_elsewhere(struct gather *g, const char *json)
{
    const struct rookery_bin bin = {"bin", 3};

    gather_remote_answer(g, &(struct rookery_args){str(json), &bin, 1});
}

static void gathers_the_answers_of_other_nodes_too(void)
{
    start_among_others();
    struct peer *a = peer_join(1, "/");
    world_enter(1);
    struct gather *g = ask_elsewhere_too();
    world_enter(0);
    gather_remote_count(g, 1);
    answer_elsewhere(g, "1");
    world_settle();
    peer_send(a, "31[\"a\"]");
    gather_remote_count(g, 1);
    gather_remote_count(g, 0);
    world_settle();
    check_seen(""); /* one is due */
    answer_elsewhere(g, "2");
    world_settle();
    check_seen(""); /* others may still be asked */
    gather_remote_over(g, true);
    check_seen("");
    world_settle();
    check_seen("0:[1]<bin>[\"a\"][2]<bin>");
    end();
}

static void is_settled_by_sockets_here_when_other_nodes_were_faster(void)
{
    start_among_others();
    struct peer *a = peer_join(1, "/");
    struct gather *g = ask_elsewhere_too();
    gather_remote_over(g, true);
    world_settle();
    check_seen("");
    peer_send(a, "30[1]");
    world_settle();
    check_seen("0:[1]");
    end();
}

static void is_incomplete_when_other_nodes_are(void)
{
    start_among_others();
    struct peer *a = peer_join(1, "/");
    struct gather *g = ask_elsewhere_too();
    world_settle();
    peer_send(a, "30[1]");
    gather_remote_over(g, false);
    world_settle();
    check_seen("-6:[1]");
    g = ask_elsewhere_too();
    gather_remote_count(g, 2);
    answer_elsewhere(g, "2");
    gather_remote_over(g, true); /* one of them has gone */
    world_settle();
    peer_send(a, "32[3]");
    world_settle();
    check_seen("-6:[2]<bin>[3]");
    end();
}

static void takes_what_other_nodes_say_when_it_is_too_late(void)
{
    start_among_others();
    struct gather *g = ask_elsewhere_too();
    gather_remote_count(g, 2);
    answer_elsewhere(g, "1");
    world_advance(110);
    check_seen("-6:[1]<bin>");
    gather_remote_count(g, 1);
    answer_elsewhere(g, "2");
    world_settle();
    gather_remote_over(g, true);
    world_settle();
    check_seen("");
    end();
}

static void asks_other_nodes_nothing_for_this_one_only(void)
{
    start_among_others();
    ask(&(struct rookery_target){.local = true});
    world_settle();
    check_seen("0:");
    check_said(&adapter, "");
    end();
}

/* ---- for other nodes ---- */

static void told_count(struct local_asking *a, size_t asked)
{
    see("count=%zu", asked);
}

static void told_answer(struct local_asking *a, const struct rookery_args *answer)
{
    see("[%.*s]", (int)answer->json.len, answer->json.data);
}

static void told_over(struct local_asking *a)
{
    see("over");
}

static struct local_asking telling = {told_count, told_answer, told_over};

static void tells_another_node_each_answer_as_it_comes(void)
{
    start(2);
    struct peer *a = peer_join(0, "/"), *b = peer_join(1, "/");
    local_ask(root, NULL, ROOKERY_STR("q"), NULL, 100, &telling);
    check_seen("");
    peer_send(a, "30[1]");
    world_turn(0);
    check_seen(""); /* loop 1 has not said whom it asks */
    world_settle();
    check_seen("count=2[1]");
    peer_send(b, "30[2]");
    world_settle();
    check_seen("[2]over");
    world_advance(200);
    check_seen("");
    world_end();
}

static void tells_another_node_that_the_time_is_over(void)
{
    start(2);
    struct peer *a = peer_join(0, "/");
    local_ask(root, NULL, ROOKERY_STR("q"), NULL, 100, &telling);
    world_advance(110);
    check_seen("count=1over");
    peer_send(a, "30[1]");
    world_settle();
    check_seen("");
    local_ask(root, NULL, ROOKERY_STR("connect"), NULL, 100, &telling);
    local_ask(root, NULL, ROOKERY_STR("q"), NULL, 0, &telling);
    check_seen("");
    world_settle();
    check_seen("count=0overcount=0over");
    world_end();
}

int main(void)
{
    RUN(gathers_the_answers_of_all_loops);
    RUN(gives_the_answers_that_came_when_time_is_up);
    RUN(waits_for_nobody_who_has_left);
    RUN(calls_back_later_even_if_nobody_is_asked);
    RUN(gives_up_on_answers_when_the_server_ends);
    RUN(asks_under_ids_that_no_loop_uses_twice);
    RUN(can_gather_for_a_thread_that_runs_no_loop);
    RUN(gathers_the_answers_of_other_nodes_too);
    RUN(is_settled_by_sockets_here_when_other_nodes_were_faster);
    RUN(is_incomplete_when_other_nodes_are);
    RUN(takes_what_other_nodes_say_when_it_is_too_late);
    RUN(asks_other_nodes_nothing_for_this_one_only);
    RUN(tells_another_node_each_answer_as_it_comes);
    RUN(tells_another_node_that_the_time_is_over);
    return tap_done();
}
