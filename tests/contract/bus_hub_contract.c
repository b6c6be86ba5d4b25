// SPDX-License-Identifier: MIT
/* The hub itself: what still holds while it breaks at random, and that a seed says it all. */
#include <stdlib.h>

#include "src/base/memory.h"
#include "tests/support/bus_hub.h"
#include "tests/support/fake_executor.h"
#include "tests/support/tap.h"

enum { NODES = 5, ROUNDS = 200, CALM_TURNS = 4000, TURN_MS = 10, SEEDS = 60 };

struct publication {
    struct bus_call call;
    unsigned done;
};

struct node {
    struct fake_executor executor;
    struct bus *bus;
    struct bus_counts counts;
    unsigned last[NODES];  /* by publisher: the last that has been heard */
    unsigned again[NODES]; /* how often that went back */
    unsigned entry;        /* the last of the stream */
    uint64_t gaps, back;   /* in the stream */
};

static struct node nodes[NODES];
static struct publication publications[NODES * ROUNDS * 2];
static unsigned published, order_errors;
static uint64_t digest; /* of all that happens */

static void mix(uint64_t n)
{
    digest = (digest ^ n) * 0x100000001b3U;
}

static void on_done(struct bus_call *call)
{
    struct publication *p = container_of(call, struct publication, call);

    p->done++;
    order_errors += call->error != 0;
}

/* payload: the publisher's digit, a number. */
static void on_message(void *arg, enum bus_kind kind, struct span channel, struct span payload)
{
    struct node *node = arg;
    unsigned from = payload.data[0] - '0';
    uint64_t n = 0;

    check(span_to_u64(span_skip(payload, 1), UINT32_MAX, &n) == 0);
    node->again[from] += n <= node->last[from];
    node->last[from] = (unsigned)n;
    mix((uint64_t)(node - nodes) << 40 | (uint64_t)from << 32 | n);
}

static void on_entry(void *arg, struct span stream, const struct bus_entry *entry)
{
    struct node *node = arg;
    uint64_t n = 0;

    check(span_to_u64(entry->fields[0].value, UINT32_MAX, &n) == 0);
    node->gaps += n > node->entry + 1;
    node->back += n <= node->entry;
    node->entry = n > node->entry ? (unsigned)n : node->entry;
}

static void on_state(void *arg, bool up, const char *why)
{
    mix(up);
}

static struct bus_call *publication(void)
{
    struct publication *p = &publications[published++];
    *p = (struct publication){.call.on_done = on_done};
    return &p->call;
}

static void speak(unsigned i, unsigned round)
{
    char text[32];
    struct bus *bus = nodes[i].bus;

    (void)snprintf(text, sizeof text, "%u%u", i, round);
    bus->ops->publish(bus, BUS_CHANNEL, SPAN("c"), span_cstr(text), publication());
    if (i == 0) {
        const struct bus_field field = {SPAN("n"), span_cstr(text + 1)};
        bus->ops->append(bus, SPAN("s"), &field, 1, 100000, publication());
    }
}

static void turn_all(uint64_t now_ms)
{
    for (unsigned i = 0; i < NODES; i++) {
        fake_executor_turn(&nodes[i].executor, now_ms);
    }
}

static void run(uint64_t seed)
{
    struct bus_hub *hub = bus_hub_create(seed);
    uint64_t now_ms = 1000;

    memset(nodes, 0, sizeof nodes);
    published = order_errors = 0;
    digest = 0xcbf29ce484222325U;
    for (unsigned i = 0; i < NODES; i++) {
        fake_executor_init(&nodes[i].executor, i);
        nodes[i].bus = bus_hub_join(
            hub, &nodes[i].executor.executor, NULL,
            &(struct bus_handlers){on_message, on_entry, on_state, &nodes[i]}, &nodes[i].counts);
        nodes[i].bus->ops->subscribe(nodes[i].bus, BUS_CHANNEL, SPAN("c"), NULL);
        nodes[i].bus->ops->follow(nodes[i].bus, SPAN("s"), (struct span){0});
    }
    turn_all(now_ms);
    bus_hub_faults(hub, &(struct bus_hub_faults){.delay_ms_max = 30,
                                                 .breaks_per_10000 = 20,
                                                 .restarts_percent = 10,
                                                 .down_ms_max = 300});
    for (unsigned round = 1; round <= ROUNDS; round++) {
        for (unsigned i = 0; i < NODES; i++) {
            speak(i, round);
        }
        turn_all(now_ms += TURN_MS);
    }
    bus_hub_faults(hub, NULL);
    for (unsigned i = 0; i < CALM_TURNS && !bus_hub_quiet(hub); i++) {
        turn_all(now_ms += TURN_MS);
    }
    check(bus_hub_quiet(hub));
    mix(bus_hub_events(hub)->breaks);
    mix(bus_hub_events(hub)->repeated);
    check(bus_hub_events(hub)->breaks > 0);
    for (unsigned i = 0; i < NODES; i++) {
        bus_close(nodes[i].bus);
    }
    bus_hub_destroy(hub);
    for (unsigned i = 0; i < NODES; i++) {
        fake_executor_turn(&nodes[i].executor, now_ms);
        fake_executor_finish(&nodes[i].executor);
    }
}

static void each_publication_is_answered_once_whatever_breaks(void)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        run(seed);
        unsigned wrong = 0;
        for (unsigned i = 0; i < published; i++) {
            wrong += publications[i].done != 1;
        }
        check(wrong == 0 && order_errors == 0);
    }
}

static void what_goes_back_goes_back_at_a_break_only(void)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        run(seed);
        for (unsigned i = 0; i < NODES * NODES; i++) {
            const struct node *to = &nodes[i / NODES], *from = &nodes[i % NODES];
            check(to->again[i % NODES] <= from->counts.reconnects);
        }
    }
}

static void nobody_misses_an_entry(void)
{
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        run(seed);
        for (unsigned i = 0; i < NODES; i++) {
            check(nodes[i].entry == ROUNDS && nodes[i].gaps == 0);
        }
    }
}

static void a_seed_says_it_all(void)
{
    run(11);
    uint64_t first = digest;
    run(12);
    check(digest != first);
    run(11);
    check(digest == first);
}

int main(void)
{
    RUN(each_publication_is_answered_once_whatever_breaks);
    RUN(what_goes_back_goes_back_at_a_break_only);
    RUN(nobody_misses_an_entry);
    RUN(a_seed_says_it_all);
    return tap_done();
}
