/* Redis connection: one connection to one server: opened, greeted (AUTH, SELECT, CLIENT SETNAME,
 * ROLE, PING), kept alive by pings, opened anew after a break. What is asked over it, and of whom,
 * is its owner's.
 *
 *   redis_conn_open ──> opening ──> greeting ──> up (on_up) ──> on_reply ...
 *         ↑                │           │          │
 *         └── on_retry <── waits <─────┴──────────┴── on_down
 *
 * Every reply that has come while it is up is handed to on_reply in its order; those to the pings,
 * too. A reply that is an error to the greeting (LOADING, MASTERDOWN, NOAUTH, WRONGPASS, ...) is a
 * break like any other, so a server that will be ready soon is tried again soon.
 *
 * No callback runs inside a call. Ownership: embedded in its owner's, which may not free it inside
 * a callback. Threads: the executor's own. */
// SPDX-License-Identifier: MIT
#ifndef REDIS_REDIS_CONN_H
#define REDIS_REDIS_CONN_H

#include "src/redis/redis.h"
#include "src/redis/redis_reply.h"
#include "src/redis/redis_url.h"

enum {
    RECONNECT_MIN_MS = 50,
    RECONNECT_MAX_MS = 2000,
    PING_AFTER_MS = 3000,
    PING_TIMEOUT_MS = 5000,
};

/* What connections have in common; outlives them. */
struct redis_settings {
    struct dialer *dialer;
    struct span user, password; /* empty: none */
    struct span client_name;    /* empty: none */
    unsigned database;
    bool tls, verify;
    bool want_master;    /* a server that says to be a replica is a break */
    const char *ca_file; /* NULL: those of the system */
    unsigned open_timeout_ms;
    unsigned block_ms;
};

struct redis_conn;

struct redis_conn_handlers {
    void (*on_up)(struct redis_conn *c);
    /* It may close the connection. A reply is borrowed. */
    void (*on_reply)(struct redis_conn *c, const struct redis_reply *reply);
    /* It has been up, or was on its way there. */
    void (*on_down)(struct redis_conn *c, const char *why);
    /* Time to try again: to redis_conn_open, or to redis_conn_wait once more. */
    void (*on_retry)(struct redis_conn *c);
    /* It has been silent: the owner sends a PING and counts its reply. */
    void (*on_silence)(struct redis_conn *c);
};

enum redis_conn_state { CONN_CLOSED, CONN_WAITING, CONN_OPENING, CONN_GREETING, CONN_UP };

struct redis_conn {
    struct stream stream;
    const struct redis_settings *settings;
    const struct redis_conn_handlers *handlers;
    struct redis_address address; /* where it goes to, or went to last */
    enum redis_conn_state state;
    struct redis_reader *reader; /* from open to close */
    struct timer timer;
    unsigned greeting; /* whose replies have not come yet; a set */
    bool pinged;       /* since it was heard last */
    bool broken;       /* down_since_ms is set */
    uint64_t heard_ms; /* when a byte came last */
    uint64_t down_since_ms;
};

void redis_conn_init(struct redis_conn *c, const struct redis_settings *settings,
                     const struct redis_conn_handlers *handlers);

/* Opens it, unless it is open or opening. */
void redis_conn_open(struct redis_conn *c, const struct redis_address *to);

/* on_retry comes when it is time: the later the longer the outage lasts already. It is not open. */
void redis_conn_wait(struct redis_conn *c);

/* While it is up. */
void redis_conn_send(struct redis_conn *c, struct span wire);

/* Closes it as if it had broken: on_down, and on_retry after a while. Only inside a callback of a
 * connection, a timer or a hook. */
void redis_conn_break(struct redis_conn *c, const char *why);

/* Closes it; nothing is called any more until it is opened again. */
void redis_conn_close(struct redis_conn *c);

static inline bool redis_conn_up(const struct redis_conn *c)
{
    return c->state == CONN_UP;
}

static inline struct executor *redis_conn_executor(const struct redis_conn *c)
{
    return c->settings->dialer->executor;
}

#endif
