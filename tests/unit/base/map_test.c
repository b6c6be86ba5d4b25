// SPDX-License-Identifier: MIT
#include "src/base/map.h"

#include <stdio.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "tests/support/tap.h"

struct item {
    char name[16];
};

static const uint64_t secret[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

static struct span name_of(const void *value)
{
    return span_cstr(((const struct item *)value)->name);
}

static void finds_what_was_added_and_nothing_else(void)
{
    struct map m;
    struct item a = {"general"}, b = {""};
    map_init(&m, name_of, secret);
    check(map_get(&m, SPAN("general")) == NULL);
    check(map_remove(&m, SPAN("general")) == NULL);
    map_add(&m, &a);
    map_add(&m, &b);
    check(map_get(&m, SPAN("general")) == &a);
    check(map_get(&m, SPAN("")) == &b);
    check(map_get(&m, SPAN("General")) == NULL);
    check(map_remove(&m, SPAN("general")) == &a && m.count == 1);
    check(map_get(&m, SPAN("general")) == NULL);
    map_finish(&m);
}

static void follows_many_additions_and_removals(void)
{
    enum { N = 5000 };
    struct item *items = xcalloc(N, sizeof *items);
    struct map m;
    bool ok = true;
    map_init(&m, name_of, secret);
    for (int i = 0; i < N; i++) {
        (void)snprintf(items[i].name, sizeof items[i].name, "room-%d", i);
        map_add(&m, &items[i]);
    }
    for (int i = 0; i < N; i += 3) {
        ok = ok && map_remove(&m, name_of(&items[i])) == &items[i];
    }
    for (int i = 0; i < N; i++) {
        ok = ok && map_get(&m, name_of(&items[i])) == (i % 3 == 0 ? NULL : &items[i]);
    }
    uint32_t seen = 0;
    for (uint32_t i = 0; map_next(&m, &i) != NULL;) {
        seen++;
    }
    check(ok && seen == m.count);
    for (int i = 0; i < N; i++) {
        ok = ok && (map_remove(&m, name_of(&items[i])) != NULL) == (i % 3 != 0);
    }
    check(ok && m.count == 0 && m.slots <= 16); /* the memory follows the content down */
    map_finish(&m);
    free(items);
}

static void hashes_as_siphash_1_3_does(void)
{
    /* The authors' vector for no input, and two of another implementation under the key 0. */
    static const uint64_t zero[2];
    check(map_hash(secret, span_of(NULL, 0)) == 0xabac0158050fc4dc);
    check(map_hash(zero, SPAN("a room of fifteen")) == 0xd2c64958bff079f0);
    check(map_hash(zero, SPAN("0123456789abcdef")) == 0x1d42b30f7e060c24);
}

int main(void)
{
    RUN(finds_what_was_added_and_nothing_else);
    RUN(follows_many_additions_and_removals);
    RUN(hashes_as_siphash_1_3_does);
    return tap_done();
}
