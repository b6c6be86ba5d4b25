/* Stats: what has happened, counted per loop without locks and added up by whoever asks.
 *
 * Threads: a loop counts in its own struct stats only; any thread may read all of them. */
// SPDX-License-Identifier: MIT
#ifndef BASE_STATS_H
#define BASE_STATS_H

#include <stdatomic.h>
#include <stdint.h>

enum stat_id {
    STAT_CONNECTIONS_ACCEPTED,
    STAT_CONNECTIONS_REFUSED,   /* over connections_max */
    STAT_DESCRIPTORS_EXHAUSTED, /* accept found no descriptor */
    STAT_REQUESTS,              /* HTTP requests that the gate has passed on */
    STAT_REQUESTS_REFUSED,      /* by the gate, with a 4xx or 5xx of its own */
    STAT_REQUESTS_TIMED_OUT,    /* did not arrive whole in time */
    STAT_SESSIONS_OPENED,
    STAT_SESSIONS_CLOSED,
    STAT_SESSIONS_UPGRADED,
    STAT_HANDSHAKES_REFUSED, /* answered with an Engine.IO error */
    STAT_SLOW_CONSUMERS,     /* dropped at queue_bytes_max */
    STAT_VOLATILE_DROPPED,
    STAT_PARSE_ERRORS, /* packets of peers that were no packets */
    STAT_PING_TIMEOUTS,
    STAT_PACKETS_RECEIVED,
    STAT_PACKETS_SENT, /* Socket.IO packets queued, one per receiver */
    STAT_SOCKETS_CONNECTED,
    STAT_SOCKETS_DISCONNECTED,
    STAT_COUNT
};

struct stats {
    _Atomic uint64_t counts[STAT_COUNT];
};

/* One writer, so an addition needs no locked instruction. */
static inline void stats_add(struct stats *s, enum stat_id which, uint64_t n)
{
    uint64_t old = atomic_load_explicit(&s->counts[which], memory_order_relaxed);
    atomic_store_explicit(&s->counts[which], old + n, memory_order_relaxed);
}

static inline uint64_t stats_get(const struct stats *s, enum stat_id which)
{
    return atomic_load_explicit(&s->counts[which], memory_order_relaxed);
}

/* The name of a counter as metrics show it, e.g. "slow_consumers". */
const char *stats_name(enum stat_id which);

#endif
