// SPDX-License-Identifier: MIT
#include "src/cluster/cluster.h"

#include <assert.h>
#include <stdlib.h>

#include "src/cluster/catch_up.h"
#include "src/cluster/cluster_internal.h"
#include "src/cluster/interest.h"
#include "src/cluster/outgoing.h"
#include "src/cluster/question.h"
#include "src/cluster/recovery.h"
#include "src/cluster/spoken.h"

enum { CATCH_UP_BYTES = 16 << 20, CATCH_UP_MS = 60000 };

/* ---- namespaces ---- */

static struct span key_of_nsp(const void *value)
{
    return ((const struct cluster_nsp *)value)->name;
}

struct cluster_nsp *cluster_find(const struct cluster *c, struct span name)
{
    return map_get(&c->namespaces, name);
}

static void open_part(struct cluster_nsp *n)
{
    struct cluster *c = n->cluster;

    c->wire->open(n);
    if (c->bus->ops->up(c->bus)) {
        catch_up_begin(n, 0);
    }
}

static void add_part(struct cluster *c, struct rookery_namespace *nsp)
{
    struct cluster_nsp *n;

    if (cluster_find(c, span_of_str(rookery_namespace_name(nsp))) != NULL) {
        return;
    }
    n = xcalloc(1, sizeof *n);
    n->cluster = c;
    n->nsp = nsp;
    n->name = span_of_str(rookery_namespace_name(nsp));
    n->uid_len = c->wire->uid_len;
    (void)cluster_make_id(c, n->uid_len, n->uid);
    interests_init(n);
    questions_init(n);
    n->spoken = spoken_create(n);
    catch_up_init(n);
    map_add(&c->namespaces, n);
    if (c->bus != NULL) {
        open_part(n);
    }
}

static void destroy_part(struct cluster_nsp *n)
{
    interests_finish(n);
    questions_finish(n);
    catch_up_finish(n);
    spoken_destroy(n->spoken);
    free(n);
}

/* On its way to loop 0. */
struct opening {
    struct task task;
    struct cluster *cluster;
    struct rookery_namespace *nsp;
};

static void run_opening(struct task *task)
{
    struct opening *o = container_of(task, struct opening, task);

    add_part(o->cluster, o->nsp);
    free(o);
}

static void open_namespace(struct adapter *a, struct rookery_namespace *nsp)
{
    struct opening *o = xcalloc(1, sizeof *o);

    o->task.run = run_opening;
    o->cluster = cluster_of(a);
    o->nsp = nsp;
    cluster_go_home(o->cluster, &o->task);
}

/* ---- the adapter ---- */

static bool await_room(struct adapter *a, struct rookery_namespace *nsp, unsigned loop,
                       struct rookery_str room, struct task *done)
{
    return cluster_of(a)->wire->room_channel != NULL && interest_await(a, nsp, loop, room, done);
}

static const struct adapter_ops adapter_ops = {
    .open = open_namespace,
    .broadcast = outgoing_broadcast,
    .order = outgoing_order,
    .inquire = outgoing_inquire,
    .room_opened = interest_room_opened,
    .room_closed = interest_room_closed,
    .await_room = await_room,
    .save = recovery_save_session,
    .restore = recovery_restore,
};

struct adapter *cluster_adapter(struct cluster *c)
{
    return &c->adapter;
}

void cluster_go_home(struct cluster *c, struct task *task)
{
    if (executor_inside(cluster_executor(c))) {
        task->run(task);
    } else {
        executor_post(cluster_executor(c), task);
    }
}

/* ---- what the wires share ---- */

struct adapter_message cluster_message(const struct cluster_nsp *n, enum adapter_kind kind)
{
    return (struct adapter_message){.kind = kind, .uid = cluster_uid(n), .nsp = n->name};
}

struct span cluster_make_id(struct cluster *c, unsigned len, char *out)
{
    static const char base64url[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    static const char hex[] = "0123456789abcdef";
    bool is_classic = c->options.wire == WIRE_CLASSIC;
    const char *letters = is_classic ? base64url : hex;
    uint8_t random[CLUSTER_UID_MAX];

    assert(len <= sizeof random);
    executor_random(cluster_executor(c), random, len);
    for (unsigned i = 0; i < len; i++) {
        out[i] = letters[random[i] & (is_classic ? 63U : 15U)];
    }
    return span_of(out, len);
}

void cluster_publish(struct cluster *c, enum bus_kind kind)
{
    c->bus->ops->publish(c->bus, kind, bytes_span(&c->channel), bytes_span(&c->payload), NULL);
}

void cluster_subscribe(struct cluster *c, enum bus_kind kind)
{
    c->bus->ops->subscribe(c->bus, kind, bytes_span(&c->channel), NULL);
}

void cluster_each_of_channel(struct cluster *c, struct span channel, struct channel_rest rest,
                             void (*fn)(struct cluster_nsp *n, const struct channel_rest *rest))
{
    const uint8_t *end = channel.data + channel.len;

    if (channel.len == 0 || end[-1] != '#') {
        return;
    }
    for (const uint8_t *at = channel.data; at < end; at++) {
        at = memchr(at, '#', (size_t)(end - at));
        struct cluster_nsp *n = cluster_find(c, span_of(channel.data, (size_t)(at - channel.data)));
        if (n != NULL) {
            rest.rest = at + 1 == end ? span_of(at, 0) : span_of(at + 1, (size_t)(end - at - 2));
            fn(n, &rest);
        }
    }
}

/* ---- the bus ---- */

static void on_message(void *arg, enum bus_kind kind, struct span channel, struct span payload)
{
    struct cluster *c = arg;

    c->heard_ms = cluster_executor(c)->now_ms;
    if (c->bus != NULL) {
        c->wire->on_message(c, kind, channel, payload);
    }
}

static void on_entry(void *arg, struct span stream, const struct bus_entry *entry)
{
    struct cluster *c = arg;

    (void)stream;
    if (c->bus != NULL && c->wire->on_entry != NULL) {
        c->wire->on_entry(c, entry);
    }
}

/* A Redis that hangs is given up late, and may have brought nothing since the last message. */
static uint64_t deaf_since(const struct cluster *c, uint64_t now_ms)
{
    return c->heard_ms + BUS_NOTICE_MS > now_ms ? c->heard_ms : now_ms - BUS_NOTICE_MS;
}

static void go_down(struct cluster *c, uint64_t now_ms)
{
    struct cluster_nsp *n;

    if (!c->up) {
        return; /* it may be told again, with another why */
    }
    c->up = false;
    c->down_at_ms = deaf_since(c, now_ms);
    for (uint32_t i = 0; (n = map_next(&c->namespaces, &i)) != NULL;) {
        catch_up_interrupt(n, c->down_at_ms);
    }
}

static void on_state(void *arg, bool up, const char *why)
{
    struct cluster *c = arg;
    uint64_t now_ms = cluster_executor(c)->now_ms;
    struct cluster_nsp *n;

    (void)why;
    if (!up) {
        go_down(c, now_ms);
        return;
    }
    c->up = true;
    for (uint32_t i = 0; c->bus != NULL && (n = map_next(&c->namespaces, &i)) != NULL;) {
        catch_up_begin(n, c->was_up ? now_ms - c->down_at_ms + 1 : 0);
    }
    c->was_up = true;
}

struct bus_handlers cluster_bus_handlers(struct cluster *c)
{
    return (struct bus_handlers){
        .on_message = on_message, .on_entry = on_entry, .on_state = on_state, .arg = c};
}

/* ---- life ---- */

static const struct wire_ops *wire_of(enum cluster_wire wire)
{
    return wire == WIRE_CLASSIC   ? &wire_classic
           : wire == WIRE_SHARDED ? &wire_sharded
                                  : &wire_streams;
}

struct cluster *cluster_create(struct executor *const executors[], unsigned loop_count,
                               const struct cluster_options *options)
{
    struct cluster *c = xcalloc(1, sizeof *c);

    assert(options->id_prefix.len <= sizeof c->id_prefix);
    c->adapter.ops = &adapter_ops;
    c->adapter.own_rooms =
        options->wire == WIRE_SHARDED && options->mode == CLUSTER_DYNAMIC_PRIVATE;
    c->options = *options;
    c->prefix = xnonnull(strdup(options->prefix));
    if (options->id_prefix.len > 0) {
        memcpy(c->id_prefix, options->id_prefix.data, options->id_prefix.len);
    }
    c->options.prefix = c->prefix;
    c->options.id_prefix = span_of(c->id_prefix, options->id_prefix.len);
    if (c->options.catch_up_bytes_max == 0) {
        c->options.catch_up_bytes_max = CATCH_UP_BYTES;
    }
    if (c->options.catch_up_ms == 0) {
        c->options.catch_up_ms = CATCH_UP_MS;
    }
    c->loop_count = loop_count;
    struct executor **copy = xcalloc(loop_count, sizeof *copy);
    memcpy(copy, executors, loop_count * sizeof *copy);
    c->executors = copy;
    c->wire = wire_of(options->wire);
    executor_random(copy[0], c->hash_secret, sizeof c->hash_secret);
    map_init(&c->namespaces, key_of_nsp, c->hash_secret);
    interest_changes_init(c);
    echoes_init(c);
    return c;
}

void cluster_attach(struct cluster *c, struct bus *bus)
{
    struct cluster_nsp *n;

    c->bus = bus;
    if (c->wire->start != NULL) {
        c->wire->start(c);
    }
    for (uint32_t i = 0; (n = map_next(&c->namespaces, &i)) != NULL;) {
        open_part(n);
    }
}

void cluster_keep_sessions(struct cluster *c, struct keyspace *sessions)
{
    if (c->options.recovery_ms != 0 && c->wire->publish_echoed != NULL) {
        c->sessions = sessions;
        c->adapter.recovers = sessions != NULL;
    }
}

void cluster_stop(struct cluster *c)
{
    struct cluster_nsp *n;

    for (uint32_t i = 0; (n = map_next(&c->namespaces, &i)) != NULL;) {
        questions_give_up(n);
        catch_up_stop(n);
    }
    recovery_stop(c);
    echoes_stop(c);
    c->bus = NULL;
}

void cluster_destroy(struct cluster *c)
{
    struct cluster_nsp *n;

    if (c == NULL) {
        return;
    }
    assert(c->bus == NULL);
    for (uint32_t i = 0; (n = map_next(&c->namespaces, &i)) != NULL;) {
        destroy_part(n);
    }
    map_finish(&c->namespaces);
    interest_changes_finish(c);
    adapter_decoder_finish(&c->decoder);
    bytes_finish(&c->payload);
    bytes_finish(&c->channel);
    bytes_finish(&c->subscribed);
    free((void *)(uintptr_t)c->executors);
    free(c->prefix);
    free(c);
}

const struct cluster_counts *cluster_counts(const struct cluster *c)
{
    return &c->counts;
}
