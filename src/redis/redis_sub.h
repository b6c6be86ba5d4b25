/* Redis subscriptions: the names that somebody wishes to hear, on connections of their own.
 *
 *   redis_sub_add, redis_sub_remove ──> the set of wishes
 *     └ turn's end: one (P|S)(UN)SUBSCRIBE for up to SUB_NAMES_MAX names that have changed
 *         └ confirmed: grants are done ── all confirmed: on_state(up) ── messages: on_message
 *
 * Wishes are a set: a name is in it or not, however often it was added. What is wished and unwished
 * within a turn costs nothing. They outlive connections: after a break all of them are made again,
 * and on_state(up) comes when every one has been confirmed (or refused).
 *
 * In a cluster channels and patterns are subscribed to at one node, whichever, since PUBLISH
 * reaches them all; shard channels at the master of their slot, with a connection to each such
 * node, and again when a slot moves. The nodes, the cluster's slots and what Sentinel says are
 * those of the struct redis.
 *
 * Between break and on_state(up) messages may be missing; they never come twice, nor for a name
 * that is not wished at that moment. A name that begins to be wished while others are in force does
 * not take `up` away: its grant says when it is in force.
 *
 * No callback runs inside a call. Threads: the executor's own. */
// SPDX-License-Identifier: MIT
#ifndef REDIS_REDIS_SUB_H
#define REDIS_REDIS_SUB_H

#include "src/redis/redis.h"

enum { SUB_NAMES_MAX = 1000 }; /* of one command */

enum redis_sub_kind {
    REDIS_SUB_CHANNEL, /* SUBSCRIBE, for PUBLISH */
    REDIS_SUB_PATTERN, /* PSUBSCRIBE: a glob, as Redis has them; escaping is the caller's */
    REDIS_SUB_SHARD,   /* SSUBSCRIBE, for SPUBLISH; Redis 7 */
};

enum { REDIS_SUB_KINDS = 3 };

/* Borrowed until on_message returns. */
struct redis_sub_message {
    enum redis_sub_kind kind; /* of the subscription that it comes by */
    struct span channel;
    struct span pattern; /* of REDIS_SUB_PATTERN: the wish; otherwise empty */
    struct span payload;
};

/* Somebody who waits for a subscription; embedded in something of his, which must live until
 * on_done has run: exactly once, never inside a call but redis_sub_destroy. */
struct redis_grant {
    /* error: 0: the subscription is in force. REDIS_EDOWN: not in force, since there is no
     * connection (it is made when there is one; nobody is told), or since it has been removed.
     * REDIS_EREPLY: Redis has refused it (rights, version); it is tried again after the next break.
     */
    void (*on_done)(struct redis_grant *grant, int error);
    struct redis_grant *next; /* the client's, as the rest */
    int error;
};

struct redis_sub_handlers {
    /* It may add and remove, but not destroy. */
    void (*on_message)(void *arg, const struct redis_sub_message *message);
    /* Up: every wish is in force or refused. Not up: some that were may not be; why says it. */
    void (*on_state)(void *arg, bool up, const char *why);
    void *arg;
};

struct redis_sub;

/* Connects soon, to where redis says, which outlives it. handlers are copied. */
struct redis_sub *redis_sub_create(struct redis *redis, const struct redis_sub_handlers *handlers);

/* Grants that wait are done with REDIS_EDOWN before it returns; handlers are not called. Not inside
 * one of its callbacks. NULL is taken. */
void redis_sub_destroy(struct redis_sub *s);

/* name is copied; grant may be NULL. */
void redis_sub_add(struct redis_sub *s, enum redis_sub_kind kind, struct span name,
                   struct redis_grant *grant);

/* Harmless if it is not wished. */
void redis_sub_remove(struct redis_sub *s, enum redis_sub_kind kind, struct span name);

bool redis_sub_up(const struct redis_sub *s);

/* Names that are wished. */
size_t redis_sub_count(const struct redis_sub *s);

#endif
