// SPDX-License-Identifier: MIT
#include "src/base/stats.h"

#include <string.h>

#include "tests/support/tap.h"

static bool same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

static void names_each_counter_once(void)
{
    for (int i = 0; i < STAT_COUNT; i++) {
        const struct stat_info *a = stats_info((enum stat_id)i);
        check(a->family != NULL && a->help != NULL);
        for (int k = 0; k < i; k++) {
            const struct stat_info *b = stats_info((enum stat_id)k);
            check(!same(a->family, b->family) ||
                  (a->reason != NULL && b->reason != NULL && !same(a->reason, b->reason)));
        }
    }
}

static void keeps_families_together(void)
{
    for (int i = 2; i < STAT_COUNT; i++) {
        const char *family = stats_info((enum stat_id)i)->family;
        bool begins = !same(family, stats_info((enum stat_id)(i - 1))->family);
        for (int k = 0; begins && k < i; k++) {
            check(!same(family, stats_info((enum stat_id)k)->family));
        }
    }
}

static void lets_a_gauge_fall(void)
{
    struct stats s = {0};
    uint64_t before = 5, now = 2;
    stats_add(&s, STAT_QUEUE_BYTES, before);
    stats_add(&s, STAT_QUEUE_BYTES, now - before);
    check(stats_get(&s, STAT_QUEUE_BYTES) == now);
}

int main(void)
{
    RUN(names_each_counter_once);
    RUN(keeps_families_together);
    RUN(lets_a_gauge_fall);
    return tap_done();
}
