// SPDX-License-Identifier: MIT
#include "src/auth/key_set.h"

#include <stdlib.h>

#include "src/base/memory.h"

enum { DEPTH_MAX = 32 };

static struct key_set *create(unsigned max)
{
    struct key_set *set = xcalloc(1, sizeof *set + max * sizeof set->keys[0]);
    atomic_init(&set->refs, 1);
    return set;
}

struct key_set *key_set_create_empty(void)
{
    return create(0);
}

struct key_set *key_set_hold(struct key_set *set)
{
    atomic_fetch_add_explicit(&set->refs, 1, memory_order_relaxed);
    return set;
}

void key_set_release(struct key_set *set)
{
    if (atomic_fetch_sub_explicit(&set->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    for (unsigned i = 0; i < set->count; i++) {
        token_key_finish(&set->keys[i]);
    }
    free(set);
}

static void add_all(struct key_set *set, struct json keys)
{
    struct json_iter it;
    struct json jwk;

    json_array_begin(&it, keys);
    while (set->count < KEY_SET_MAX && json_array_next(&it, &jwk)) {
        if (token_key_from_jwk(&set->keys[set->count], jwk) == 0) {
            set->count++;
        }
    }
}

struct key_set *key_set_parse(struct span text, struct bytes *why)
{
    struct json document, keys;

    if (json_parse(text, DEPTH_MAX, &document) != 0 || document.type != JSON_OBJECT ||
        !json_object_find(document, SPAN("keys"), &keys) || keys.type != JSON_ARRAY) {
        bytes_add_cstr(why, "not a JSON object with a list \"keys\"");
        return NULL;
    }
    struct key_set *set = create(KEY_SET_MAX);
    add_all(set, keys);
    if (set->count == 0) {
        bytes_add_cstr(why, "no key in it that RS256 (2048 bits or more) or ES256 could use");
        key_set_release(set);
        return NULL;
    }
    return set;
}

const struct token_key *key_set_find(const struct key_set *set, enum token_algorithm algorithm,
                                     struct span kid)
{
    const struct token_key *candidate = NULL;
    unsigned candidates = 0;

    for (unsigned i = 0; i < set->count; i++) {
        const struct token_key *key = &set->keys[i];
        if (key->algorithm != algorithm) {
            continue;
        }
        if (kid.len > 0 && span_eq(auth_text_span(&key->kid), kid)) {
            return key;
        }
        if (kid.len == 0 || key->kid.len == 0) {
            candidate = key;
            candidates++;
        }
    }
    return candidates == 1 ? candidate : NULL;
}
