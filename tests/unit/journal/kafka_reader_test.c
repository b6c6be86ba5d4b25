// SPDX-License-Identifier: MIT
/* The two readers of the log take turns, and nobody who listens notices. */
#include <stdlib.h>
#include <time.h>

#include "src/base/memory.h"
#include "src/journal/kafka_journal.h"
#include "tests/support/kafka_mock.h"
#include "tests/support/kafka_node.h"
#include "tests/support/tap.h"

enum { PARTITIONS = 3, MORE = 50 };

static struct kafka_mock mock;
static struct node nodes[2];

/* The brokers that are made up answer a fetch that waits when its time is over, and not before. */
static void open_node(struct node *n)
{
    const struct journal_kafka_options kafka = {.brokers = mock.brokers,
                                                .topic = "chat",
                                                .client_id = "test",
                                                .linger_ms = 0,
                                                .timeout_ms = WAIT_MS,
                                                .away_ms = WAIT_MS,
                                                .settings = "fetch.wait.max.ms=5"};

    if (!node_open(n, &kafka, 0, NULL)) {
        exit(1);
    }
}

static enum kafka_pace pace_of(struct node *n)
{
    struct kafka_journal *j = container_of(n->journal, struct kafka_journal, journal);

    lock_enter(&j->turn);
    enum kafka_pace pace = j->pace;
    lock_leave(&j->turn);
    return pace;
}

static uint64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* One is said at the second node, and heard at the first. */
static void say(size_t *told)
{
    static const char *const rooms[] = {"one", "two", "three", "four"};
    struct letter l;
    char id[32];

    (void)snprintf(id, sizeof id, "m%zu", *told);
    check(letter_post(&l, &nodes[1], rooms[*told % 4], id) == 0);
    check(letter_await(&l) == 0);
    (*told)++;
    check(node_await(&nodes[0], *told));
}

static void reads_on_while_the_reader_changes_with_the_load_and_back(void)
{
    const struct timespec pause = {.tv_nsec = 10 * 1000000};
    uint64_t until_ms;
    size_t told = 0;

    kafka_mock_start(&mock, PARTITIONS);
    open_node(&nodes[0]);
    open_node(&nodes[1]);
    check(pace_of(&nodes[0]) == KAFKA_EAGER);
    until_ms = now_ms() + WAIT_MS;
    while (pace_of(&nodes[0]) == KAFKA_EAGER && now_ms() < until_ms) {
        say(&told);
    }
    check(pace_of(&nodes[0]) == KAFKA_THRIFTY);
    for (int i = 0; i < MORE; i++) {
        say(&told);
    }
    until_ms = now_ms() + WAIT_MS;
    while (pace_of(&nodes[0]) == KAFKA_THRIFTY && now_ms() < until_ms) {
        (void)nanosleep(&pause, NULL);
    }
    check(pace_of(&nodes[0]) == KAFKA_EAGER);
    for (int i = 0; i < MORE; i++) {
        say(&told);
    }
    check(node_await(&nodes[1], told));
    check(node_is_ordered(&nodes[0]) && node_is_ordered(&nodes[1]));
    check(nodes[0].by_log == told && nodes[0].gaps == 0);
    check(node_same(&nodes[0], &nodes[1]));
    node_close(&nodes[1]);
    node_close(&nodes[0]);
    check(!nodes[0].is_wrong && !nodes[1].is_wrong);
    kafka_mock_stop(&mock);
}

int main(void)
{
    RUN(reads_on_while_the_reader_changes_with_the_load_and_back);
    return tap_done();
}
