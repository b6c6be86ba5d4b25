// SPDX-License-Identifier: MIT
#include "src/base/ring.h"

#include "tests/support/tap.h"

static void finds_items_by_their_numbers_while_they_are_there(void)
{
    struct ring r;
    ring_init(&r, sizeof(uint64_t));
    for (uint64_t n = 0; n < 1000; n++) {
        *(uint64_t *)ring_add(&r) = n * n;
        if (n % 3 == 2) {
            ring_drop(&r);
        }
    }
    check(r.first == 333 && r.end == 1000);
    for (uint64_t n = r.first; n < r.end; n++) {
        check(*(uint64_t *)ring_at(&r, n) == n * n);
    }
    ring_finish(&r);
}

static void gives_memory_back(void)
{
    struct ring r;
    ring_init(&r, 3);
    for (int i = 0; i < 5000; i++) {
        (void)ring_add(&r);
    }
    size_t most = r.cap;
    while (r.first < r.end) {
        ring_drop(&r);
    }
    check(most >= 5000 && r.cap < 64);
    *(uint8_t *)ring_add(&r) = 7;
    check(*(uint8_t *)ring_at(&r, 5000) == 7);
    ring_finish(&r);
}

static void gives_items_that_are_zeroed(void)
{
    struct ring r;
    ring_init(&r, 1);
    for (int i = 0; i < 100; i++) {
        uint8_t *item = ring_add(&r);
        check(*item == 0);
        *item = 1;
        ring_drop(&r);
    }
    ring_finish(&r);
}

int main(void)
{
    RUN(finds_items_by_their_numbers_while_they_are_there);
    RUN(gives_memory_back);
    RUN(gives_items_that_are_zeroed);
    return tap_done();
}
