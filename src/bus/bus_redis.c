// SPDX-License-Identifier: MIT
#include "src/bus/bus_redis.h"

#include <assert.h>

#include "src/base/memory.h"
#include "src/redis/redis_conn.h"

_Static_assert(PING_AFTER_MS + PING_TIMEOUT_MS < BUS_NOTICE_MS, "a connection that hangs");

/* A channel of nobody's. */
#define PROBE_NAME SPAN("rookery probe")

/* Somebody who waits for his subscription. */
struct waiter {
    struct redis_grant grant;
    struct bus_call *call;
};

int bus_redis_error(int redis_error)
{
    if (redis_error == 0) {
        return 0;
    }
    return redis_error == REDIS_EREPLY ? BUS_EREPLY : BUS_EDOWN;
}

void bus_redis_look(struct bus_redis *b, const char *why)
{
    bool up = redis_up(b->redis) && redis_sub_up(b->sub) && !b->doubted && bus_redis_follows(b);

    /* Without a reason: a part of it has come up, others have not yet. */
    if ((b->told && up == b->up) || (!up && why[0] == '\0')) {
        return;
    }
    b->told = true;
    b->up = up;
    if (up && b->was_up) {
        bus_redis_count(&b->counts->reconnects, 1);
    }
    b->was_up = b->was_up || up;
    executor_timer_stop(b->executor, &b->retry);
    b->handlers.on_state(b->handlers.arg, up, up ? "" : why);
    bus_redis_flush(b);
}

/* When the connection for commands is back, that for subscriptions may have broken as well and not
 * have noticed: what was published now would not come back here. So it is asked something first. */
static void ask_subscriptions(struct bus_redis *b)
{
    b->doubted = true;
    if (b->probing) {
        b->probe_again = true;
        return;
    }
    b->probing = true;
    b->probe_again = false;
    redis_sub_add(b->sub, REDIS_SUB_CHANNEL, PROBE_NAME, &b->probe);
}

/* A refusal is an answer, too; without a connection it is down anyway. */
static void on_probe(struct redis_grant *grant, int error)
{
    struct bus_redis *b = container_of(grant, struct bus_redis, probe);

    b->probing = false;
    if (b->closing) {
        return;
    }
    redis_sub_remove(b->sub, REDIS_SUB_CHANNEL, PROBE_NAME);
    if (b->probe_again && b->doubted && redis_sub_up(b->sub)) {
        ask_subscriptions(b);
        return;
    }
    b->doubted = false;
    bus_redis_look(b, "");
}

static void on_commands(void *arg, bool up, const char *why)
{
    struct bus_redis *b = arg;

    if (up && b->commands_broke && redis_sub_up(b->sub)) {
        ask_subscriptions(b);
    }
    b->commands_broke = !up;
    bus_redis_look(b, why);
}

/* Up: over a connection that is new. */
static void on_subscriptions(void *arg, bool up, const char *why)
{
    struct bus_redis *b = arg;

    b->doubted = b->doubted && !up;
    bus_redis_look(b, why);
}

/* Subscriptions. */

static const enum redis_sub_kind sub_kinds[] = {
    [BUS_CHANNEL] = REDIS_SUB_CHANNEL,
    [BUS_PREFIX] = REDIS_SUB_PATTERN,
    [BUS_SHARD] = REDIS_SUB_SHARD,
};

static void on_message(void *arg, const struct redis_sub_message *message)
{
    static const enum bus_kind kinds[] = {
        [REDIS_SUB_CHANNEL] = BUS_CHANNEL,
        [REDIS_SUB_PATTERN] = BUS_PREFIX,
        [REDIS_SUB_SHARD] = BUS_SHARD,
    };
    struct bus_redis *b = arg;

    bus_redis_count(&b->counts->received, 1);
    bus_redis_count(&b->counts->bytes_received, message->payload.len);
    b->handlers.on_message(b->handlers.arg, kinds[message->kind], message->channel,
                           message->payload);
}

/* Whatever a glob could take for something else is escaped: a room may be called "*". */
static void write_pattern(struct bytes *out, struct span prefix)
{
    for (size_t i = 0; i < prefix.len; i++) {
        if (prefix.data[i] != 0 && strchr("*?[]\\^-", prefix.data[i]) != NULL) {
            bytes_add_byte(out, '\\');
        }
        bytes_add_byte(out, prefix.data[i]);
    }
    bytes_add_byte(out, '*');
}

static void on_granted(struct redis_grant *grant, int error)
{
    struct waiter *w = container_of(grant, struct waiter, grant);
    struct bus_call *call = w->call;

    free(w);
    call->error = bus_redis_error(error);
    call->on_done(call);
}

static void count_wishes(struct bus_redis *b)
{
    atomic_store_explicit(&b->counts->subscriptions, redis_sub_count(b->sub), memory_order_relaxed);
}

static void subscribe(struct bus *bus, enum bus_kind kind, struct span name, struct bus_call *call)
{
    struct bus_redis *b = bus_redis_of(bus);
    struct waiter *w = NULL;
    struct bytes pattern = {0};

    if (call != NULL) {
        w = xmalloc(sizeof *w);
        *w = (struct waiter){.grant.on_done = on_granted, .call = call};
    }
    if (kind == BUS_PREFIX) {
        write_pattern(&pattern, name);
        name = bytes_span(&pattern);
    }
    redis_sub_add(b->sub, sub_kinds[kind], name, w == NULL ? NULL : &w->grant);
    bytes_finish(&pattern);
    count_wishes(b);
}

static void unsubscribe(struct bus *bus, enum bus_kind kind, struct span name)
{
    struct bus_redis *b = bus_redis_of(bus);
    struct bytes pattern = {0};

    if (kind == BUS_PREFIX) {
        write_pattern(&pattern, name);
        name = bytes_span(&pattern);
    }
    redis_sub_remove(b->sub, sub_kinds[kind], name);
    bytes_finish(&pattern);
    count_wishes(b);
}

/* Opening and closing. */

static bool is_up(const struct bus *bus)
{
    return bus_redis_of(bus)->up;
}

static void free_bus(struct bus_redis *b)
{
    for (size_t i = 0; i < sizeof b->strings / sizeof b->strings[0]; i++) {
        free(b->strings[i]);
    }
    free(b);
}

static void close_bus(struct bus *bus)
{
    struct bus_redis *b = bus_redis_of(bus);

    b->closing = true;
    b->up = false;
    bus_redis_unfollow_all(b);
    redis_sub_destroy(b->sub);
    redis_destroy(b->redis);
    bus_redis_publish_finish(b);
    bus_calls_finish(&b->done);
    free_bus(b);
}

static const struct bus_ops redis_ops = {
    .name = "redis",
    .publish = bus_redis_publish,
    .subscribe = subscribe,
    .unsubscribe = unsubscribe,
    .count = bus_redis_numsub,
    .append = bus_redis_append,
    .follow = bus_redis_follow,
    .read = bus_redis_read,
    .up = is_up,
    .close = close_bus,
};

static const char *keep_string(char **place, const char *s)
{
    *place = s == NULL ? NULL : xnonnull(strdup(s));
    return *place;
}

struct bus *bus_redis_open(struct dialer *dialer, const struct redis_options *redis,
                           const struct bus_limits *limits, const struct bus_handlers *handlers,
                           struct bus_counts *counts, struct bytes *why)
{
    struct bus_redis *b = xcalloc(1, sizeof *b);

    b->bus.ops = &redis_ops;
    b->dialer = dialer;
    b->executor = dialer->executor;
    b->handlers = *handlers;
    b->counts = counts;
    b->options = *redis;
    b->options.url = keep_string(&b->strings[0], redis->url);
    b->options.ca_file = keep_string(&b->strings[1], redis->ca_file);
    b->options.client_name = keep_string(&b->strings[2], redis->client_name);
    b->options.on_state = on_commands;
    b->options.arg = b;
    b->redis = redis_create(dialer, &b->options, why);
    if (b->redis == NULL) {
        free_bus(b);
        return NULL;
    }
    b->probe.on_done = on_probe;
    bus_calls_init(&b->done, b->executor);
    bus_redis_publish_init(b, limits);
    b->sub = redis_sub_create(b->redis, &(struct redis_sub_handlers){.on_message = on_message,
                                                                     .on_state = on_subscriptions,
                                                                     .arg = b});
    return &b->bus;
}
