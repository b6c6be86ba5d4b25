/* Map: pointers by a byte-string key that lies inside what they point to.
 *
 * Open addressing with linear probing and 12 bytes a slot; between 1/4 and 3/4 full, so that a map
 * costs 16 to 48 bytes an entry and follows its content down again. Keys come from peers (room
 * names), so the hash is SipHash-1-3 under a secret: they cannot be chosen to collide.
 *
 * Ownership: the map owns neither values nor keys; a value's key must not change while it is in.
 * One thread. */
// SPDX-License-Identifier: MIT
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/bytes.h"

typedef struct span (*map_key_fn)(const void *value);

struct map {
    void **values;    /* NULL: a free slot */
    uint32_t *hashes; /* of the values in the same slots */
    uint32_t slots;   /* a power of two, or 0 while the map has never held anything */
    uint32_t count;
    map_key_fn key;
    uint64_t secret[2];
};

void map_init(struct map *m, map_key_fn key, const uint64_t secret[2]);

/* Frees the map, not its values. */
void map_finish(struct map *m);

/* The value with that key, or NULL. */
void *map_get(const struct map *m, struct span key);

/* Adds a value whose key is not in the map. */
void map_add(struct map *m, void *value);

/* Takes out the value with that key and returns it, or NULL. */
void *map_remove(struct map *m, struct span key);

/* Iterates in no particular order: for (uint32_t i = 0; (v = map_next(m, &i)) != NULL;). The map
 * must not change meanwhile. */
void *map_next(const struct map *m, uint32_t *position);

/* SipHash-1-3 of data under the secret, for whoever needs a number of a key. */
uint64_t map_hash(const uint64_t secret[2], struct span data);

#endif
