/* cluster_bench [MESSAGES] - what being one of several servers costs, without Redis and without
 * sockets: CPU to encode and publish a room message, and to take one of another node and deliver it
 * to the one member of its room; delivering is measured against the same broadcast said on this
 * node alone. First over a bus that only remembers, then over the bus of Redis with its formatting
 * and parsing, where this program plays Redis on a fake dialer (its own time is not counted). What
 * the sockets to Redis cost besides is seen by tests/bench/cluster. */
// SPDX-License-Identifier: MIT
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "src/base/memory.h"
#include "src/cluster/cluster.h"
#include "src/redis/redis.h"
#include "src/socket/io.h"
#include "tests/support/fake_dialer.h"
#include "tests/support/world.h"

/* ---- a bus that goes nowhere ---- */

/* A turn now and then, as under load. */
enum { PER_TURN = 16 };

/* What has been published in this turn. */
static struct said {
    struct bytes channel, payload;
} said[PER_TURN];
static unsigned said_count;

static void remember(struct span channel, struct span payload)
{
    if (said_count < PER_TURN) {
        struct said *s = &said[said_count++];
        bytes_clear(&s->channel);
        bytes_add_span(&s->channel, channel);
        bytes_clear(&s->payload);
        bytes_add_span(&s->payload, payload);
    }
}

static void null_publish(struct bus *bus, enum bus_kind kind, struct span channel,
                         struct span payload, struct bus_call *call)
{
    (void)bus, (void)kind, (void)call;
    remember(channel, payload);
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
    (void)bus, (void)entries_max, (void)call;
    remember(stream, fields[field_count - 1].value);
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

/* ---- Redis, as far as a bus asks it ---- */

enum { WORDS_MAX = 64 };

struct fake_redis {
    struct fake_dialer dialer;
    struct fake_peer *listener; /* where messages of other nodes go */
    struct bytes out;
};

static void add_bulk(struct bytes *out, struct span text)
{
    bytes_add_byte(out, '$');
    bytes_add_u64(out, text.len);
    bytes_add_cstr(out, "\r\n");
    bytes_add_span(out, text);
    bytes_add_cstr(out, "\r\n");
}

static void add_array(struct bytes *out, size_t count)
{
    bytes_add_byte(out, '*');
    bytes_add_u64(out, count);
    bytes_add_cstr(out, "\r\n");
}

static void confirm(struct bytes *out, const char *verb, const struct span *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add_array(out, 3);
        add_bulk(out, span_cstr(verb));
        add_bulk(out, names[i]);
        bytes_add_cstr(out, ":1\r\n");
    }
}

static void obey(struct fake_redis *r, struct fake_peer *from, const struct span *words, size_t n)
{
    if (span_eq(words[0], SPAN("SUBSCRIBE"))) {
        r->listener = r->listener == NULL ? from : r->listener;
        confirm(&r->out, "subscribe", words + 1, n - 1);
    } else if (span_eq(words[0], SPAN("PSUBSCRIBE"))) {
        confirm(&r->out, "psubscribe", words + 1, n - 1);
    } else if (span_eq(words[0], SPAN("SSUBSCRIBE"))) {
        r->listener = from;
        confirm(&r->out, "ssubscribe", words + 1, n - 1);
    } else if (span_eq(words[0], SPAN("PUBLISH")) || span_eq(words[0], SPAN("SPUBLISH"))) {
        remember(words[1], words[2]);
        bytes_add_cstr(&r->out, ":1\r\n");
    } else if (span_eq(words[0], SPAN("XADD"))) {
        remember(words[1], words[n - 1]);
        add_bulk(&r->out, SPAN("1-0"));
    } else if (span_eq(words[0], SPAN("XINFO"))) {
        bytes_add_cstr(&r->out, "-ERR no such key\r\n");
    } else if (span_eq(words[0], SPAN("XREAD"))) {
        r->listener = from;
    } else {
        bytes_add_cstr(&r->out, span_eq(words[0], SPAN("PING")) ? "+PONG\r\n" : "+OK\r\n");
    }
}

static size_t read_number(const char **at)
{
    char *next;
    size_t n = strtoul(*at + 1, &next, 10);

    *at = next + 2;
    return n;
}

/* Answers go to r->out. */
static void obey_all(struct fake_redis *r, struct fake_peer *from)
{
    struct span words[WORDS_MAX];

    bytes_add_byte(&from->heard, 0);
    const char *at = (const char *)from->heard.data, *end = at + from->heard.len - 1;
    while (at < end) {
        size_t n = read_number(&at);
        assert(n <= WORDS_MAX);
        for (size_t i = 0; i < n; i++) {
            size_t len = read_number(&at);
            words[i] = span_of(at, len);
            at += len + 2;
        }
        obey(r, from, words, n);
    }
    bytes_clear(&from->heard);
}

static double cpu_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Answers whatever has been asked; returns the time that the node has spent on the answers. */
static double play_redis(struct fake_redis *r)
{
    double spent = 0;

    for (size_t i = 0; i < r->dialer.count; i++) {
        struct fake_peer *p = r->dialer.peers[i];
        if (p->stream != NULL && !p->open) {
            fake_accept(p);
        }
        if (p->stream == NULL || p->heard.len == 0) {
            continue;
        }
        bytes_clear(&r->out);
        obey_all(r, p);
        double begin = cpu_us();
        fake_say(p, bytes_span(&r->out));
        spent += cpu_us() - begin;
    }
    return spent;
}

/* ---- two nodes that take turns ---- */

static const char content[] =
    "{\"id\":\"018bcfe5-6800-7000-8000-000000000001\",\"roomId\":\"general\",\"userId\":\"u1\","
    "\"username\":\"Ada\",\"content\":\"a message of some length, as they are\",\"timestamp\":1}";

struct node {
    struct world *world;
    struct cluster *cluster;
    enum cluster_wire wire;
    struct bus *bus;          /* NULL: null_bus */
    struct fake_redis *redis; /* NULL: likewise */
    struct bus_counts counts;
    struct rookery_namespace *root;
};

static void on_join(struct rookery_socket *s, void *arg)
{
    (void)arg;
    rookery_join(s, ROOKERY_STR("general"));
}

/* Until it has nothing more to ask of Redis. */
static void settle(const struct node *n)
{
    enum { TURNS = 8 };

    for (unsigned i = 0; i < TURNS; i++) {
        world_advance(1);
        if (n->redis != NULL) {
            (void)play_redis(n->redis);
        }
    }
}

static void open_bus(struct node *n, struct executor *executor)
{
    const struct redis_options options = {.url = "redis://127.0.0.1"};
    const struct bus_handlers handlers = cluster_bus_handlers(n->cluster);
    struct bytes why = {0};

    n->redis = xcalloc(1, sizeof *n->redis);
    fake_dialer_init(&n->redis->dialer, executor);
    n->bus = xnonnull(
        bus_redis_open(&n->redis->dialer.dialer, &options, NULL, &handlers, &n->counts, &why));
    bytes_finish(&why);
}

static struct node *make_node(enum cluster_wire wire, bool over_redis, const char *id_prefix)
{
    struct node *n = xcalloc(1, sizeof *n);
    const struct cluster_options options = {.prefix = "socket.io",
                                            .wire = wire,
                                            .mode = CLUSTER_DYNAMIC,
                                            .request_timeout_ms = 1000,
                                            .id_prefix = span_cstr(id_prefix)};

    n->wire = wire;
    (void)world_switch(NULL);
    world_start(1);
    n->world = world_switch(NULL);
    (void)world_switch(n->world);
    struct executor *executor = world_executor(0);
    n->cluster = cluster_create(&executor, 1, &options);
    if (over_redis) {
        open_bus(n, executor);
    }
    cluster_attach(n->cluster, over_redis ? n->bus : &null_bus);
    n->root = rookery_of(world, ROOKERY_STR("/"));
    rookery_on_connection(n->root, on_join, NULL);
    io_set_adapter(io_of(world), cluster_adapter(n->cluster));
    settle(n);
    return n;
}

static void broadcast(struct rookery_namespace *nsp, bool local)
{
    const struct rookery_str room = ROOKERY_STR("general");
    const struct rookery_target to = {.rooms = &room, .room_count = 1, .local = local};
    const struct rookery_args args = {.json = {content, sizeof content - 1}};

    (void)rookery_broadcast(nsp, &to, ROOKERY_STR("message"), &args, NULL);
}

/* A turn of the node in which it says so much; microseconds. */
static double say(const struct node *n, bool local)
{
    (void)world_switch(n->world);
    double begin = cpu_us();
    for (unsigned k = 0; k < PER_TURN; k++) {
        broadcast(n->root, local);
    }
    world_turn(0);
    return cpu_us() - begin;
}

static double publish(const struct node *n)
{
    said_count = 0;
    double spent = say(n, false);
    return spent + (n->redis != NULL ? play_redis(n->redis) : 0);
}

static void check_got(struct peer *p)
{
    assert(p->transport.sent.len > PER_TURN * sizeof content);
    bytes_clear(&p->transport.sent);
}

/* An entry of the stream, as the adapter writes it. */
struct entry_text {
    char id[32];
    struct bus_field fields[4];
};

static void write_entry(struct entry_text *e, unsigned number, unsigned which)
{
    (void)snprintf(e->id, sizeof e->id, "%u-%u", number + 1, which);
    e->fields[0] = (struct bus_field){SPAN("uid"), SPAN("0123456789abcdef")};
    e->fields[1] = (struct bus_field){SPAN("nsp"), SPAN("/")};
    e->fields[2] = (struct bus_field){SPAN("type"), SPAN("3")};
    e->fields[3] = (struct bus_field){SPAN("data"), bytes_span(&said[which].payload)};
}

/* What a node gets of Redis for the messages of a turn. */
static void write_stream(struct bytes *out, unsigned turn)
{
    struct entry_text e;

    add_array(out, 1);
    add_array(out, 2);
    add_bulk(out, SPAN("socket.io"));
    add_array(out, PER_TURN);
    for (unsigned i = 0; i < PER_TURN; i++) {
        write_entry(&e, turn, i);
        add_array(out, 2);
        add_bulk(out, span_cstr(e.id));
        add_array(out, 8);
        for (unsigned k = 0; k < 4; k++) {
            add_bulk(out, e.fields[k].name);
            add_bulk(out, e.fields[k].value);
        }
    }
}

static void write_messages(struct bytes *out, enum cluster_wire wire)
{
    for (unsigned i = 0; i < PER_TURN; i++) {
        add_array(out, 3);
        add_bulk(out, wire == WIRE_SHARDED ? SPAN("smessage") : SPAN("message"));
        add_bulk(out, bytes_span(&said[i].channel));
        add_bulk(out, bytes_span(&said[i].payload));
    }
}

static void take_directly(const struct node *n, unsigned turn)
{
    const struct bus_handlers on = cluster_bus_handlers(n->cluster);
    struct entry_text e;

    for (unsigned i = 0; i < PER_TURN; i++) {
        if (n->wire == WIRE_STREAMS) {
            write_entry(&e, turn, i);
            on.on_entry(on.arg, SPAN("socket.io"),
                        &(struct bus_entry){span_cstr(e.id), e.fields, 4});
        } else {
            on.on_message(on.arg, n->wire == WIRE_SHARDED ? BUS_SHARD : BUS_CHANNEL,
                          bytes_span(&said[i].channel), bytes_span(&said[i].payload));
        }
    }
}

/* A turn of the node in which it gets what has been published; microseconds. */
static double take(const struct node *n, unsigned turn, struct bytes *wire)
{
    (void)world_switch(n->world);
    bytes_clear(wire);
    if (n->wire == WIRE_STREAMS) {
        write_stream(wire, turn);
    } else {
        write_messages(wire, n->wire);
    }
    double begin = cpu_us();
    if (n->redis != NULL) {
        fake_say(n->redis->listener, bytes_span(wire));
    } else {
        take_directly(n, turn);
    }
    world_turn(0);
    double spent = cpu_us() - begin;
    return spent + (n->redis != NULL ? play_redis(n->redis) : 0);
}

static void end(struct node *n)
{
    (void)world_switch(n->world);
    cluster_stop(n->cluster);
    bus_close(n->bus);
    world_end();
    cluster_destroy(n->cluster);
    if (n->redis != NULL) {
        fake_dialer_finish(&n->redis->dialer);
        bytes_finish(&n->redis->out);
        free(n->redis);
    }
    free(n);
}

static void measure(const char *name, enum cluster_wire wire, bool over_redis, unsigned turns)
{
    struct node *speaker = make_node(wire, over_redis, "AAAA");
    struct node *hearer = make_node(wire, over_redis, "BBBB");
    double publishing = 0, taking = 0, saying = 0;
    struct bytes text = {0};

    (void)world_switch(hearer->world);
    struct peer *p = peer_join(0, "/");
    settle(hearer);
    for (unsigned i = 0; i < turns; i++) {
        publishing += publish(speaker);
        taking += take(hearer, i, &text);
        check_got(p);
        saying += say(hearer, true);
        check_got(p);
    }
    const double count = (double)turns * PER_TURN;
    printf("%-8s %-7s | publish %6.2f us | take and deliver %6.2f us | beside the send %6.2f us\n",
           name, over_redis ? "redis" : "no bus", publishing / count, taking / count,
           (taking - saying) / count);
    bytes_finish(&text);
    end(speaker);
    end(hearer);
}

int main(int argc, char *argv[])
{
    unsigned count = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 200000;

    unsigned turns = count / PER_TURN + 1;

    for (int over_redis = 0; over_redis < 2; over_redis++) {
        measure("classic", WIRE_CLASSIC, over_redis, turns);
        measure("sharded", WIRE_SHARDED, over_redis, turns);
        measure("streams", WIRE_STREAMS, over_redis, turns);
    }
    for (unsigned i = 0; i < PER_TURN; i++) {
        bytes_finish(&said[i].channel);
        bytes_finish(&said[i].payload);
    }
    return 0;
}
