/* Several nodes that share a keyspace, under a virtual clock. */
// SPDX-License-Identifier: MIT
#include "src/cluster/registry.h"

#include <stdio.h>

#include "src/base/memory.h"
#include "tests/support/fake_executor.h"
#include "tests/support/keyspace_fake.h"
#include "tests/support/tap.h"

enum { BEAT_MS = 2000, NODES = 3 };

#define GROUP SPAN("rookery:nodes")

/* A node, and what it has been told. */
struct node {
    struct registry *registry;
    uint64_t connections;
    unsigned number;
    struct bytes news; /* "+b -b ..." */
};

static struct fake_executor fe;
static struct keyspace_fake redis;
static struct node nodes[NODES];
static uint64_t now_ms;

static uint64_t count_connections(void *arg)
{
    return ((struct node *)arg)->connections;
}

static void on_node(void *arg, const struct registry_node *node, bool alive)
{
    struct bytes *news = &((struct node *)arg)->news;

    bytes_add_cstr(news, alive ? "+" : "-");
    bytes_add_span(news, node->record.id);
}

static void on_number(void *arg, unsigned number)
{
    ((struct node *)arg)->number = number;
}

static void turn_at(uint64_t at_ms)
{
    now_ms = at_ms;
    do {
        fake_executor_turn(&fe, now_ms);
    } while (fake_executor_has_tasks(&fe));
}

/* So much later, in steps that are shorter than a heartbeat. */
static void pass(unsigned ms)
{
    uint64_t end_ms = now_ms + ms;

    while (now_ms < end_ms) {
        turn_at(end_ms - now_ms > 100 ? now_ms + 100 : end_ms);
    }
}

static void start(unsigned i, unsigned number)
{
    static const char *const ids[] = {"a", "b", "c"};
    char address[16];
    int len = snprintf(address, sizeof address, "h:%u", i);
    const struct registry_options options = {
        .id = span_cstr(ids[i]),
        .name = SPAN("name"),
        .address = span_of(address, (size_t)len),
        .adapter = SPAN("classic"),
        .number = number,
        .started_ms = 1000 + i,
        .heartbeat_ms = BEAT_MS,
        .connections = count_connections,
        .on_node = on_node,
        .on_number = on_number,
        .arg = &nodes[i],
    };

    nodes[i].registry = registry_create(&fe.executor, &options);
    registry_start(nodes[i].registry, &redis.keyspace);
}

static void begin(void)
{
    fake_executor_init(&fe, 0);
    (void)fake_executor_enter(&fe);
    keyspace_fake_init(&redis, &fe.executor);
    memset(nodes, 0, sizeof nodes);
    now_ms = 1000000;
    turn_at(now_ms);
}

/* Dies without a word, but for what it holds. */
static void stop(unsigned i, bool in_order)
{
    bool swallow = redis.down;

    redis.down = swallow || !in_order;
    registry_leave(nodes[i].registry);
    redis.down = swallow;
    turn_at(now_ms);
    registry_destroy(nodes[i].registry);
    nodes[i].registry = NULL;
}

static void end(void)
{
    for (unsigned i = 0; i < NODES; i++) {
        if (nodes[i].registry != NULL) {
            stop(i, true);
        }
        bytes_finish(&nodes[i].news);
    }
    keyspace_fake_finish(&redis);
    fake_executor_finish(&fe);
}

/* What node i has been told since the last time. */
static bool told(unsigned i, const char *news)
{
    bool same = span_eq(bytes_span(&nodes[i].news), span_cstr(news));

    if (!same) {
        printf("# told %.*s\n", (int)nodes[i].news.len, (const char *)nodes[i].news.data);
    }
    bytes_clear(&nodes[i].news);
    return same;
}

static void both(void)
{
    begin();
    start(0, 7);
    start(1, 8);
    pass(2 * BEAT_MS);
    check(told(0, "+b") && told(1, "+a"));
}

static void collect(const struct registry_node *node, void *arg)
{
    struct bytes *out = arg;

    bytes_add_span(out, node->record.id);
    bytes_add_cstr(out, node->self ? "*" : "");
    bytes_add_byte(out, ' ');
    bytes_add_span(out, node->record.address);
    bytes_add_byte(out, ' ');
    bytes_add_u64(out, node->record.connections);
    bytes_add_byte(out, ';');
}

static bool shows(unsigned i, const char *want)
{
    struct bytes got = {0};

    registry_each(nodes[i].registry, collect, &got);
    bool same = span_eq(bytes_span(&got), span_cstr(want));
    if (!same) {
        printf("# shows %.*s\n", (int)got.len, (const char *)got.data);
    }
    bytes_finish(&got);
    return same;
}

static void nodes_see_each_other_this_one_first(void)
{
    both();
    nodes[0].connections = 5;
    pass(2 * BEAT_MS);
    check(shows(0, "a* h:0 5;b h:1 0;") && shows(1, "b* h:1 0;a h:0 5;"));
    check(registry_count(nodes[0].registry) == 2);
    check(told(0, "") && told(1, ""));
    end();
}

static void who_comes_later_is_seen_within_a_heartbeat(void)
{
    both();
    start(2, 9);
    pass(BEAT_MS);
    check(told(0, "+c") && told(1, "+c"));
    pass(BEAT_MS);
    check(registry_count(nodes[2].registry) == 3);
    end();
}

static void who_is_asked_for_is_looked_for_at_once(void)
{
    char address[NODE_ADDRESS_SIZE];

    begin();
    start(0, 1);
    pass(100);
    start(1, 2);
    turn_at(now_ms + 10);
    check(!registry_address_of(nodes[0].registry, 2, address));
    registry_look(nodes[0].registry);
    registry_look(nodes[0].registry);
    turn_at(now_ms + 10);
    check(registry_address_of(nodes[0].registry, 2, address));
    stop(0, true);
    stop(1, true);
    end();
}

static void who_leaves_in_order_is_missed_within_a_heartbeat(void)
{
    both();
    stop(1, true);
    check(keyspace_fake_get(&redis, SPAN(""), SPAN("rookery:number:8")).data == NULL);
    pass(BEAT_MS);
    check(told(0, "-b") && shows(0, "a* h:0 0;"));
    end();
}

static void who_dies_is_missed_when_its_time_is_over(void)
{
    both();
    stop(1, false);
    pass((NODE_TTL_BEATS - 1) * BEAT_MS);
    check(told(0, ""));
    pass(2 * BEAT_MS);
    check(told(0, "-b"));
    end();
}

/* Its record stays in Redis, by whatever clock Redis has, but never changes. */
static void who_is_silent_is_missed_by_our_own_clock_once(void)
{
    both();
    stop(1, false);
    keyspace_fake_set(&redis, GROUP, SPAN("b"), SPAN("{\"id\":\"b\"}"), 1000000);
    pass((NODE_TTL_BEATS + 1) * BEAT_MS);
    check(told(0, "-b") && shows(0, "a* h:0 0;"));
    pass(10 * BEAT_MS);
    check(told(0, ""));
    keyspace_fake_set(&redis, GROUP, SPAN("b"), SPAN("{\"id\":\"b\",\"uptime\":1}"), 1000000);
    pass(BEAT_MS);
    check(told(0, "+b"));
    end();
}

static void redis_that_is_away_is_nobodys_death(void)
{
    both();
    redis.down = true;
    pass(20 * BEAT_MS);
    check(told(0, "") && told(1, "") && registry_count(nodes[0].registry) == 2);
    redis.down = false;
    pass(10 * BEAT_MS);
    check(told(0, "") && told(1, "") && registry_count(nodes[0].registry) == 2);
    end();
}

static void who_has_died_meanwhile_is_missed_one_ttl_after_the_return(void)
{
    both();
    redis.down = true;
    pass(BEAT_MS);
    stop(1, true);
    pass(20 * BEAT_MS);
    redis.down = false;
    pass(NODE_TTL_BEATS * BEAT_MS);
    check(told(0, ""));
    pass(2 * BEAT_MS);
    check(told(0, "-b"));
    end();
}

/* Too short for a heartbeat to fail in it; only the bus tells. */
static void a_redis_that_comes_back_empty_is_nobodys_death(void)
{
    both();
    pass(BEAT_MS / 2);
    registry_set_up(nodes[0].registry, false);
    keyspace_fake_forget(&redis);
    registry_set_up(nodes[0].registry, true);
    pass(10 * BEAT_MS);
    check(told(0, "") && registry_count(nodes[0].registry) == 2);
    end();
}

static void numbers_are_claimed_and_lead_to_addresses(void)
{
    char address[NODE_ADDRESS_SIZE];

    both();
    check(registry_number(nodes[0].registry) == 7 && registry_number(nodes[1].registry) == 8);
    check(nodes[0].number == 7 && nodes[1].number == 8);
    pass(2 * BEAT_MS);
    check(registry_address_of(nodes[0].registry, 8, address) && strcmp(address, "h:1") == 0);
    check(!registry_address_of(nodes[0].registry, 9, address));
    check(!registry_address_of(nodes[0].registry, 0, address));
    registry_set_address(nodes[1].registry, SPAN("other:2"));
    pass(2 * BEAT_MS);
    check(registry_address_of(nodes[0].registry, 8, address) && strcmp(address, "other:2") == 0);
    end();
}

/* Or what is asked of it would be refused until the next heartbeat. */
static void check_that_who_is_seen_has_a_number(void)
{
    char address[NODE_ADDRESS_SIZE];

    for (unsigned i = 0; i < 40; i++) {
        turn_at(now_ms + BEAT_MS / 10);
        check(registry_count(nodes[0].registry) == 1 ||
              registry_address_of(nodes[0].registry, 8, address));
        check(registry_count(nodes[1].registry) == 1 ||
              registry_address_of(nodes[1].registry, 7, address));
    }
    check(registry_count(nodes[0].registry) == 2 && registry_count(nodes[1].registry) == 2);
}

static void who_is_seen_has_a_number(void)
{
    begin();
    start(0, 7);
    start(1, 8);
    check_that_who_is_seen_has_a_number();
    end();
}

static void who_is_seen_has_a_number_when_redis_comes_in_between(void)
{
    begin();
    redis.down = true;
    start(0, 7);
    start(1, 8);
    while (!fake_executor_has_tasks(&fe)) { /* until it was asked */
        fake_executor_turn(&fe, ++now_ms);
    }
    redis.down = false;
    check_that_who_is_seen_has_a_number();
    end();
}

static void a_number_that_is_taken_is_left_to_who_has_it(void)
{
    begin();
    start(0, 7);
    start(1, 7);
    nodes[1].number = 7; /* what it has taken for its own meanwhile */
    pass(BEAT_MS / 2);
    check(nodes[0].number == 7 && nodes[1].number == 0);
    pass(4 * BEAT_MS);
    check(registry_number(nodes[0].registry) == 7);
    check(registry_number(nodes[1].registry) != 7 && registry_number(nodes[1].registry) != 0);
    end();
}

static void a_number_is_kept_over_an_outage_unless_somebody_has_it(void)
{
    both();
    redis.down = true;
    pass(20 * BEAT_MS);
    check(registry_number(nodes[0].registry) == 7);
    keyspace_fake_forget(&redis);
    keyspace_fake_set(&redis, SPAN(""), SPAN("rookery:number:8"), SPAN("z"), 1000000);
    redis.down = false;
    pass(4 * BEAT_MS);
    check(registry_number(nodes[0].registry) == 7);
    check(registry_number(nodes[1].registry) != 8 && registry_number(nodes[1].registry) != 0);
    check(nodes[1].number == registry_number(nodes[1].registry));
    pass(20 * BEAT_MS);
    check(span_eq(keyspace_fake_get(&redis, SPAN(""), SPAN("rookery:number:7")), SPAN("a")));
    end();
}

static void what_cannot_be_read_is_left_out_and_counted(void)
{
    both();
    keyspace_fake_set(&redis, GROUP, SPAN("x"), SPAN("{"), 1000000);
    keyspace_fake_set(&redis, GROUP, SPAN("y"), SPAN("{\"id\":\"z\"}"), 1000000);
    pass(BEAT_MS);
    check(told(0, "") && registry_ignored(nodes[0].registry) == 2);
    end();
}

static void who_starts_without_redis_joins_when_it_comes(void)
{
    begin();
    redis.down = true;
    start(0, 7);
    start(1, 8);
    pass(5 * BEAT_MS);
    check(told(0, "") && registry_number(nodes[0].registry) == 0);
    check(shows(0, "a* h:0 0;"));
    redis.down = false;
    pass(2 * BEAT_MS);
    check(told(0, "+b") && told(1, "+a") && registry_number(nodes[0].registry) == 7);
    end();
}

int main(void)
{
    RUN(nodes_see_each_other_this_one_first);
    RUN(who_comes_later_is_seen_within_a_heartbeat);
    RUN(who_is_asked_for_is_looked_for_at_once);
    RUN(who_leaves_in_order_is_missed_within_a_heartbeat);
    RUN(who_dies_is_missed_when_its_time_is_over);
    RUN(who_is_silent_is_missed_by_our_own_clock_once);
    RUN(redis_that_is_away_is_nobodys_death);
    RUN(who_has_died_meanwhile_is_missed_one_ttl_after_the_return);
    RUN(a_redis_that_comes_back_empty_is_nobodys_death);
    RUN(numbers_are_claimed_and_lead_to_addresses);
    RUN(who_is_seen_has_a_number);
    RUN(who_is_seen_has_a_number_when_redis_comes_in_between);
    RUN(a_number_that_is_taken_is_left_to_who_has_it);
    RUN(a_number_is_kept_over_an_outage_unless_somebody_has_it);
    RUN(what_cannot_be_read_is_left_out_and_counted);
    RUN(who_starts_without_redis_joins_when_it_comes);
    return tap_done();
}
