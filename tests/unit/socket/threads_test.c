/* The layer on loops that are threads, for TSan to see what crosses them. */
// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/engine/engine.h"
#include "src/engine/request.h"
#include "src/socket/io.h"
#include "src/socket/local.h"
#include "tests/support/fake_adapter.h"
#include "tests/support/memory_transport.h"
#include "tests/support/tap.h"
#include "tests/support/thread_executor.h"

enum { LOOPS = 3, PEERS = 10, CHILDREN = 4, ROUNDS = 50 };

struct rookery {
    struct io io;
};

/* One thread's. */
struct place {
    struct thread_executor thread;
    struct engine engine;
    struct stats stats;
    struct memory_transport peers[PEERS];
};

static struct rookery server;
static struct place places[LOOPS];
static struct rookery_namespace *root, *parent;
static atomic_uint fetched, fetches, answered;
static struct fake_adapter adapter;

static const struct engine_options engine_options = {
    .ping_interval_ms = 1000, .payload_bytes_max = 10000, .queue_bytes_max = 1 << 24};

/* ---- an adapter that is asked by all threads and answers from loop 0 ---- */

static void run_inquiry(struct task *task)
{
    struct inquiry *q = container_of(task, struct inquiry, task);
    static const struct rookery_socket_info far = {.id = ROOKERY_STR("far"),
                                                   .handshake_json = ROOKERY_STR("{}")};

    q->on_sockets(q, &far, 1);
    q->on_done(q, 0);
}

static void inquire(struct adapter *a, struct rookery_namespace *nsp, struct inquiry *q,
                    const struct rookery_target *target, struct rookery_str event,
                    const struct rookery_args *args)
{
    q->task.run = run_inquiry;
    executor_post(&places[0].thread.executor, &q->task);
}

struct answering {
    struct task task;
    struct gather *answers;
};

static void run_answering(struct task *task)
{
    struct answering *answering = container_of(task, struct answering, task);

    gather_remote_count(answering->answers, 1);
    gather_remote_answer(answering->answers, NULL);
    gather_remote_over(answering->answers, true);
    free(answering);
}

static void (*count_broadcast)(struct adapter *a, struct rookery_namespace *nsp,
                               const struct adapter_packet *packet, struct gather *answers);

static void broadcast(struct adapter *a, struct rookery_namespace *nsp,
                      const struct adapter_packet *packet, struct gather *answers)
{
    count_broadcast(a, nsp, packet, NULL);
    if (answers != NULL) {
        struct answering *answering = xcalloc(1, sizeof *answering);
        answering->task.run = run_answering;
        answering->answers = answers;
        executor_post(&places[0].thread.executor, &answering->task);
    }
}

static void start_adapter(void)
{
    static struct adapter_ops ops;

    fake_adapter_init(&adapter);
    ops = *adapter.base.ops;
    count_broadcast = ops.broadcast;
    ops.broadcast = broadcast;
    ops.inquire = inquire;
    adapter.base.ops = &ops;
    io_set_adapter(&server.io, &adapter.base);
}

/* ---- the server ---- */

static void on_all(void (*fn)(void *arg))
{
    for (unsigned i = 0; i < LOOPS; i++) {
        thread_executor_run(&places[i].thread, fn, &places[i]);
    }
}

static void nothing(void *arg)
{
}

/* Whatever has been posted, and what that has posted, and so on, has been run. */
static void settle(void)
{
    for (int depth = 0; depth < 6; depth++) {
        on_all(nothing);
    }
}

/* Peer i is in room "tagged", with tag i % 3. */
static void join_tagged(struct rookery_socket *s, void *arg)
{
    const struct rookery_request *request = rookery_socket_request(s);
    unsigned i = (unsigned)strtoul(rookery_request_header(request, "Peer").data, NULL, 10);

    check(rookery_join_as(s, ROOKERY_STR("tagged"), i % 3) == 0);
}

static void start(void)
{
    const struct io_options options = {
        .connect_timeout_ms = 1000, .payload_bytes_max = 10000, .json_depth_max = 10};
    struct executor *executors[LOOPS];

    for (unsigned i = 0; i < LOOPS; i++) {
        thread_executor_start(&places[i].thread, i);
        executors[i] = &places[i].thread.executor;
    }
    io_init(&server.io, &options, executors, LOOPS);
    fetched = fetches = answered = 0;
    root = rookery_of(&server, ROOKERY_STR("/"));
    rookery_on_connection(root, join_tagged, NULL);
    parent = rookery_of_pattern(&server, "^/d[0-9]$");
    for (unsigned i = 0; i < LOOPS; i++) {
        engine_init(&places[i].engine, executors[i], &engine_options, io_engine_app(&server.io, i),
                    &places[i].stats);
    }
}

static void connect_peers(void *arg)
{
    struct place *place = arg;
    char packet[16], head[64];

    for (unsigned i = 0; i < PEERS; i++) {
        struct memory_transport *t = &place->peers[i];
        (void)snprintf(head, sizeof head, "GET / HTTP/1.1\r\nHost: h\r\nPeer: %u\r\n\r\n", i);
        struct rookery_request *request = request_create(span_cstr(head), "::1", false, 0);
        memory_transport_init(t, &place->thread.executor);
        struct session *s = engine_handshake(&place->engine, &t->base, request, NULL);
        request_release(request);
        session_receive_text(s, &t->base, SPAN("40"));
        (void)snprintf(packet, sizeof packet, "40/d%u,", i % CHILDREN);
        session_receive_text(s, &t->base, span_cstr(packet));
    }
}

static void count_fetched(int error, const struct rookery_socket_info *sockets, size_t count,
                          void *arg)
{
    atomic_fetch_add(&fetched, (unsigned)count);
    atomic_fetch_add(&fetches, 1);
}

static void count_answers(int error, const struct rookery_args *answers, size_t count, void *arg)
{
    atomic_fetch_add(&answered, 1);
}

static void act(void)
{
    static const struct rookery_str room = {"r", 1}, tagged = ROOKERY_STR("tagged");
    const struct rookery_target in_tagged = {.rooms = &tagged, .room_count = 1};
    const struct rookery_target in_room = {.rooms = &room, .room_count = 1};
    const struct rookery_broadcast asking = {.timeout_ms = 1000, .on_acks = count_answers};
    const struct rookery_form forms[] = {{.tags = 1 << 0, .event = ROOKERY_STR("f0")},
                                         {.tags = 1 << 1, .event = ROOKERY_STR("f1")}};
    const struct rookery_elsewhere elsewhere = {.event = ROOKERY_STR("f")};

    for (int i = 0; i < ROUNDS; i++) {
        check(rookery_broadcast(root, NULL, ROOKERY_STR("x"), NULL, NULL) == 0);
        check(rookery_broadcast(parent, NULL, ROOKERY_STR("x"), NULL, NULL) == 0);
        rookery_sockets_join(root, NULL, &room, 1);
        check(rookery_broadcast(root, &in_room, ROOKERY_STR("r"), NULL, NULL) == 0);
        check(rookery_broadcast_forms(root, &in_tagged, forms, 2, NULL, &elsewhere) == 0);
        rookery_fetch_sockets(root, NULL, count_fetched, NULL);
        rookery_sockets_leave(root, &in_room, &room, 1);
    }
    check(rookery_broadcast(root, NULL, ROOKERY_STR("q"), NULL, &asking) == 0);
}

static void act_on_loop(void *arg)
{
    act();
}

static void check_peers(void *arg)
{
    struct place *place = arg;
    char packet[32];

    for (unsigned i = 0; i < PEERS; i++) {
        (void)snprintf(packet, sizeof packet, "|42/d%u,[\"x\"]", i % CHILDREN);
        check(memory_transport_count(&place->peers[i], "|42[\"x\"]") == (LOOPS + 1) * ROUNDS);
        check(memory_transport_count(&place->peers[i], packet) == (LOOPS + 1) * ROUNDS);
        check(memory_transport_count(&place->peers[i], "|42[\"f0\"]") ==
              (i % 3 == 0 ? (LOOPS + 1) * ROUNDS : 0));
        check(memory_transport_count(&place->peers[i], "|42[\"f1\"]") ==
              (i % 3 == 1 ? (LOOPS + 1) * ROUNDS : 0));
    }
}

static void shut_down(void *arg)
{
    engine_shutdown(&((struct place *)arg)->engine);
}

static void finish(void)
{
    on_all(shut_down);
    settle();
    for (unsigned i = 0; i < LOOPS; i++) {
        thread_executor_stop(&places[i].thread);
    }
    io_finish(&server.io);
    for (unsigned i = 0; i < LOOPS; i++) {
        engine_finish(&places[i].engine);
        for (unsigned p = 0; p < PEERS; p++) {
            memory_transport_finish(&places[i].peers[p]);
        }
    }
}

static void act_on_all_threads(void)
{
    on_all(connect_peers);
    settle();
    for (unsigned i = 0; i < LOOPS; i++) {
        rookery_loop_post(rookery_loop_at(&server, i), act_on_loop, NULL);
    }
    act(); /* at the same time */
    settle();
    on_all(check_peers);
}

static void reaches_everybody_from_every_thread(void)
{
    start();
    act_on_all_threads();
    check(fetches == (LOOPS + 1) * ROUNDS);
    check(fetched == (LOOPS + 1) * ROUNDS * LOOPS * PEERS);
    check(answered == 0);
    finish();
    check(answered == LOOPS + 1);
}

static void be_other_nodes(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        local_broadcast(root, NULL, ROOKERY_STR("far"), NULL, NULL, (struct rookery_str){0});
    }
}

static void tells_the_adapter_from_every_thread(void)
{
    start();
    start_adapter();
    rookery_loop_post(rookery_loop_at(&server, 0), be_other_nodes, NULL);
    act_on_all_threads();
    /* Three a round, for a parent one for each child; and one that asks. */
    check(adapter.broadcasts == (LOOPS + 1) * (ROUNDS * (3 + CHILDREN) + 1));
    check(adapter.orders == (LOOPS + 1) * ROUNDS * 2);
    check(fetches == (LOOPS + 1) * ROUNDS);
    check(fetched == (LOOPS + 1) * ROUNDS * (LOOPS * PEERS + 1));
    finish();
    check(answered == LOOPS + 1);
    fake_adapter_finish(&adapter);
}

/* Clients of all loops make the same namespaces at the same time. */
static void makes_each_namespace_once(void)
{
    start();
    for (unsigned i = 0; i < LOOPS; i++) {
        rookery_loop_post(rookery_loop_at(&server, i), connect_peers, &places[i]);
    }
    settle();
    check(server.io.dynamic_count == CHILDREN);
    finish();
}

int main(void)
{
    RUN(reaches_everybody_from_every_thread);
    RUN(tells_the_adapter_from_every_thread);
    RUN(makes_each_namespace_once);
    return tap_done();
}
