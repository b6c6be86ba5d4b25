/* Stats: what has happened, counted per loop without locks and added up by whoever asks.
 *
 * Threads: a loop counts in its own struct stats only; any thread may read all of them. */
// SPDX-License-Identifier: MIT
#ifndef BASE_STATS_H
#define BASE_STATS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Those of a family (see stats_info) are neighbours. */
enum stat_id {
    STAT_CONNECTIONS_ACCEPTED,
    STAT_CONNECTIONS_REFUSED,   /* over connections_max */
    STAT_DESCRIPTORS_EXHAUSTED, /* accept found no descriptor */
    STAT_REQUESTS,              /* HTTP requests that the gate has passed on */
    STAT_REQUESTS_REFUSED,      /* by the gate, with a 4xx or 5xx of its own */
    STAT_REQUESTS_TIMED_OUT,    /* did not arrive whole in time */
    STAT_REQUESTS_CROWDED_OUT,  /* first ones that dawdled while others wanted in */
    STAT_HANDSHAKES_REFUSED,    /* answered with an Engine.IO error */
    STAT_HANDSHAKES_UNDECIDED,  /* the application did not decide in time, or about too many */
    STAT_SESSIONS_OPENED,
    STAT_SESSIONS_UPGRADED,
    STAT_CLOSED_TRANSPORT_CLOSE, /* sessions, by enum session_reason; these six in its order */
    STAT_CLOSED_TRANSPORT_ERROR,
    STAT_CLOSED_PING_TIMEOUT,
    STAT_CLOSED_PARSE_ERROR,
    STAT_CLOSED_FORCED_CLOSE,
    STAT_CLOSED_SERVER_SHUTDOWN,
    STAT_SLOW_CONSUMERS, /* dropped at queue_bytes_max */
    STAT_VOLATILE_DROPPED,
    STAT_QUEUE_BYTES,  /* a gauge: what flushes have left in the queues of sessions */
    STAT_PARSE_ERRORS, /* packets of peers that were no packets */
    STAT_PACKETS_RECEIVED,
    STAT_PACKETS_SENT, /* Socket.IO packets queued, one per receiver */
    STAT_ACKS_RECEIVED,
    STAT_ACKS_SENT,
    STAT_ACKS_TIMED_OUT,
    STAT_SOCKETS_CONNECTED,
    STAT_SOCKETS_DISCONNECTED,
    STAT_ROOMS_OPENED,
    STAT_ROOMS_CLOSED,
    STAT_MESSAGES_CHATROOM, /* said in the chat, by dialect; these six in the order of dialect_id */
    STAT_MESSAGES_SCALABLE,
    STAT_MESSAGES_GROUPS,
    STAT_MESSAGES_DIRECT,
    STAT_MESSAGES_REALTIME,
    STAT_MESSAGES_NATIVE,
    STAT_MESSAGES_EDITED,
    STAT_MESSAGES_DELETED,
    STAT_DELIVERIES,   /* of those three, one per member of the room */
    STAT_REFUSED_RATE, /* by the chat: events and connections, as these five */
    STAT_REFUSED_UNAUTHORIZED,
    STAT_REFUSED_FULL,    /* the server */
    STAT_REFUSED_INVALID, /* payloads */
    STAT_REFUSED_OTHER,
    STAT_NOTES_MALFORMED, /* of what other nodes tell the chat: not as it should be */
    STAT_NOTES_LOST,      /* the journal had no place for it, or failed */
    STAT_NOTES_CROWDED,   /* over the bounds of members of other nodes */
    STAT_REPEATS_FOUND,   /* messages that another node has, or had this one before it started */
    STAT_REPEATS_UNKNOWN, /* nobody said in time whether it was there */
    STAT_PASSED_REQUESTS, /* to other nodes, for sessions of theirs; these two */
    STAT_PASSED_TUNNELS,
    STAT_PASS_FAILED,       /* nobody has answered for the session; these two */
    STAT_HOPS_FORGED,       /* requests with a hop field that is not of our cluster, or too old */
    STAT_DEFLATED_MESSAGES, /* for WebSockets, each once for all who get it */
    STAT_DEFLATED_PLAIN_BYTES, /* how long they were; these two */
    STAT_DEFLATED_BYTES,       /* and have become */
    STAT_INFLATED_MESSAGES,
    STAT_INFLATED_BYTES,  /* what has come of them, and of those that were refused */
    STAT_INFLATE_TOO_BIG, /* compressed messages that ended their connection; these two */
    STAT_INFLATE_MALFORMED,
    STAT_TLS_HANDSHAKES,        /* that have come to their end */
    STAT_TLS_FAILED,            /* that have not: broken, or no TLS */
    STAT_PROXY_HEADERS_REFUSED, /* connections of proxies that did not begin with one */
    STAT_COUNT
};

struct stats {
    _Atomic uint64_t counts[STAT_COUNT];
};

/* One writer, so an addition needs no locked instruction. Of a gauge, n may be the difference to a
 * smaller value, modulo 2^64. */
static inline void stats_add(struct stats *s, enum stat_id which, uint64_t n)
{
    uint64_t old = atomic_load_explicit(&s->counts[which], memory_order_relaxed);
    atomic_store_explicit(&s->counts[which], old + n, memory_order_relaxed);
}

static inline uint64_t stats_get(const struct stats *s, enum stat_id which)
{
    return atomic_load_explicit(&s->counts[which], memory_order_relaxed);
}

/* How metrics show a counter. */
struct stat_info {
    const char *family; /* e.g. "sessions_closed"; one or several counters */
    const char *reason; /* which of the family it is, or NULL */
    const char *label;  /* what metrics call that; NULL: "reason" */
    const char *help;   /* of the family */
    bool is_gauge;
};

const struct stat_info *stats_info(enum stat_id which);

#endif
