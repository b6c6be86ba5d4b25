// SPDX-License-Identifier: MIT
#include "src/base/map.h"

#include <assert.h>
#include <stdlib.h>

#include "src/base/memory.h"

enum { MAP_SLOTS_MIN = 8 };

static uint64_t rotate(uint64_t x, int n)
{
    return x << n | x >> (64 - n);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[0] = rotate(v[0], 32);
    v[2] += v[3];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[2] = rotate(v[2], 32);
}

/* Aumasson and Bernstein, "SipHash: a fast short-input PRF", with one compression round a word and
 * three at the end, as hash tables of Rust and Python use it. */
uint64_t map_hash(const uint64_t secret[2], struct span data)
{
    uint64_t v[4] = {secret[0] ^ 0x736f6d6570736575, secret[1] ^ 0x646f72616e646f6d,
                     secret[0] ^ 0x6c7967656e657261, secret[1] ^ 0x7465646279746573};
    size_t whole = data.len & ~(size_t)7;
    uint64_t word;

    for (size_t i = 0; i < whole; i += sizeof word) {
        memcpy(&word, data.data + i, sizeof word);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    word = (uint64_t)data.len << 56;
    for (size_t i = whole; i < data.len; i++) {
        word |= (uint64_t)data.data[i] << 8 * (i - whole);
    }
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++) {
        sip_round(v);
    }
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void map_init(struct map *m, map_key_fn key, const uint64_t secret[2])
{
    *m = (struct map){.key = key, .secret = {secret[0], secret[1]}};
}

void map_finish(struct map *m)
{
    free(m->values);
    free(m->hashes);
    m->values = NULL;
    m->hashes = NULL;
    m->slots = m->count = 0;
}

static uint32_t hash_of(const struct map *m, struct span key)
{
    return (uint32_t)map_hash(m->secret, key);
}

static void put(struct map *m, void *value, uint32_t hash)
{
    uint32_t i = hash & (m->slots - 1);
    while (m->values[i] != NULL) {
        i = (i + 1) & (m->slots - 1);
    }
    m->values[i] = value;
    m->hashes[i] = hash;
}

static void resize(struct map *m, uint32_t slots)
{
    void **values = m->values;
    uint32_t *hashes = m->hashes;
    uint32_t old = m->slots;

    m->slots = slots;
    m->values = xcalloc(slots, sizeof *m->values);
    m->hashes = xcalloc(slots, sizeof *m->hashes);
    for (uint32_t i = 0; i < old; i++) {
        if (values[i] != NULL) {
            put(m, values[i], hashes[i]);
        }
    }
    free(values);
    free(hashes);
}

/* The slot of the key, or the free slot where its probe ends. */
static uint32_t find(const struct map *m, struct span key, uint32_t hash)
{
    uint32_t i = hash & (m->slots - 1);
    while (m->values[i] != NULL && (m->hashes[i] != hash || !span_eq(m->key(m->values[i]), key))) {
        i = (i + 1) & (m->slots - 1);
    }
    return i;
}

void *map_get(const struct map *m, struct span key)
{
    return m->count == 0 ? NULL : m->values[find(m, key, hash_of(m, key))];
}

void map_add(struct map *m, void *value)
{
    if (m->slots == 0) {
        resize(m, MAP_SLOTS_MIN);
    } else if ((uint64_t)m->count * 4 >= (uint64_t)m->slots * 3) {
        resize(m, m->slots * 2);
    }
    put(m, value, hash_of(m, m->key(value)));
    m->count++;
}

/* Closes the gap at i, so that no probe ends early: later entries of the run move up unless that
 * would put them before their home slot. */
static void close_gap(struct map *m, uint32_t i)
{
    uint32_t mask = m->slots - 1;
    for (uint32_t j = (i + 1) & mask; m->values[j] != NULL; j = (j + 1) & mask) {
        uint32_t home = m->hashes[j] & mask;
        if (((j - home) & mask) >= ((j - i) & mask)) {
            m->values[i] = m->values[j];
            m->hashes[i] = m->hashes[j];
            i = j;
        }
    }
    m->values[i] = NULL;
}

void *map_remove(struct map *m, struct span key)
{
    if (m->count == 0) {
        return NULL;
    }
    uint32_t i = find(m, key, hash_of(m, key));
    void *value = m->values[i];
    if (value != NULL) {
        close_gap(m, i);
        m->count--;
        if (m->slots > MAP_SLOTS_MIN && (uint64_t)m->count * 4 < m->slots) {
            resize(m, m->slots / 2);
        }
    }
    return value;
}

void *map_next(const struct map *m, uint32_t *position)
{
    while (*position < m->slots) {
        void *value = m->values[(*position)++];
        if (value != NULL) {
            return value;
        }
    }
    return NULL;
}
