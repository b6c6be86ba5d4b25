// SPDX-License-Identifier: MIT
/* Two nodes on a topic of a real broker, which dies, stands still and forgets. */
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "src/base/memory.h"
#include "src/journal/kafka_group.h"
#include "tests/support/kafka_node.h"
#include "tests/support/kafka_other.h"
#include "tests/support/service.h"
#include "tests/support/tap.h"

enum { EACH = 3000, IN_FLIGHT = 40, PARTITIONS = 3, ROOMS = 7 };

static struct service broker;
static struct node nodes[2];
static const char *topic;
static bool is_slow; /* so slow that there is time for something to happen */

static struct journal_kafka_options options_for(const char *name)
{
    topic = name;
    return (struct journal_kafka_options){.brokers = broker.url,
                                          .topic = name,
                                          .client_id = "test",
                                          .create = true,
                                          .partitions = PARTITIONS,
                                          .linger_ms = 2,
                                          .timeout_ms = 3000,
                                          .away_ms = 800};
}

static void nap(void)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    (void)nanosleep(&pause, NULL);
}

/* As a client does: again under the same id, until it is acknowledged. */
static void insist(struct letter *l, struct node *n, unsigned number)
{
    static const char *const rooms[ROOMS] = {"one", "two", "three", "four", "five", "six", "seven"};

    while (letter_append(l, n, rooms[number % ROOMS], MESSAGE_SAY) != 0) {
        nap();
    }
}

static void *send_many(void *arg)
{
    struct node *n = arg;
    struct letter *letters = xcalloc(IN_FLIGHT, sizeof *letters);

    for (unsigned i = 0; i < EACH + IN_FLIGHT; i++) {
        struct letter *l = &letters[i % IN_FLIGHT];
        while (i >= IN_FLIGHT && letter_await(l) != 0) {
            insist(l, n, i - IN_FLIGHT);
        }
        if (i < EACH) {
            (void)snprintf(l->id, sizeof l->id, "%d-%u", (int)(n - nodes), i);
            insist(l, n, i);
        }
        if (is_slow && i % 4 == 0) {
            nap();
        }
    }
    free(letters);
    return NULL;
}

static void start(const char *name, bool slowly, pthread_t threads[2])
{
    is_slow = slowly;
    const struct journal_kafka_options options = options_for(name);

    for (int i = 0; i < 2; i++) {
        check(node_open(&nodes[i], &options, 0, NULL));
    }
    for (int i = 0; i < 2; i++) {
        check(pthread_create(&threads[i], NULL, send_many, &nodes[i]) == 0);
    }
}

/* All that both appended was told by both, once, and in the same order. */
static void finish(pthread_t threads[2])
{
    for (int i = 0; i < 2; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    for (int i = 0; i < 2; i++) {
        check(node_await(&nodes[i], 2 * EACH));
        struct journal_figures f = node_figures(&nodes[i]);
        printf("# told %zu, by the log %zu, failed %d, refused %d, repeated %d\n", nodes[i].count,
               nodes[i].by_log, (int)f.failed, (int)f.refused_away, (int)f.repeated);
        check(f.queue_messages == 0 && f.is_up && f.gaps == 0);
        node_close(&nodes[i]);
        check(node_is_ordered(&nodes[i]));
        check(!nodes[i].is_wrong);
    }
    check(node_same(&nodes[0], &nodes[1]));
}

static void await_part(void)
{
    while (node_told(&nodes[0]) < EACH / 2) {
        nap();
    }
}

static void await_away(void)
{
    while (node_figures(&nodes[0]).is_up || node_figures(&nodes[1]).is_up) {
        nap();
    }
}

static void tells_the_same_in_the_same_order_at_two_nodes(void)
{
    pthread_t threads[2];

    start("order", false, threads);
    finish(threads);
}

static void loses_and_repeats_nothing_when_the_broker_is_killed(void)
{
    pthread_t threads[2];

    start("killed", true, threads);
    await_part();
    check(service_kill(&broker, NULL));
    await_away();
    check(service_up(&broker));
    finish(threads);
}

static void loses_and_repeats_nothing_when_the_broker_stands_still(void)
{
    pthread_t threads[2];

    start("still", true, threads);
    await_part();
    check(service_pause(&broker, NULL));
    await_away();
    while (node_figures(&nodes[0]).failed == 0) { /* what the broker has in its socket is stored */
        nap();
    }
    check(service_resume(&broker, NULL));
    finish(threads);
}

/* ---- what was deleted before it was told ---- */

static void put_ten_and_delete_six(void)
{
    rd_kafka_t *handle = kafka_other_open(broker.url, NULL);

    for (int i = 0; i < 10; i++) {
        kafka_other_put(handle, topic, i);
    }
    kafka_other_delete_before(handle, topic, 6);
    rd_kafka_destroy(handle);
}

static void says_that_there_is_a_gap_when_what_comes_next_was_deleted(void)
{
    struct journal_kafka_options options = options_for("gap");
    struct letter l;

    options.partitions = 1;
    check(node_open(&nodes[0], &options, 0, put_ten_and_delete_six));
    check(node_await(&nodes[0], 4));
    check(node_figures(&nodes[0]).gaps == 1);
    check(strcmp(nodes[0].told[0].id, "m6") == 0);
    check(nodes[0].told[0].place == node_base(&nodes[0], "one") + 7);
    check(letter_post(&l, &nodes[0], "one", "mine") == 0 && letter_await(&l) == 0);
    check(l.op.message.offset == node_base(&nodes[0], "one") + 11);
    check(node_await(&nodes[0], 5));
    node_close(&nodes[0]);
}

/* ---- a topic that is made anew ---- */

static char said[256];

static void on_problem(void *arg, bool is_lost, const char *line)
{
    (void)snprintf(said, sizeof said, "%s", line);
}

static void await_up(bool is_up)
{
    while (node_figures(&nodes[0]).is_up != is_up) {
        nap();
    }
}

/* What is acknowledged there would have places that others have in the store. */
static void acknowledges_nothing_once_its_topic_was_made_anew(void)
{
    struct journal_kafka_options options = options_for("anew");
    rd_kafka_t *handle = kafka_other_open(broker.url, NULL);
    struct letter l;

    options.on_problem = on_problem;
    check(node_open(&nodes[0], &options, 0, NULL));
    for (int i = 0; i < 3; i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "a%d", i);
        check(letter_post(&l, &nodes[0], "one", id) == 0 && letter_await(&l) == 0);
    }
    kafka_other_change(handle, topic, 0);
    await_up(false);
    check(strstr(said, "kafka-topic: \"anew\": it is not there any more") != NULL);
    kafka_other_change(handle, topic, PARTITIONS);
    await_up(true);
    if (letter_post(&l, &nodes[0], "one", "b") == 0) {
        check(letter_await(&l) == JOURNAL_ESINK);
    }
    await_up(false);
    check(strstr(said, "kafka-topic: \"anew\": partition ") != NULL);
    check(letter_post(&l, &nodes[0], "two", "c") == JOURNAL_EAWAY);
    node_close(&nodes[0]);
    rd_kafka_destroy(handle);
}

/* ---- a group whose members come and go ---- */

struct reader {
    struct feed *feed;
    pthread_t thread;
    atomic_bool is_over;
};

static void *read_on(void *arg)
{
    enum { AT_ONCE = 16, POLL_MS = 20 };
    struct feed_entry *entries[AT_ONCE];
    struct reader *r = arg;

    while (!atomic_load(&r->is_over)) {
        if (r->feed->ops->poll(r->feed, POLL_MS, entries, AT_ONCE) > 0) {
            (void)r->feed->ops->commit(r->feed);
        }
    }
    r->feed->ops->close(r->feed);
    return NULL;
}

static void reader_start(struct reader *r, const char *settings)
{
    static const uint64_t zero;
    struct journal_kafka_options options = options_for("group");
    struct bytes why = {0};

    options.reject_topic = "group-dlq";
    options.group = "group";
    options.partitions = 1;
    options.settings = settings;
    r->feed = xnonnull(feed_kafka_open(&options, 1, &zero, &zero, &why));
    bytes_finish(&why);
    atomic_init(&r->is_over, false);
    check(pthread_create(&r->thread, NULL, read_on, r) == 0);
}

static void reader_end(struct reader *r)
{
    atomic_store(&r->is_over, true);
    (void)pthread_join(r->thread, NULL);
}

static struct kafka_group group_now(rd_kafka_t *handle)
{
    struct kafka_group group = {0};

    while (!kafka_group_ask(handle, "group", 5000, &group)) {
        nap();
    }
    return group;
}

static void await_group(rd_kafka_t *handle, size_t members, bool is_moving)
{
    struct kafka_group group = group_now(handle);

    while (group.members != members || group.is_moving != is_moving) {
        nap();
        group = group_now(handle);
    }
}

/* Otherwise the others would wait for it until its session is over. It has no partition, and asks
 * to join anew when a third comes; that lasts, since the one that has it is told of that late. */
static void who_ends_while_it_joins_anew_leaves_the_group(void)
{
    enum { SLOW, QUICK, NEW, READERS };
    static const struct timespec until_it_asks_anew = {.tv_sec = 1}; /* which nothing shows */
    struct reader readers[READERS];
    rd_kafka_t *handle = kafka_other_open(broker.url, NULL);

    reader_start(&readers[SLOW], "heartbeat.interval.ms=4000");
    await_group(handle, 1, false);
    reader_start(&readers[QUICK], "heartbeat.interval.ms=100");
    await_group(handle, 2, false);
    reader_start(&readers[NEW], NULL);
    await_group(handle, 3, true);
    (void)nanosleep(&until_it_asks_anew, NULL);
    reader_end(&readers[QUICK]);
    check(group_now(handle).members == 2);
    reader_end(&readers[SLOW]);
    reader_end(&readers[NEW]);
    rd_kafka_destroy(handle);
}

/* Which knows its own limit, of about 1 MB. */
static void refuses_for_good_what_the_broker_never_takes(void)
{
    enum { LARGE = 2 << 20 };
    struct journal_kafka_options kafka = options_for("large");
    char *content = xmalloc(LARGE);
    struct letter l;

    memset(content, 'x', LARGE);
    content[0] = content[LARGE - 1] = '"';
    kafka.settings = "message.max.bytes=8000000";
    check(node_open(&nodes[0], &kafka, 0, NULL));
    check(letter_say(&l, &nodes[0], "one", "large", span_of(content, LARGE)) == 0);
    check(letter_await(&l) == JOURNAL_ESIZE);
    while (letter_append(&l, &nodes[0], "one", MESSAGE_SAY) != 0 || letter_await(&l) != 0) {
        nap();
    }
    check(nodes[0].too_large == 1);
    node_close(&nodes[0]);
    free(content);
}

int main(void)
{
    (void)setvbuf(stdout, NULL, _IOLBF, 0); /* what a test that hangs has said is seen */
    if (!service_begin(&broker, "kafka")) {
        return tap_skip("Kafka is not installed");
    }
    RUN(tells_the_same_in_the_same_order_at_two_nodes);
    RUN(refuses_for_good_what_the_broker_never_takes);
    RUN(says_that_there_is_a_gap_when_what_comes_next_was_deleted);
    RUN(acknowledges_nothing_once_its_topic_was_made_anew);
    RUN(who_ends_while_it_joins_anew_leaves_the_group);
    RUN(loses_and_repeats_nothing_when_the_broker_stands_still);
    RUN(loses_and_repeats_nothing_when_the_broker_is_killed);
    service_finish(&broker);
    return tap_done();
}
