/* The cluster on loops that are threads, for TSan to see what crosses them. */
// SPDX-License-Identifier: MIT
#include "src/cluster/cluster.h"

#include <stdatomic.h>
#include <stdio.h>

#include "protocol/adapter_classic.h"
#include "src/socket/io.h"
#include "tests/support/bus_stub.h"
#include "tests/support/tap.h"
#include "tests/support/thread_executor.h"

enum { LOOPS = 3, ROUNDS = 200 };

struct rookery {
    struct io io;
};

struct place {
    struct thread_executor thread;
    unsigned index;
    struct inquiry asked[ROUNDS];
    struct task waiting[ROUNDS];
};

static struct rookery server;
static struct place places[LOOPS];
static struct bus_stub bus;
static struct cluster *cluster;
static struct rookery_namespace *root;
static atomic_uint over, heard, told;

static void on_all(void (*fn)(void *arg))
{
    for (unsigned i = 0; i < LOOPS; i++) {
        thread_executor_run(&places[i].thread, fn, &places[i]);
    }
}

static void nothing(void *arg)
{
}

static void settle(void)
{
    for (int depth = 0; depth < 6; depth++) {
        on_all(nothing);
    }
}

static void start(void)
{
    const struct io_options options = {
        .connect_timeout_ms = 1000, .payload_bytes_max = 10000, .json_depth_max = 10};
    const struct cluster_options clustering = {
        .prefix = "p", .wire = WIRE_CLASSIC, .request_timeout_ms = 1000, .id_prefix = SPAN("AAAA")};
    struct executor *executors[LOOPS];

    for (unsigned i = 0; i < LOOPS; i++) {
        places[i].index = i;
        thread_executor_start(&places[i].thread, i);
        executors[i] = &places[i].thread.executor;
    }
    over = heard = told = 0;
    io_init(&server.io, &options, executors, LOOPS);
    cluster = cluster_create(executors, LOOPS, &clustering);
    const struct bus_handlers handlers = cluster_bus_handlers(cluster);
    bus_stub_init(&bus, &handlers);
    cluster_attach(cluster, &bus.bus);
    root = rookery_of(&server, ROOKERY_STR("/"));
    io_set_adapter(&server.io, cluster_adapter(cluster));
    settle();
}

/* All are idle by then. */
static void stop_cluster(void *arg)
{
    cluster_stop(cluster);
    bus_close(&bus.bus);
}

static void finish(void)
{
    settle();
    thread_executor_run(&places[0].thread, stop_cluster, NULL);
    settle();
    for (unsigned i = 0; i < LOOPS; i++) {
        thread_executor_stop(&places[i].thread);
    }
    io_finish(&server.io);
    cluster_destroy(cluster);
}

static void on_answer(struct inquiry *q, const struct rookery_args *answer)
{
    atomic_fetch_add(&heard, 1);
}

static void on_over(struct inquiry *q, int error)
{
    atomic_fetch_add(&over, 1);
}

static void on_room(struct task *task)
{
    atomic_fetch_add(&told, 1);
}

/* Rooms that all loops share and rooms of its own, and whatever else it can say. */
static void act(void *arg)
{
    struct place *place = arg;
    struct adapter *a = cluster_adapter(cluster);
    const struct rookery_args args = {.json = ROOKERY_STR("1,\"text\"")};
    char name[32];

    for (unsigned i = 0; i < ROUNDS; i++) {
        (void)snprintf(name, sizeof name, i % 2 == 0 ? "shared %u" : "%u of %u", i, place->index);
        const struct rookery_str room = {name, strlen(name)};
        const struct rookery_target to = {.rooms = &room, .room_count = 1};
        a->ops->room_opened(a, root, place->index, room);
        place->waiting[i].run = on_room;
        check(a->ops->await_room(a, root, place->index, room, &place->waiting[i]));
        check(rookery_broadcast(root, &to, ROOKERY_STR("said"), &args, NULL) == 0);
        rookery_sockets_join(root, &to, &room, 1);
        place->asked[i] = (struct inquiry){.kind = INQUIRE_EMIT,
                                           .wants_answers = true,
                                           .on_answer = on_answer,
                                           .on_done = on_over};
        a->ops->inquire(a, root, &place->asked[i], NULL, ROOKERY_STR("asked"), &args);
        if (i % 3 != 0) {
            a->ops->room_closed(a, root, place->index, room);
        }
    }
}

static void close_the_rest(void *arg)
{
    struct place *place = arg;
    struct adapter *a = cluster_adapter(cluster);
    char name[32];

    for (unsigned i = 0; i < ROUNDS; i += 3) {
        (void)snprintf(name, sizeof name, i % 2 == 0 ? "shared %u" : "%u of %u", i, place->index);
        a->ops->room_closed(a, root, place->index, (struct rookery_str){name, strlen(name)});
    }
}

static void grant(void *arg)
{
    bus_stub_answer(&bus, 0, 1);
}

/* Another node speaks meanwhile. */
static void hear(void *arg)
{
    struct adapter_message m = {
        .kind = ADAPTER_BROADCAST, .uid = SPAN("other1"), .nsp = SPAN("/"), .event = SPAN("far")};
    struct bytes payload = {0};

    classic_encode(&payload, &m);
    for (unsigned i = 0; i < ROUNDS; i++) {
        bus_stub_deliver(&bus, BUS_CHANNEL, "p#/#", bytes_span(&payload));
    }
    bytes_finish(&payload);
    bus_stub_answer(&bus, 0, 1);
}

static void look_at_counts(void)
{
    const struct cluster_counts *counts = cluster_counts(cluster);

    check(counts->rooms <= (uint64_t)LOOPS * ROUNDS && counts->malformed == 0);
}

static void says_and_asks_from_every_thread(void)
{
    enum { ALL = LOOPS * ROUNDS };

    start();
    for (unsigned i = 0; i < LOOPS; i++) {
        rookery_loop_post(rookery_loop_at(&server, i), act, &places[i]);
    }
    for (int i = 0; i < 10; i++) { /* at the same time */
        look_at_counts();
        thread_executor_run(&places[0].thread, hear, NULL);
    }
    settle();
    thread_executor_run(&places[0].thread, grant, NULL);
    settle();
    const struct cluster_counts *counts = cluster_counts(cluster);
    check(counts->broadcasts_sent == ALL && counts->broadcasts_received == 10 * ROUNDS);
    check(counts->requests_sent == 2 * ALL); /* a join and a question a round */
    check(over == ALL && heard == 0 && told == ALL);
    on_all(close_the_rest);
    settle();
    thread_executor_run(&places[0].thread, grant, NULL);
    check(counts->rooms == 0);
    finish();
}

static void ends_with_rooms_and_questions_open(void)
{
    start();
    for (unsigned i = 0; i < LOOPS; i++) {
        rookery_loop_post(rookery_loop_at(&server, i), act, &places[i]);
    }
    finish();
    check(over == LOOPS * ROUNDS && told == LOOPS * ROUNDS);
}

int main(void)
{
    RUN(says_and_asks_from_every_thread);
    RUN(ends_with_rooms_and_questions_open);
    return tap_done();
}
