// SPDX-License-Identifier: MIT
#include "src/chat/limiter.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "src/base/lock.h"
#include "src/base/map.h"
#include "src/base/memory.h"

enum { SHARDS = 32, ENTRIES_PER_SHARD_MAX = 8192 };

/* In its shard's line, from whose minute began first to whose began last. */
struct entry {
    struct entry *next, *previous;
    uint64_t begin_ms; /* of its minute */
    uint32_t count;
    uint16_t key_len;
    uint8_t key[]; /* the class as a byte, then the key */
};

struct shard {
    struct lock lock;
    struct map entries;
    struct entry *oldest, *newest;
};

/* What clients can mint without end (user ids, where they say them) does not press on what they
 * cannot. */
enum keys { KEYS_USERS, KEYS_ADDRESSES, KEYS_COUNT };

struct limiter {
    uint64_t secret[2];
    struct shard shards[KEYS_COUNT][SHARDS];
};

enum { KEY_BYTES_MAX = 256 };

static struct span key_of(const void *value)
{
    const struct entry *e = value;
    return span_of(e->key, e->key_len);
}

static struct shard *shard_at(struct limiter *l, unsigned i)
{
    return &l->shards[i / SHARDS][i % SHARDS];
}

struct limiter *limiter_create(const uint64_t secret[2])
{
    struct limiter *l = xcalloc(1, sizeof *l);

    memcpy(l->secret, secret, sizeof l->secret);
    for (unsigned i = 0; i < KEYS_COUNT * SHARDS; i++) {
        lock_init(&shard_at(l, i)->lock);
        map_init(&shard_at(l, i)->entries, key_of, secret);
    }
    return l;
}

/* ---- the line ---- */

static void append(struct shard *shard, struct entry *e)
{
    e->next = NULL;
    e->previous = shard->newest;
    *(e->previous != NULL ? &e->previous->next : &shard->oldest) = e;
    shard->newest = e;
}

static void take_out(struct shard *shard, struct entry *e)
{
    *(e->previous != NULL ? &e->previous->next : &shard->oldest) = e->next;
    *(e->next != NULL ? &e->next->previous : &shard->newest) = e->previous;
}

static void forget(struct shard *shard, struct entry *e)
{
    take_out(shard, e);
    (void)map_remove(&shard->entries, key_of(e));
    free(e);
}

void limiter_destroy(struct limiter *l)
{
    for (unsigned i = 0; i < KEYS_COUNT * SHARDS; i++) {
        struct shard *shard = shard_at(l, i);
        while (shard->oldest != NULL) {
            forget(shard, shard->oldest);
        }
        map_finish(&shard->entries);
        lock_finish(&shard->lock);
    }
    free(l);
}

/* ---- counting ---- */

/* Loops take the time once per turn, so now_ms may be a little before begin_ms. */
static bool is_over(const struct entry *e, uint64_t now_ms)
{
    return now_ms >= e->begin_ms + LIMITER_WINDOW_MS;
}

static struct entry *add(struct shard *shard, struct span key)
{
    struct entry *e = xmalloc(sizeof *e + key.len);

    e->key_len = (uint16_t)key.len;
    memcpy(e->key, key.data, key.len);
    map_add(&shard->entries, e);
    append(shard, e);
    return e;
}

/* Its entry, in a minute that is not over. */
static struct entry *entry_of(struct shard *shard, struct span key, uint64_t now_ms)
{
    struct entry *e = map_get(&shard->entries, key);

    if (e != NULL && !is_over(e, now_ms)) {
        return e;
    }
    if (e != NULL) {
        take_out(shard, e);
        append(shard, e);
    } else {
        /* Two for one, so that it becomes smaller again when there is less to do. */
        for (unsigned i = 0; i < 2 && shard->oldest != NULL && is_over(shard->oldest, now_ms);
             i++) {
            forget(shard, shard->oldest);
        }
        if (shard->entries.count >= ENTRIES_PER_SHARD_MAX) {
            assert(shard->oldest != NULL);
            forget(shard, shard->oldest);
        }
        e = add(shard, key);
    }
    e->begin_ms = now_ms;
    e->count = 0;
    return e;
}

static enum keys keys_of(enum limiter_class class)
{
    return class == LIMIT_CONNECTIONS || class == LIMIT_LOGINS ? KEYS_ADDRESSES : KEYS_USERS;
}

bool limiter_allow(struct limiter *l, enum limiter_class class, struct span key, unsigned max,
                   uint64_t now_ms)
{
    uint8_t text[KEY_BYTES_MAX];
    size_t len = key.len < sizeof text ? key.len : sizeof text - 1;

    if (max == 0) {
        return true;
    }
    text[0] = (uint8_t) class;
    memcpy(text + 1, key.data, len);
    struct span name = span_of(text, len + 1);
    struct shard *shard = &l->shards[keys_of(class)][map_hash(l->secret, name) % SHARDS];
    lock_enter(&shard->lock);
    struct entry *e = entry_of(shard, name, now_ms);
    bool allowed = e->count < max;
    e->count += allowed;
    lock_leave(&shard->lock);
    return allowed;
}
