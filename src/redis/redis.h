/* Redis: the one client under bus and keyspace: connections that come back by themselves, commands
 * in pipelines, the slots of a Redis Cluster, the master that a Sentinel names. hiredis formats and
 * parses; the connections are ours (base/stream.h).
 *
 *   redis      commands and their replies, one connection per node of the cluster
 *   redis_sub  what has been subscribed to, on connections of its own (redis_sub.h)
 *
 * Reconnecting: after RECONNECT_MIN_MS, then after a quarter of the time that the outage has
 * lasted, up to RECONNECT_MAX_MS, each time less a random part of up to a half. A connection that
 * has been silent for PING_AFTER_MS is pinged, and given up when PING_TIMEOUT_MS pass without a
 * byte (redis_conn.h has the numbers).
 *
 * A command is sent when its connection is up; while it is not, it fails at once with REDIS_EDOWN.
 * One that had been sent when the connection broke fails with REDIS_ELOST: it may or may not have
 * been carried out. Replies of one connection come in the order of the commands.
 *
 * Threads: the executor's own. */
// SPDX-License-Identifier: MIT
#ifndef REDIS_REDIS_H
#define REDIS_REDIS_H

#include "protocol/bytes.h"
#include "src/base/executor.h"
#include "src/base/stream.h"

enum redis_error {
    REDIS_EDOWN = -1,  /* there is no connection just now; nothing has been sent */
    REDIS_ELOST = -2,  /* the connection broke before the answer came */
    REDIS_EREPLY = -3, /* Redis has answered with an error: reply->text */
    REDIS_EURL = -4,   /* the URL is none */
};

const char *redis_strerror(int error);

enum redis_type { REDIS_NIL, REDIS_TEXT, REDIS_INTEGER, REDIS_ARRAY, REDIS_FAILURE };

/* Borrowed until on_reply returns. */
struct redis_reply {
    enum redis_type type; /* REDIS_TEXT: a status or a bulk string */
    struct span text;     /* of REDIS_TEXT and REDIS_FAILURE */
    int64_t integer;
    const struct redis_reply *items; /* of REDIS_ARRAY */
    size_t count;
};

/* A command under way; embedded in something of the caller's, which must live until on_reply has
 * run. It runs exactly once, never inside redis_command. */
struct redis_call {
    /* error: 0, or an enum redis_error; reply is NULL unless it is 0 or REDIS_EREPLY. */
    void (*on_reply)(struct redis_call *call, int error, const struct redis_reply *reply);
    struct redis_call *next; /* the client's */
};

struct redis_options {
    /* redis://[user:password@]host[:port][/database], rediss:// for TLS; several hosts separated by
     * commas are seeds of a cluster, or Sentinels: redis-sentinel://host:port,host:port/master[/db]
     */
    const char *url;
    const char *ca_file;      /* for rediss; NULL: those of the system */
    bool insecure;            /* take any certificate */
    const char *client_name;  /* CLIENT SETNAME; NULL: none */
    unsigned open_timeout_ms; /* 0: 5000 */
    /* For a client of its own whose commands block (XREAD BLOCK), as no other goes out on their
     * connection meanwhile: the longest that one does. Silence counts from there. 0: none blocks.
     */
    unsigned block_ms;
    /* The connection (of a cluster: to all its masters) is up, or not; why: "" when up. Not up
     * comes again when there is another reason. Never inside a call; may be NULL. */
    void (*on_state)(void *arg, bool up, const char *why);
    void *arg;
};

struct redis;

/* Connects soon. NULL with *why (appended) if the URL is none. The dialer outlives it. */
struct redis *redis_create(struct dialer *dialer, const struct redis_options *options,
                           struct bytes *why);

/* Commands under way fail before it returns; on_state is not called. Not inside one of its own
 * callbacks. NULL is taken. */
void redis_destroy(struct redis *r);

bool redis_up(const struct redis *r);

/* Sends a command of count arguments, which are copied. key: the one whose slot says which node of
 * a cluster gets it; empty: any node. call may be NULL: nobody wants the reply. MOVED and ASK are
 * followed. */
void redis_command(struct redis *r, struct span key, const struct span *args, size_t count,
                   struct redis_call *call);

#endif
