/* Bus bed: members of one bus, by each back-end, and the time in which things happen: virtual with
 * the hub, real with Redis.
 *
 *     start();
 *     struct member *a = join(), *b = join();
 *     subscribe(b, BUS_CHANNEL, "c");
 *     publish(a, BUS_CHANNEL, "c", "x", NULL);
 *     wait_until(b->heard_count == 1);
 *     check_text(b->heard, "C c x\n");
 *     stop();
 *
 * There is one bed at a time. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_CONTRACT_BUS_BED_H
#define TESTS_CONTRACT_BUS_BED_H

#include "src/bus/bus.h"
#include "tests/support/tap.h"

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

/* The one that is tested now. */
extern const struct back_end *back_end;

/* Runs the suite with each back-end that can be had here; for main to return. */
int ask_each_bus(void (*suite)(void));

/* Steps until it is so; not for ever. */
#define wait_until(condition)                                           \
    do {                                                                \
        for (int tries_ = 0; tries_ < 6000 && !(condition); tries_++) { \
            back_end->step();                                           \
        }                                                               \
        check(condition);                                               \
    } while (0)

#define check_text(bytes, want) check_mem((bytes).data, (bytes).len, (want), strlen(want))

void start(void);
void stop(void);

/* ---- members ---- */

/* Once it is up. */
struct member *join(void);
/* It is not up yet. limits: NULL for those of the bus. */
struct member *join_with(const struct bus_limits *limits);
void leave(struct member *m);

/* Nobody has a connection any more; once that member knows it. */
void outage(bool keep, struct member *m);

/* Once it is in force. */
void subscribe(struct member *m, enum bus_kind kind, const char *name);
/* How many are subscribed. */
uint64_t number_of(struct member *m, enum bus_kind kind, const char *channel);

/* call: NULL, or probe(). */
void publish(struct member *m, enum bus_kind kind, const char *channel, const char *payload,
             struct bus_call *call);
/* n < 100000, in five digits on a channel. */
void publish_number(struct member *m, const char *channel, unsigned n, struct bus_call *call);
/* An entry with the field "v". */
void append(struct member *m, const char *stream, const char *value, struct bus_call *call);

/* The n-th line of what it has heard, all of it numbers on a channel of one letter. */
unsigned heard_number(const struct member *m, size_t n);
/* Are its lines from the at-th on the numbers of [from, to), and no more? */
bool heard_all(const struct member *m, unsigned from, unsigned to, size_t at);

/* ---- what came of a call ---- */

struct probe {
    struct bus_call call;
    unsigned done;
    int error;
    uint64_t count;
    char id[48];
};

/* Makes it a new one. */
struct bus_call *probe(struct probe *p);

/* Is each done, once, and without an error? */
bool all_went_well(const struct probe *probes, size_t count);

struct read_probe {
    struct bus_read read;
    unsigned done;
    int error;
    struct bytes got; /* "name=value\n"... */
};

/* Makes it a new one. What it got is the caller's to finish. */
struct bus_read *read_probe(struct read_probe *p);

#endif
