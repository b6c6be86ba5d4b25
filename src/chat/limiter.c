// SPDX-License-Identifier: MIT
#include "src/chat/limiter.h"

#include <stdlib.h>
#include <string.h>

#include "src/base/lock.h"
#include "src/base/map.h"
#include "src/base/memory.h"

enum { SHARDS = 32, ENTRIES_PER_SHARD_MAX = 8192, CLEAN_EVERY_MS = 1000 };

struct entry {
    uint64_t begin_ms; /* of its minute */
    uint32_t count;
    uint16_t key_len;
    uint8_t key[]; /* the class as a byte, then the key */
};

struct shard {
    struct lock lock;
    struct map entries;
    uint64_t cleaned_ms; /* when it was last looked through, which costs too much to do each time */
};

struct limiter {
    uint64_t secret[2];
    struct shard shards[SHARDS];
};

enum { KEY_BYTES_MAX = 256 };

static struct span key_of(const void *value)
{
    const struct entry *e = value;
    return span_of(e->key, e->key_len);
}

struct limiter *limiter_create(const uint64_t secret[2])
{
    struct limiter *l = xcalloc(1, sizeof *l);

    memcpy(l->secret, secret, sizeof l->secret);
    for (unsigned i = 0; i < SHARDS; i++) {
        lock_init(&l->shards[i].lock);
        map_init(&l->shards[i].entries, key_of, secret);
    }
    return l;
}

void limiter_destroy(struct limiter *l)
{
    for (unsigned i = 0; i < SHARDS; i++) {
        struct map *entries = &l->shards[i].entries;
        struct entry *e;
        for (uint32_t at = 0; (e = map_next(entries, &at)) != NULL;) {
            free(e);
        }
        map_finish(entries);
        lock_finish(&l->shards[i].lock);
    }
    free(l);
}

/* Loops take the time once per turn, so now_ms may be a little before begin_ms. */
static bool is_over(const struct entry *e, uint64_t now_ms)
{
    return now_ms >= e->begin_ms + LIMITER_WINDOW_MS;
}

/* Removal moves others about in a map, so what is over is collected first. */
static void forget_over(struct map *entries, uint64_t now_ms)
{
    struct entry *over[64];
    size_t count;

    do {
        struct entry *e;
        count = 0;
        for (uint32_t at = 0; count < 64 && (e = map_next(entries, &at)) != NULL;) {
            if (is_over(e, now_ms)) {
                over[count++] = e;
            }
        }
        for (size_t i = 0; i < count; i++) {
            (void)map_remove(entries, key_of(over[i]));
            free(over[i]);
        }
    } while (count == 64);
}

/* NULL if there is no room for another. */
static struct entry *entry_of(struct shard *shard, struct span key, uint64_t now_ms)
{
    struct map *entries = &shard->entries;
    struct entry *e = map_get(entries, key);

    if (e == NULL && entries->count >= ENTRIES_PER_SHARD_MAX &&
        now_ms >= shard->cleaned_ms + CLEAN_EVERY_MS) {
        shard->cleaned_ms = now_ms;
        forget_over(entries, now_ms);
    }
    if (e == NULL && entries->count < ENTRIES_PER_SHARD_MAX) {
        e = xmalloc(sizeof *e + key.len);
        *e = (struct entry){.begin_ms = now_ms, .key_len = (uint16_t)key.len};
        memcpy(e->key, key.data, key.len);
        map_add(entries, e);
    }
    return e;
}

bool limiter_allow(struct limiter *l, enum limiter_class class, struct span key, unsigned max,
                   uint64_t now_ms)
{
    uint8_t text[KEY_BYTES_MAX];
    size_t len = key.len < sizeof text ? key.len : sizeof text - 1;
    bool allowed = true;

    if (max == 0) {
        return true;
    }
    text[0] = (uint8_t) class;
    memcpy(text + 1, key.data, len);
    struct span name = span_of(text, len + 1);
    struct shard *shard = &l->shards[map_hash(l->secret, name) % SHARDS];
    lock_enter(&shard->lock);
    struct entry *e = entry_of(shard, name, now_ms);
    if (e != NULL) {
        if (is_over(e, now_ms)) {
            e->begin_ms = now_ms;
            e->count = 0;
        }
        allowed = e->count < max;
        e->count += allowed;
    }
    lock_leave(&shard->lock);
    return allowed;
}
