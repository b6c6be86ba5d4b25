/* Bus stub: a bus (src/bus/bus.h) to nowhere. It notes what is asked of it, and a test answers as
 * it likes and says what comes.
 *
 *     bus_stub_init(&stub, &handlers);
 *     ... &stub.bus is used ...
 *     check(strcmp(bus_stub_said(&stub), "+a#/#r#|") == 0);
 *     bus_stub_answer(&stub, 0, 2);
 *     bus_stub_deliver(&stub, BUS_CHANNEL, "a#/#r#", payload);
 *     bus_close(&stub.bus);
 *
 * Threads: loop 0. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_SUPPORT_BUS_STUB_H
#define TESTS_SUPPORT_BUS_STUB_H

#include "src/bus/bus.h"

struct bus_stub {
    struct bus bus; /* first */
    struct bus_handlers handlers;
    bool is_up;
    struct bytes said;
    struct bytes payload; /* that was published or appended last */
    uint64_t subscriptions, unsubscriptions, publications;
    struct bus_call *calls, **calls_end; /* that wait for an answer */
};

/* It is up. */
void bus_stub_init(struct bus_stub *stub, const struct bus_handlers *handlers);

/* What has been asked since the last look, each with a '|' behind it, until the next look:
 * +name -name (subscriptions), ?name (a count), !name (published), >name (appended), =name
 * (followed); shards have an 's' in front, prefixes a 'p'. */
const char *bus_stub_said(struct bus_stub *stub);

/* All calls that wait are done. */
void bus_stub_answer(struct bus_stub *stub, int error, uint64_t count);

void bus_stub_deliver(struct bus_stub *stub, enum bus_kind kind, const char *channel,
                      struct span payload);

/* It goes down (calls that wait fail), or comes up. */
void bus_stub_set_up(struct bus_stub *stub, bool up);

#endif
