// SPDX-License-Identifier: MIT
#include "src/cluster/interest.h"

#include "tests/support/lone_node.h"
#include "tests/support/tap.h"

enum { LOOPS = 2, MANY = 10000 };

static void start(void)
{
    lone_node_start(&(struct cluster_options){.wire = WIRE_CLASSIC, .id_prefix = SPAN("AAAA")},
                    LOOPS);
}

static struct rookery_str lit(const char *text)
{
    return (struct rookery_str){text, strlen(text)};
}

static void open_room(unsigned loop, const char *room)
{
    world_enter((int)loop);
    lone_node.adapter->ops->room_opened(lone_node.adapter, lone_node.root, loop, lit(room));
}

static void close_room(unsigned loop, const char *room)
{
    world_enter((int)loop);
    lone_node.adapter->ops->room_closed(lone_node.adapter, lone_node.root, loop, lit(room));
}

static void check_said(const char *expected)
{
    world_settle();
    check(strcmp(bus_stub_said(&lone_node.bus), expected) == 0);
}

static uint64_t rooms(void)
{
    return cluster_counts(lone_node.cluster)->rooms;
}

struct waiting {
    struct task task;
    unsigned told;
};

static void on_told(struct task *task)
{
    container_of(task, struct waiting, task)->told++;
}

static void await(unsigned loop, const char *room, struct waiting *w)
{
    *w = (struct waiting){.task = {.run = on_told}};
    world_enter((int)loop);
    check(lone_node.adapter->ops->await_room(lone_node.adapter, lone_node.root, loop, lit(room),
                                             &w->task));
}

static void a_room_is_heard_while_any_loop_has_members(void)
{
    start();
    open_room(0, "r");
    open_room(1, "r");
    check_said("+p#/#r#|");
    check(rooms() == 1);
    close_room(0, "r");
    check_said("");
    close_room(1, "r");
    check_said("-p#/#r#|");
    check(rooms() == 0);
    lone_node_end();
}

static void who_waits_is_told_once_it_is_in_force(void)
{
    struct waiting first, second, late;

    start();
    open_room(0, "r");
    open_room(1, "r");
    await(0, "r", &first);
    await(1, "r", &second);
    world_settle();
    check(first.told == 0 && second.told == 0);
    bus_stub_answer(&lone_node.bus, 0, 0);
    world_settle();
    check(first.told == 1 && second.told == 1);
    await(0, "r", &late);
    world_settle();
    check(late.told == 1);
    lone_node_end();
}

static void who_waits_is_told_when_the_bus_is_down(void)
{
    struct waiting w;

    start();
    open_room(0, "r");
    await(0, "r", &w);
    world_settle();
    bus_stub_set_up(&lone_node.bus, false);
    world_settle();
    check(w.told == 1);
    check_said("+p#/#r#|");
    close_room(0, "r");
    check_said("-p#/#r#|");
    lone_node_end();
}

static void a_room_that_closes_and_opens_again_while_pending_is_asked_for_again(void)
{
    struct waiting before, after;

    start();
    open_room(0, "r");
    await(0, "r", &before);
    world_settle();
    close_room(0, "r");
    open_room(0, "r");
    await(0, "r", &after);
    check_said("+p#/#r#|-p#/#r#|+p#/#r#|");
    check(rooms() == 1 && before.told == 0 && after.told == 0);
    bus_stub_answer(&lone_node.bus, 0, 0);
    world_settle();
    check(before.told == 1 && after.told == 1);
    close_room(0, "r");
    check_said("-p#/#r#|");
    lone_node_end();
}

static void a_room_that_closes_while_pending_is_forgotten_with_its_answer(void)
{
    struct waiting w;

    start();
    open_room(1, "r");
    await(1, "r", &w);
    close_room(1, "r");
    world_settle(); /* all in one turn: there is nothing to wait for */
    check(w.told == 1);
    check_said("+p#/#r#|-p#/#r#|");
    bus_stub_answer(&lone_node.bus, 0, 0);
    check(rooms() == 0);
    lone_node_end();
}

static void ten_thousand_rooms_of_one_turn_come_and_go(void)
{
    char name[32];

    start();
    for (unsigned i = 0; i < MANY; i++) {
        (void)snprintf(name, sizeof name, "room %u", i);
        open_room(i % LOOPS, name);
    }
    world_settle();
    check(rooms() == MANY && lone_node.bus.subscriptions >= MANY);
    for (unsigned i = 0; i < MANY; i++) {
        (void)snprintf(name, sizeof name, "room %u", i);
        close_room(i % LOOPS, name);
    }
    world_settle();
    check(rooms() == 0 && lone_node.bus.unsubscriptions == MANY);
    bus_stub_answer(&lone_node.bus, 0, 0);
    lone_node_end();
}

/* What is said there comes by the prefix, and would come twice. */
static void a_room_that_begins_like_our_ids_has_no_channel(void)
{
    struct waiting w;

    start();
    open_room(0, "AAAA of a client");
    open_room(0, "AAA");
    await(0, "AAAA of a client", &w);
    check_said("+p#/#AAA#|");
    check(w.told == 1 && rooms() == 2);
    close_room(0, "AAAA of a client");
    check_said("");
    lone_node_end();
}

static void who_still_waits_at_the_end_is_told(void)
{
    struct waiting w;

    start();
    open_room(1, "r");
    await(1, "r", &w);
    world_settle();
    lone_node_end();
    check(w.told == 1);
}

int main(void)
{
    RUN(a_room_is_heard_while_any_loop_has_members);
    RUN(who_waits_is_told_once_it_is_in_force);
    RUN(who_waits_is_told_when_the_bus_is_down);
    RUN(a_room_that_closes_and_opens_again_while_pending_is_asked_for_again);
    RUN(a_room_that_closes_while_pending_is_forgotten_with_its_answer);
    RUN(ten_thousand_rooms_of_one_turn_come_and_go);
    RUN(a_room_that_begins_like_our_ids_has_no_channel);
    RUN(who_still_waits_at_the_end_is_told);
    return tap_done();
}
