/* The Redis back-end of the bus, in its parts:
 *
 *   bus_redis.c          opening, closing, subscriptions, whether it is up
 *   bus_redis_publish.c  PUBLISH, SPUBLISH, XADD, PUBSUB NUMSUB; what is kept while it is down
 *   bus_redis_stream.c   XRANGE; XREAD of each stream that is followed, on a connection of its own
 *
 * It is up while commands, all subscriptions and all streams that are followed are. */
// SPDX-License-Identifier: MIT
#ifndef BUS_BUS_REDIS_H
#define BUS_BUS_REDIS_H

#include <stdatomic.h>

#include "src/bus/outbox.h"
#include "src/redis/redis.h"
#include "src/redis/redis_sub.h"

enum { BUS_REDIS_RETRY_MS = 100 };

struct bus_redis_follower;

struct bus_redis {
    struct bus bus;
    struct dialer *dialer;
    struct executor *executor;
    struct redis_options options; /* its strings are strings[] */
    char *strings[3];
    struct redis *redis;
    struct redis_sub *sub;
    struct bus_redis_follower *followers;
    struct bus_handlers handlers;
    struct bus_counts *counts;
    struct bus_calls done;
    struct outbox outbox;
    struct timer retry; /* of what could not be sent though it is up */
    struct redis_grant probe;
    bool probing, probe_again; /* again: commands broke meanwhile */
    bool doubted; /* subscriptions seem to be up, but may not know yet that they are not */
    bool commands_broke;
    bool refused; /* the last message; the log has said so */
    bool up, was_up, told, closing;
};

static inline struct bus_redis *bus_redis_of(const struct bus *bus)
{
    return (struct bus_redis *)(uintptr_t)bus; /* its first member */
}

static inline void bus_redis_count(_Atomic uint64_t *counter, uint64_t n)
{
    (void)atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

/* An enum redis_error as an enum bus_error. */
int bus_redis_error(int redis_error);

/* Looks whether it is up, and tells if that is new. */
void bus_redis_look(struct bus_redis *b, const char *why);

/* bus_redis_publish.c */
void bus_redis_publish_init(struct bus_redis *b, const struct bus_limits *limits);
void bus_redis_publish_finish(struct bus_redis *b);
/* Sends what waits, as long as it is up. */
void bus_redis_flush(struct bus_redis *b);
void bus_redis_publish(struct bus *bus, enum bus_kind kind, struct span channel,
                       struct span payload, struct bus_call *call);
void bus_redis_append(struct bus *bus, struct span stream, const struct bus_field *fields,
                      size_t field_count, uint64_t entries_max, struct bus_call *call);
void bus_redis_numsub(struct bus *bus, enum bus_kind kind, struct span channel,
                      struct bus_call *call);

/* bus_redis_stream.c */
void bus_redis_follow(struct bus *bus, struct span stream, struct span after);
void bus_redis_read(struct bus *bus, struct span stream, struct span from, bool exclusive,
                    uint64_t entries_max, struct bus_read *read);
/* All that are followed are in force. */
bool bus_redis_follows(const struct bus_redis *b);
void bus_redis_unfollow_all(struct bus_redis *b);

#endif
