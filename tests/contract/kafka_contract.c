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

static rd_kafka_t *producer(void)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char why[256];

    (void)rd_kafka_conf_set(conf, "bootstrap.servers", broker.url, why, sizeof why);
    (void)rd_kafka_conf_set(conf, "log_level", "0", why, sizeof why);
    return xnonnull(rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why));
}

static void put(rd_kafka_t *handle, int number)
{
    char value[128];
    int len = snprintf(value, sizeof value,
                       "{\"id\":\"m%d\",\"roomId\":\"one\",\"userId\":\"u\",\"username\":\"U\","
                       "\"content\":\"hi\",\"type\":\"text\"}",
                       number);

    (void)rd_kafka_producev(handle, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0),
                            RD_KAFKA_V_KEY((void *)(uintptr_t) "one", 3),
                            RD_KAFKA_V_VALUE(value, (size_t)len),
                            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    check(rd_kafka_flush(handle, 10000) == RD_KAFKA_RESP_ERR_NO_ERROR);
}

static void delete_before(rd_kafka_t *handle, int64_t offset)
{
    rd_kafka_topic_partition_list_t *where = rd_kafka_topic_partition_list_new(1);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(handle);

    rd_kafka_topic_partition_list_add(where, topic, 0)->offset = offset;
    rd_kafka_DeleteRecords_t *what = rd_kafka_DeleteRecords_new(where);
    rd_kafka_DeleteRecords(handle, &what, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, 10000);
    check(event != NULL && rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_event_destroy(event);
    rd_kafka_DeleteRecords_destroy(what);
    rd_kafka_queue_destroy(queue);
    rd_kafka_topic_partition_list_destroy(where);
}

static void put_ten_and_delete_six(void)
{
    rd_kafka_t *handle = producer();

    for (int i = 0; i < 10; i++) {
        put(handle, i);
    }
    delete_before(handle, 6);
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
    rd_kafka_t *handle = producer();

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

int main(void)
{
    (void)setvbuf(stdout, NULL, _IOLBF, 0); /* what a test that hangs has said is seen */
    if (!service_installed("kafka") || !service_start(&broker, "kafka")) {
        printf("1..0 # SKIP Kafka is not installed\n");
        return 0;
    }
    RUN(tells_the_same_in_the_same_order_at_two_nodes);
    RUN(says_that_there_is_a_gap_when_what_comes_next_was_deleted);
    RUN(who_ends_while_it_joins_anew_leaves_the_group);
    RUN(loses_and_repeats_nothing_when_the_broker_stands_still);
    RUN(loses_and_repeats_nothing_when_the_broker_is_killed);
    service_finish(&broker);
    return tap_done();
}
