// SPDX-License-Identifier: MIT
/* What is published reaches whoever is subscribed. Outages: bus_outage_contract.c; streams:
 * bus_stream_contract.c. */
#include <stdlib.h>

#include "src/base/memory.h"
#include "tests/contract/bus_bed.h"
#include "tests/contract/redis_loop.h"

static void all_that_are_subscribed_hear_it_in_order_the_publisher_too(void)
{
    enum { MESSAGES = 2000 };
    static struct probe probes[MESSAGES];
    start();
    struct member *a = join(), *b = join(), *c = join();

    subscribe(a, BUS_CHANNEL, "c");
    subscribe(b, BUS_CHANNEL, "c");
    for (unsigned i = 0; i < MESSAGES; i++) {
        publish_number(a, "c", i, probe(&probes[i]));
        check(probes[i].done == 0);
    }
    wait_until(b->heard_count == MESSAGES && a->heard_count == MESSAGES);
    check(heard_all(a, 0, MESSAGES, 0));
    check(heard_all(b, 0, MESSAGES, 0));
    check(c->heard_count == 0);
    wait_until(a->counts.published == MESSAGES);
    check(all_went_well(probes, MESSAGES));
    check(a->counts.received == MESSAGES && a->counts.bytes_received == 5ULL * MESSAGES);
    check(a->counts.bytes_published == 6ULL * MESSAGES && a->counts.kept == 0);
    stop();
}

static void a_prefix_is_not_a_pattern(void)
{
    start();
    struct member *a = join();

    subscribe(a, BUS_PREFIX, "r[*]?\\^-]#");
    publish(a, BUS_CHANNEL, "r[*]?\\^-]#1", "x", NULL);
    publish(a, BUS_CHANNEL, "r*", "no", NULL);
    publish(a, BUS_CHANNEL, "r**\\^-]#", "no", NULL);
    publish(a, BUS_CHANNEL, "r[*]?\\^-]#", "y", NULL);
    wait_until(a->heard_count == 2);
    check_text(a->heard, "P r[*]?\\^-]#1 x\nP r[*]?\\^-]# y\n");
    a->bus->ops->unsubscribe(a->bus, BUS_PREFIX, SPAN("r[*]?\\^-]#"));
    check(a->counts.subscriptions == 0);
    stop();
}

static void a_name_of_one_kind_is_not_that_of_another(void)
{
    start();
    struct member *a = join();

    subscribe(a, BUS_CHANNEL, "c");
    subscribe(a, BUS_SHARD, "c");
    subscribe(a, BUS_SHARD, "s");
    publish(a, BUS_SHARD, "c", "1", NULL);
    wait_until(a->heard_count == 1);
    publish(a, BUS_CHANNEL, "s", "no", NULL);
    publish(a, BUS_CHANNEL, "c", "2", NULL);
    wait_until(a->heard_count == 2);
    check_text(a->heard, "S c 1\nC c 2\n");
    check(a->counts.subscriptions == 3);
    check(number_of(a, BUS_SHARD, "c") == 1 && number_of(a, BUS_SHARD, "t") == 0);
    stop();
}

static void a_subscriber_is_counted_once_and_no_longer_when_it_is_gone(void)
{
    start();
    struct member *a = join(), *b = join();

    subscribe(a, BUS_CHANNEL, "c");
    subscribe(a, BUS_CHANNEL, "c");
    subscribe(a, BUS_PREFIX, "c");
    subscribe(b, BUS_CHANNEL, "c");
    check(number_of(a, BUS_CHANNEL, "c") == 2);
    b->bus->ops->unsubscribe(b->bus, BUS_CHANNEL, SPAN("c"));
    wait_until(number_of(a, BUS_CHANNEL, "c") == 1);
    leave(a);
    wait_until(number_of(b, BUS_CHANNEL, "c") == 0);
    stop();
}

static void what_is_unwished_in_the_same_turn_is_not_heard(void)
{
    struct probe p;
    start();
    struct member *a = join();

    a->bus->ops->subscribe(a->bus, BUS_CHANNEL, SPAN("c"), probe(&p));
    a->bus->ops->unsubscribe(a->bus, BUS_CHANNEL, SPAN("c"));
    wait_until(p.done == 1);
    subscribe(a, BUS_CHANNEL, "d");
    publish(a, BUS_CHANNEL, "c", "no", NULL);
    publish(a, BUS_CHANNEL, "d", "yes", NULL);
    wait_until(a->heard_count == 1);
    check_text(a->heard, "C d yes\n");
    stop();
}

/* INFO commandstats: how many of those commands there have been. */
struct stats_probe {
    struct redis_call call;
    bool done;
    unsigned subscribes, unsubscribes;
};

static unsigned calls_of(const char *info, const char *command)
{
    const char *at = strstr(info, command);
    return at == NULL ? 0 : (unsigned)strtoul(at + strlen(command), NULL, 10);
}

static void on_stats(struct redis_call *call, int error, const struct redis_reply *reply)
{
    struct stats_probe *p = container_of(call, struct stats_probe, call);
    struct bytes text = {0};

    check(error == 0);
    bytes_add_span(&text, reply->text);
    bytes_add_byte(&text, 0);
    p->subscribes = calls_of((const char *)text.data, "cmdstat_subscribe:calls=");
    p->unsubscribes = calls_of((const char *)text.data, "cmdstat_unsubscribe:calls=");
    bytes_finish(&text);
    p->done = true;
}

static void check_few_commands(void)
{
    struct stats_probe p = {.call.on_reply = on_stats};
    const struct span args[] = {SPAN("INFO"), SPAN("commandstats")};

    wait_until(redis_up(redis_loop.bystander));
    redis_command(redis_loop.bystander, (struct span){0}, args, 2, &p.call);
    wait_until(p.done);
    printf("# SUBSCRIBE %u times, UNSUBSCRIBE %u times\n", p.subscribes, p.unsubscribes);
    check(p.subscribes >= 1 && p.subscribes <= 20 && p.unsubscribes <= 20);
}

static void ten_thousand_names_cost_few_round_trips(void)
{
    enum { NAMES = 10000 };
    static struct probe probes[NAMES];
    char name[16];
    start();
    struct member *a = join();

    for (unsigned i = 0; i < NAMES; i++) {
        (void)snprintf(name, sizeof name, "room%u", i);
        a->bus->ops->subscribe(a->bus, BUS_CHANNEL, span_cstr(name), probe(&probes[i]));
    }
    check(a->counts.subscriptions == NAMES);
    wait_until(probes[NAMES - 1].done == 1);
    check(all_went_well(probes, NAMES));
    check(number_of(a, BUS_CHANNEL, "room9999") == 1);
    for (unsigned i = 0; i < NAMES; i++) {
        (void)snprintf(name, sizeof name, "room%u", i);
        a->bus->ops->unsubscribe(a->bus, BUS_CHANNEL, span_cstr(name));
    }
    check(a->counts.subscriptions == 0);
    wait_until(number_of(a, BUS_CHANNEL, "room9999") == 0);
    if (back_end == &redis_back_end) {
        check_few_commands();
    }
    stop();
}

static void all(void)
{
    RUN(all_that_are_subscribed_hear_it_in_order_the_publisher_too);
    RUN(a_prefix_is_not_a_pattern);
    RUN(a_name_of_one_kind_is_not_that_of_another);
    RUN(a_subscriber_is_counted_once_and_no_longer_when_it_is_gone);
    RUN(what_is_unwished_in_the_same_turn_is_not_heard);
    RUN(ten_thousand_names_cost_few_round_trips);
}

int main(void)
{
    return ask_each_bus(all);
}
