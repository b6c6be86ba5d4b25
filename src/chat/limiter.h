/* Limiter: how often somebody has done something within the present minute of his.
 *
 * A minute begins with the first time that is counted, as the limits of Redis counters do: of N
 * within 60 s the N+1st is refused until they are over. Keys are user ids and addresses, whatever
 * the number of their connections. Memory is bounded: a shard that is full forgets whose minute
 * began first. Addresses have shards of their own, since clients that mint user ids could make
 * them be forgotten.
 *
 * Threads: any; each shard has a lock, held for the time of a lookup, under which no other is
 * taken. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_LIMITER_H
#define CHAT_LIMITER_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/bytes.h"

enum limiter_class {
    LIMIT_MESSAGES,
    LIMIT_SENDS,
    LIMIT_TYPING,
    LIMIT_JOINS,
    LIMIT_QUERIES,
    LIMIT_PRESENCE,
    LIMIT_CONNECTIONS,
    LIMIT_LOGINS,
    LIMIT_CLASSES
};

enum { LIMITER_WINDOW_MS = 60000 };

struct limiter;

struct limiter *limiter_create(const uint64_t secret[2]);
void limiter_destroy(struct limiter *l);

/* Counts one more of that class for the key; false if there were `max` within the minute already.
 * max 0: not counted, true. */
bool limiter_allow(struct limiter *l, enum limiter_class class, struct span key, unsigned max,
                   uint64_t now_ms);

#endif
