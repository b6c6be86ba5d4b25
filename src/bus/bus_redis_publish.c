// SPDX-License-Identifier: MIT
/* Commands that tell and ask. A command goes to the node of a cluster that the channel's slot
 * names, which PUBLISH does not need: so a channel's messages keep their order. */
#include <assert.h>
#include <stdio.h>

#include "src/base/log.h"
#include "src/base/memory.h"
#include "src/bus/bus_redis.h"

enum { HEAD_ARGS_MAX = 6, NUMBER_TEXT_MAX = 24 };

struct sending {
    struct redis_call call;
    struct bus_redis *bus;
    struct outbox_item *item;
};

struct asking {
    struct redis_call call;
    struct bus_call *outer;
};

/* What Redis says while it starts, or hands over to another: soon it will be different. */
static bool is_passing(const struct redis_reply *reply)
{
    static const char *const words[] = {"LOADING",    "CLUSTERDOWN", "TRYAGAIN",
                                        "MASTERDOWN", "READONLY",    "BUSY "};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (span_starts(reply->text, span_cstr(words[i]))) {
            return true;
        }
    }
    return false;
}

/* It would refuse the next as well (a user without the right to publish, no memory left), and says
 * why. */
static void note_refusal(struct bus_redis *b, const struct outbox_item *item,
                         const struct redis_reply *reply)
{
    bus_redis_count(&b->counts->dropped_refused, 1);
    if (!b->refused) {
        log_write(LOG_WARN, "Redis refuses a message to other servers",
                  LOG_FIELDS(LOG_SPAN("name", item->args[0]), LOG_SPAN("error", reply->text)));
    }
}

static void answered(struct bus_redis *b, struct outbox_item *item, int error,
                     const struct redis_reply *reply)
{
    bool entry = item->kind == OUTBOX_ENTRY;

    if (error != 0) {
        note_refusal(b, item, reply);
    }
    b->refused = error != 0;
    struct bus_call *call = outbox_take(&b->outbox, item, error == 0);

    if (call != NULL) {
        call->error = bus_redis_error(error);
        call->id = entry && error == 0 ? reply->text : (struct span){0};
        call->on_done(call);
    }
}

static void on_sent(struct redis_call *call, int error, const struct redis_reply *reply)
{
    struct sending *s = container_of(call, struct sending, call);
    struct bus_redis *b = s->bus;
    struct outbox_item *item = s->item;

    free(s);
    if (error == 0 || (error == REDIS_EREPLY && !is_passing(reply))) {
        answered(b, item, error, reply);
        bus_redis_flush(b);
        return;
    }
    outbox_lost(&b->outbox, item);
    if (!b->closing && !timer_running(&b->retry)) {
        executor_timer_start(b->executor, &b->retry, BUS_REDIS_RETRY_MS);
    }
}

static void send_item(struct bus_redis *b, struct outbox_item *item)
{
    char max[NUMBER_TEXT_MAX];
    struct span *args = xmalloc((HEAD_ARGS_MAX + item->count) * sizeof args[0]);
    size_t n = 0;

    if (item->kind == OUTBOX_ENTRY) {
        (void)snprintf(max, sizeof max, "%llu", (unsigned long long)item->entries_max);
        args[n++] = SPAN("XADD");
        args[n++] = item->args[0];
        args[n++] = SPAN("MAXLEN");
        args[n++] = SPAN("~");
        args[n++] = span_cstr(max);
        args[n++] = SPAN("*");
    } else {
        args[n++] = item->kind == OUTBOX_CHANNEL ? SPAN("PUBLISH") : SPAN("SPUBLISH");
        args[n++] = item->args[0];
    }
    memcpy(args + n, item->args + 1, (item->count - 1) * sizeof args[0]);
    struct sending *s = xmalloc(sizeof *s);
    *s = (struct sending){.call.on_reply = on_sent, .bus = b, .item = item};
    redis_command(b->redis, item->args[0], args, n + item->count - 1, &s->call);
    free(args);
}

void bus_redis_flush(struct bus_redis *b)
{
    struct outbox_item *item;

    /* While a retry is due others are on their way back, too: nothing overtakes them. */
    while (b->up && !timer_running(&b->retry) && (item = outbox_next(&b->outbox)) != NULL) {
        send_item(b, item);
    }
}

static void on_retry(struct timer *timer)
{
    bus_redis_flush(container_of(timer, struct bus_redis, retry));
}

void bus_redis_publish_init(struct bus_redis *b, const struct bus_limits *limits)
{
    outbox_init(&b->outbox, b->executor, limits, b->counts, &b->done);
    b->retry.fire = on_retry;
}

void bus_redis_publish_finish(struct bus_redis *b)
{
    executor_timer_stop(b->executor, &b->retry);
    outbox_finish(&b->outbox);
}

void bus_redis_publish(struct bus *bus, enum bus_kind kind, struct span channel,
                       struct span payload, struct bus_call *call)
{
    struct bus_redis *b = bus_redis_of(bus);
    const struct span args[] = {channel, payload};

    assert(kind != BUS_PREFIX);
    const struct outbox_order order = {
        .kind = kind == BUS_CHANNEL ? OUTBOX_CHANNEL : OUTBOX_SHARD,
        .args = args,
        .count = 2,
        .late = !b->up,
        .call = call,
    };
    outbox_add(&b->outbox, &order);
    bus_redis_flush(b);
}

void bus_redis_append(struct bus *bus, struct span stream, const struct bus_field *fields,
                      size_t field_count, uint64_t entries_max, struct bus_call *call)
{
    struct bus_redis *b = bus_redis_of(bus);
    size_t count = 1 + 2 * field_count;
    struct span *args = xmalloc(count * sizeof args[0]);

    args[0] = stream;
    for (size_t i = 0; i < field_count; i++) {
        args[1 + 2 * i] = fields[i].name;
        args[2 + 2 * i] = fields[i].value;
    }
    const struct outbox_order order = {
        .kind = OUTBOX_ENTRY,
        .entries_max = entries_max,
        .args = args,
        .count = count,
        .late = !b->up,
        .call = call,
    };
    outbox_add(&b->outbox, &order);
    free(args);
    bus_redis_flush(b);
}

static void on_counted(struct redis_call *call, int error, const struct redis_reply *reply)
{
    struct asking *a = container_of(call, struct asking, call);
    struct bus_call *outer = a->outer;

    free(a);
    outer->error = bus_redis_error(error);
    outer->count = 0;
    if (error == 0 && reply->type == REDIS_ARRAY && reply->count == 2 &&
        reply->items[1].type == REDIS_INTEGER && reply->items[1].integer > 0) {
        outer->count = (uint64_t)reply->items[1].integer;
    }
    outer->on_done(outer);
}

void bus_redis_numsub(struct bus *bus, enum bus_kind kind, struct span channel,
                      struct bus_call *call)
{
    struct bus_redis *b = bus_redis_of(bus);
    struct asking *a = xmalloc(sizeof *a);

    assert(kind != BUS_PREFIX);
    const struct span args[] = {
        SPAN("PUBSUB"), kind == BUS_CHANNEL ? SPAN("NUMSUB") : SPAN("SHARDNUMSUB"), channel};
    *a = (struct asking){.call.on_reply = on_counted, .outer = call};
    redis_command(b->redis, channel, args, 3, &a->call);
}
