/* Port: tell the other nodes. Messages on channels, and entries of a stream that can be read again.
 *
 *   redis   over one connection for commands and one (of a cluster: one per node) for subscriptions
 *
 * Beside it, tests/support/bus_hub.h joins any number of nodes in one process under a virtual
 * clock, and can drop, delay and repeat. Both pass tests/contract/bus*_contract.c.
 *
 * What is published reaches whoever is subscribed at that moment, the publisher too, in the order
 * of publishing as long as the connection of neither breaks. What is published while the bus is
 * down, and what had no answer when it broke, is kept within keep_bytes_max and keep_ms and
 * published in its order once it is up again, before anything else; so a message may come twice.
 * What does not fit any more is dropped, the oldest first, and counted.
 *
 * Subscriptions are wishes: they are (re)made whenever the bus comes up. Those of one turn go out
 * together. Wishes may change before they are granted.
 *
 * A publication's call is done when it is published, however late; with BUS_EFULL or BUS_EDOWN when
 * it has been dropped.
 *
 * No callback runs inside a call, but for close; close is not called inside a callback. Threads:
 * the executor's own (loop 0). */
// SPDX-License-Identifier: MIT
#ifndef BUS_BUS_H
#define BUS_BUS_H

#include "protocol/bytes.h"
#include "src/base/executor.h"

enum bus_error {
    BUS_EDOWN = -1,  /* down, or it went down meanwhile */
    BUS_EFULL = -2,  /* not published: more than keep_bytes_max waits */
    BUS_EREPLY = -3, /* the back-end has refused */
};

const char *bus_strerror(int error);

/* A connection that hangs is found out by pings: on_state tells of an outage no later than this
 * after its beginning. */
enum { BUS_NOTICE_MS = 10000 };

enum bus_kind {
    BUS_CHANNEL, /* exactly that name */
    BUS_PREFIX,  /* subscriptions only: every channel that begins so */
    BUS_SHARD,   /* a channel of its own kind, which of a Redis Cluster only one node knows */
};

/* A call under way; embedded in something of the caller's, which must live until on_done has run:
 * exactly once. */
struct bus_call {
    void (*on_done)(struct bus_call *call);
    int error;
    uint64_t count;        /* bus_count: subscribers */
    struct span id;        /* bus_append: of the entry; borrowed until on_done returns */
    struct bus_call *next; /* the back-end's, as the rest */
    struct task task;
    void *state;
};

/* A field of an entry. */
struct bus_field {
    struct span name, value;
};

struct bus_entry {
    struct span id; /* grows within a stream */
    const struct bus_field *fields;
    size_t field_count;
};

struct bus_handlers {
    /* Borrowed, as all below, until it returns. */
    void (*on_message)(void *arg, enum bus_kind kind, struct span channel, struct span payload);
    /* The next entry of a stream that is followed. */
    void (*on_entry)(void *arg, struct span stream, const struct bus_entry *entry);
    /* Up: what is subscribed is in force again, and what was kept is going out. */
    void (*on_state)(void *arg, bool up, const char *why);
    void *arg;
};

/* Entries of a stream that are read once. */
struct bus_read {
    /* error: 0 or an enum bus_error. */
    void (*on_done)(struct bus_read *read, int error, const struct bus_entry *entries,
                    size_t count);
    struct bus_read *next; /* the back-end's, as the rest */
    struct task task;
    void *state;
};

struct bus {
    const struct bus_ops *ops;
};

struct bus_ops {
    const char *name;
    /* call may be NULL. No BUS_PREFIX. */
    void (*publish)(struct bus *bus, enum bus_kind kind, struct span channel, struct span payload,
                    struct bus_call *call);
    /* call (may be NULL) is done when the subscription is in force, or with BUS_EDOWN while the bus
     * is down. A name that is subscribed to already is not counted twice. */
    void (*subscribe)(struct bus *bus, enum bus_kind kind, struct span name, struct bus_call *call);
    void (*unsubscribe)(struct bus *bus, enum bus_kind kind, struct span name);
    /* How many connections are subscribed to that channel; no BUS_PREFIX. */
    void (*count)(struct bus *bus, enum bus_kind kind, struct span channel, struct bus_call *call);
    /* Adds an entry; the stream keeps about entries_max. Kept while down like what is published. */
    void (*append)(struct bus *bus, struct span stream, const struct bus_field *fields,
                   size_t field_count, uint64_t entries_max, struct bus_call *call);
    /* on_entry from now on for every entry after the one of that id (empty: after those that are
     * there once it is up). None is skipped over an outage, as long as the stream keeps it. */
    void (*follow)(struct bus *bus, struct span stream, struct span after);
    /* Up to entries_max entries from id `from` (with it, or without it: exclusive) on. */
    void (*read)(struct bus *bus, struct span stream, struct span from, bool exclusive,
                 uint64_t entries_max, struct bus_read *read);
    bool (*up)(const struct bus *bus);
    /* Calls under way fail with BUS_EDOWN before it returns; no handler is called any more. */
    void (*close)(struct bus *bus);
};

struct bus_limits {
    size_t keep_bytes_max; /* 0: 64 MiB */
    unsigned keep_ms;      /* 0: 60,000 */
};

/* What a bus counts; from any thread. */
struct bus_counts {
    _Atomic uint64_t published, received, bytes_published, bytes_received;
    _Atomic uint64_t kept;            /* published later than asked */
    _Atomic uint64_t dropped_full;    /* not published: keep_bytes_max */
    _Atomic uint64_t dropped_old;     /* not published: keep_ms */
    _Atomic uint64_t dropped_refused; /* not published: BUS_EREPLY */
    _Atomic uint64_t reconnects;
    _Atomic uint64_t subscriptions; /* wishes at present */
};

struct redis_options;
struct dialer;

/* NULL with *why if the URL is none. handlers are copied; counts outlives it. */
struct bus *bus_redis_open(struct dialer *dialer, const struct redis_options *redis,
                           const struct bus_limits *limits, const struct bus_handlers *handlers,
                           struct bus_counts *counts, struct bytes *why);

/* NULL is harmless. */
static inline void bus_close(struct bus *bus)
{
    if (bus != NULL) {
        bus->ops->close(bus);
    }
}

#endif
