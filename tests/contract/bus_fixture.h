/* What the tests of buses share: members of one bus, by each back-end, and the time in which things
 * happen: virtual with the hub, real with Redis. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_CONTRACT_BUS_FIXTURE_H
#define TESTS_CONTRACT_BUS_FIXTURE_H

#include "src/bus/bus.h"

enum { MEMBERS_MAX = 5 };

struct member {
    struct bus *bus;
    struct bus_counts counts;
    struct bytes heard; /* "kind channel payload\n"... */
    size_t heard_count;
    struct bytes entries; /* "stream name=value\n"... */
    size_t entry_count;
    unsigned ups, downs;
    void (*on_up)(struct member *m);
};

struct back_end {
    const char *label;
    void (*start)(void);
    void (*stop)(void);
    struct bus *(*open)(struct member *m, const struct bus_limits *limits,
                        const struct bus_handlers *handlers);
    /* A few turns of everybody. */
    void (*step)(void);
    /* Nobody has a connection until bring_back. keep: the streams. */
    void (*take_away)(bool keep);
    void (*bring_back)(void);
};

extern const struct back_end hub_back_end, slow_hub_back_end, redis_back_end;

/* With tests/support/tap.h. Steps until it is so; not for ever. */
#define wait_until(back_end, condition)                                 \
    do {                                                                \
        for (int tries_ = 0; tries_ < 6000 && !(condition); tries_++) { \
            (back_end)->step();                                         \
        }                                                               \
        check(condition);                                               \
    } while (0)

#endif
