/* Redis replies: bytes in, trees of struct redis_reply out, over hiredis' reader; and commands out,
 * over its formatter. RESP2 only.
 *
 * A reply takes memory for what has come of it, never for what it announces. One of more than
 * REPLY_BYTES_MAX bytes or REPLY_ITEMS_MAX items, or nested deeper than hiredis goes (7), is
 * malformed, and so is whatever comes after it.
 *
 * Ownership: a reply that redis_reader_next has returned is the caller's. One thread. */
// SPDX-License-Identifier: MIT
#ifndef REDIS_REDIS_REPLY_H
#define REDIS_REDIS_REPLY_H

#include "src/redis/redis.h"

enum {
    REPLY_BYTES_MAX = 544 << 20, /* 512 MiB are the most that Redis keeps in a string */
    REPLY_ITEMS_MAX = 16 << 20,
};

struct redis_reader;

struct redis_reader *redis_reader_create(void);

/* NULL is taken. */
void redis_reader_destroy(struct redis_reader *reader);

/* Takes a copy of data. Returns 0, or -1: what came is malformed. */
MUST_USE int redis_reader_feed(struct redis_reader *reader, struct span data);

/* Returns 1 and the next reply, 0 when there is none yet, -1 when what comes next is malformed. */
MUST_USE int redis_reader_next(struct redis_reader *reader, struct redis_reply **reply);

/* After -1: what is wrong. */
const char *redis_reader_why(const struct redis_reader *reader);

/* NULL is taken. */
void redis_reply_free(struct redis_reply *reply);

/* A text or status of exactly that value? */
bool redis_reply_is(const struct redis_reply *reply, const char *text);

/* Appends the command to *out as it goes over the wire. count > 0. */
void redis_format(struct bytes *out, const struct span *args, size_t count);

#endif
