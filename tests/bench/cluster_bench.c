/* cluster_bench [MESSAGES] - what being one of several servers costs, without Redis and without
 * sockets: CPU to encode and publish a room message, to take one of another node and to deliver it
 * to the one member of its room, and to see that one is our own.
 *
 * A bus that remembers only the last payload stands for Redis; delivering is measured against the
 * same broadcast said on this node alone. */
// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "src/base/memory.h"
#include "src/cluster/cluster.h"
#include "src/socket/io.h"
#include "tests/support/world.h"

/* ---- a bus that goes nowhere ---- */

static struct bytes last_channel, last_payload;

static void null_publish(struct bus *bus, enum bus_kind kind, struct span channel,
                         struct span payload, struct bus_call *call)
{
    (void)bus, (void)kind, (void)call;
    bytes_clear(&last_channel);
    bytes_add_span(&last_channel, channel);
    bytes_clear(&last_payload);
    bytes_add_span(&last_payload, payload);
}

static void null_subscribe(struct bus *bus, enum bus_kind kind, struct span name,
                           struct bus_call *call)
{
    (void)bus, (void)kind, (void)name;
    if (call != NULL) {
        call->on_done(call);
    }
}

static void null_unsubscribe(struct bus *bus, enum bus_kind kind, struct span name)
{
    (void)bus, (void)kind, (void)name;
}

static void null_append(struct bus *bus, struct span stream, const struct bus_field *fields,
                        size_t field_count, uint64_t entries_max, struct bus_call *call)
{
    (void)bus, (void)stream, (void)entries_max, (void)call;
    bytes_clear(&last_payload);
    bytes_add_span(&last_payload, fields[field_count - 1].value);
}

static void null_follow(struct bus *bus, struct span stream, struct span after)
{
    (void)bus, (void)stream, (void)after;
}

static bool null_up(const struct bus *bus)
{
    (void)bus;
    return true;
}

static const struct bus_ops null_ops = {
    .name = "null",
    .publish = null_publish,
    .subscribe = null_subscribe,
    .unsubscribe = null_unsubscribe,
    .append = null_append,
    .follow = null_follow,
    .up = null_up,
};
static struct bus null_bus = {&null_ops};

/* ---- two nodes that take turns ---- */

static const char content[] =
    "{\"id\":\"018bcfe5-6800-7000-8000-000000000001\",\"roomId\":\"general\",\"userId\":\"u1\","
    "\"username\":\"Ada\",\"content\":\"a message of some length, as they are\",\"timestamp\":1}";

struct node {
    struct world *world;
    struct cluster *cluster;
    struct rookery_namespace *root;
};

static void on_join(struct rookery_socket *s, void *arg)
{
    (void)arg;
    rookery_join(s, ROOKERY_STR("general"));
}

static struct node make_node(enum cluster_wire wire, const char *id_prefix)
{
    struct node n;
    const struct cluster_options options = {.prefix = "socket.io",
                                            .wire = wire,
                                            .mode = CLUSTER_DYNAMIC,
                                            .request_timeout_ms = 1000,
                                            .id_prefix = span_cstr(id_prefix)};

    (void)world_switch(NULL);
    world_start(1);
    n.world = world_switch(NULL);
    (void)world_switch(n.world);
    struct executor *executor = world_executor(0);
    n.cluster = cluster_create(&executor, 1, &options);
    cluster_attach(n.cluster, &null_bus);
    n.root = rookery_of(world, ROOKERY_STR("/"));
    rookery_on_connection(n.root, on_join, NULL);
    io_set_adapter(io_of(world), cluster_adapter(n.cluster));
    return n;
}

static double cpu_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void broadcast(struct rookery_namespace *nsp, const char *room, bool local)
{
    const struct rookery_str name = {room, strlen(room)};
    const struct rookery_target to = {.rooms = &name, .room_count = 1, .local = local};
    const struct rookery_args args = {.json = {content, sizeof content - 1}};

    (void)rookery_broadcast(nsp, &to, ROOKERY_STR("message"), &args, NULL);
}

/* A turn now and then, as under load: what is sent is not what is measured. */
enum { PER_TURN = 16 };

static double measure_publishing(const struct node *n, unsigned count)
{
    double begin = cpu_us();

    for (unsigned i = 0; i < count; i++) {
        broadcast(n->root, "elsewhere", false);
        if (i % PER_TURN == 0) {
            world_turn(0);
        }
    }
    return (cpu_us() - begin) / count;
}

static void clear(struct peer *p, unsigned i)
{
    if (i % PER_TURN == 0) {
        world_turn(0);
        bytes_clear(&p->transport.sent);
    }
}

static double measure_saying(const struct node *n, struct peer *p, unsigned count)
{
    double begin = cpu_us();

    for (unsigned i = 0; i < count; i++) {
        broadcast(n->root, "general", true);
        clear(p, i);
    }
    return (cpu_us() - begin) / count;
}

static double measure_taking(const struct node *n, struct peer *p, enum cluster_wire wire,
                             unsigned count)
{
    const struct bus_handlers on = cluster_bus_handlers(n->cluster);
    const struct bus_field fields[] = {{SPAN("uid"), SPAN("0123456789abcdef")},
                                       {SPAN("nsp"), SPAN("/")},
                                       {SPAN("type"), SPAN("3")},
                                       {SPAN("data"), bytes_span(&last_payload)}};
    const struct bus_entry entry = {SPAN("1-0"), fields, 4};
    double begin = cpu_us();

    for (unsigned i = 0; i < count; i++) {
        if (wire == WIRE_STREAMS) {
            on.on_entry(on.arg, SPAN("socket.io"), &entry);
        } else {
            on.on_message(on.arg, wire == WIRE_SHARDED ? BUS_SHARD : BUS_CHANNEL,
                          bytes_span(&last_channel), bytes_span(&last_payload));
        }
        clear(p, i);
    }
    return (cpu_us() - begin) / count;
}

static void end(struct node *n)
{
    (void)world_switch(n->world);
    cluster_stop(n->cluster);
    world_end();
    cluster_destroy(n->cluster);
}

/* Volatile messages have no number, so the same payload can be taken again and again. */
static void say_volatile(struct rookery_namespace *nsp)
{
    const struct rookery_str room = ROOKERY_STR("general");
    const struct rookery_target to = {.rooms = &room, .room_count = 1};
    const struct rookery_args args = {.json = {content, sizeof content - 1}};
    const struct rookery_broadcast how = {.is_volatile = true};

    (void)rookery_broadcast(nsp, &to, ROOKERY_STR("message"), &args, &how);
}

static void measure(const char *name, enum cluster_wire wire, unsigned count)
{
    struct node speaker = make_node(wire, "AAAA"), hearer = make_node(wire, "BBBB");

    (void)world_switch(hearer.world);
    struct peer *p = peer_join(0, "/");
    double saying = measure_saying(&hearer, p, count);
    (void)world_switch(speaker.world);
    double publishing = measure_publishing(&speaker, count);
    say_volatile(speaker.root);
    (void)world_switch(hearer.world);
    double taking = measure_taking(&hearer, p, wire, count);
    printf("%-8s  publish %6.2f us   take and deliver %6.2f us, beside the send %6.2f us\n", name,
           publishing, taking, taking - saying);
    end(&speaker);
    end(&hearer);
}

int main(int argc, char *argv[])
{
    unsigned count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 200000;

    measure("classic", WIRE_CLASSIC, count);
    measure("sharded", WIRE_SHARDED, count);
    measure("streams", WIRE_STREAMS, count);
    bytes_finish(&last_channel);
    bytes_finish(&last_payload);
    return 0;
}
