/* Feeds of Kafka, over the brokers that librdkafka makes up for tests; or, where ROOKERY_TEST_KAFKA
 * names some, over real ones. */
// SPDX-License-Identifier: MIT
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "src/journal/journal_kafka.h"
#include "src/journal/journal_value.h"
#include "tests/contract/feed_bed.h"

enum { NAME_MAX_BYTES = 64, REJECTED_MS = 20000 };

const bool feed_bed_has_places = true;
const bool feed_bed_is_shared = true;

static rd_kafka_mock_cluster_t *cluster;
static rd_kafka_t *producer, *letters;
static char brokers[FEED_BED_ADDRESS_MAX / 2], topic[NAME_MAX_BYTES], dead[NAME_MAX_BYTES + 4];

static rd_kafka_t *handle_new(rd_kafka_type_t type, const char *const settings[][2])
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char why[256];

    for (; (*settings)[0] != NULL; settings++) {
        if (rd_kafka_conf_set(conf, (*settings)[0], (*settings)[1], why, sizeof why) != 0) {
            abort();
        }
    }
    rd_kafka_t *handle = rd_kafka_new(type, conf, why, sizeof why);
    if (handle == NULL) {
        abort();
    }
    return handle;
}

static void mock_brokers(void)
{
    static const char *const none[][2] = {{NULL, NULL}};
    static rd_kafka_t *owner;

    if (owner == NULL) {
        owner = handle_new(RD_KAFKA_PRODUCER, none);
        cluster = rd_kafka_mock_cluster_new(owner, 1);
        (void)snprintf(brokers, sizeof brokers, "%s", rd_kafka_mock_cluster_bootstraps(cluster));
    } else {
        rd_kafka_mock_cluster_destroy(cluster);
        rd_kafka_destroy(owner);
    }
}

const char *feed_bed_start(void)
{
    const char *real = getenv("ROOKERY_TEST_KAFKA");

    if (real != NULL) {
        (void)snprintf(brokers, sizeof brokers, "%s", real);
    } else {
        mock_brokers();
    }
    const char *const settings[][2] = {{"bootstrap.servers", brokers},
                                       {"partitioner", "murmur2"},
                                       {"linger.ms", "0"},
                                       {NULL, NULL}};
    producer = handle_new(RD_KAFKA_PRODUCER, settings);
    return NULL;
}

static void letters_close(void)
{
    if (letters != NULL) {
        (void)rd_kafka_consumer_close(letters);
        rd_kafka_destroy(letters);
        letters = NULL;
    }
}

void feed_bed_stop(void)
{
    letters_close();
    rd_kafka_destroy(producer);
    if (cluster != NULL) {
        mock_brokers();
    }
}

static void topic_new(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    (void)snprintf(topic, sizeof topic, "chat-%lld-%ld", (long long)now.tv_sec, now.tv_nsec);
    (void)snprintf(dead, sizeof dead, "%s-dlq", topic);
    if (cluster != NULL) {
        (void)rd_kafka_mock_topic_create(cluster, topic, FEED_BED_PARTITIONS, 1);
        (void)rd_kafka_mock_topic_create(cluster, dead, FEED_BED_PARTITIONS, 1);
    }
}

void feed_bed_fresh(void)
{
    letters_close();
    topic_new();
    if (cluster == NULL) { /* opening makes the topics, and the producer knows them then */
        const uint64_t zeros[FEED_BED_PARTITIONS] = {0};
        struct feed *feed = feed_bed_open(zeros);
        feed->ops->close(feed);
    }
}

void feed_bed_address(char address[FEED_BED_ADDRESS_MAX])
{
    (void)snprintf(address, FEED_BED_ADDRESS_MAX, "%s %s", brokers, topic);
}

void feed_bed_join(const char *address)
{
    if (sscanf(address, "%127s %63s", brokers, topic) != 2) {
        abort();
    }
    (void)snprintf(dead, sizeof dead, "%s-dlq", topic);
}

struct feed *feed_bed_open(const uint64_t positions[FEED_BED_PARTITIONS])
{
    static const uint64_t bases[FEED_BED_PARTITIONS] = {1000, 2000, 3000, 4000};
    const struct journal_kafka_options options = {
        .brokers = brokers,
        .topic = topic,
        .reject_topic = dead,
        .group = topic,
        .create = cluster == NULL,
        .partitions = FEED_BED_PARTITIONS,
        .settings = "session.timeout.ms=6000, heartbeat.interval.ms=300",
    };
    struct bytes why = {0};
    struct feed *feed = feed_kafka_open(&options, FEED_BED_PARTITIONS, bases, positions, &why);

    if (feed == NULL) {
        (void)fprintf(stderr, "# %.*s\n", (int)why.len, (const char *)why.data);
        abort();
    }
    bytes_finish(&why);
    return feed;
}

static void put(struct span key, struct span value)
{
    if (rd_kafka_producev(producer, RD_KAFKA_V_TOPIC(topic),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                          RD_KAFKA_V_KEY((void *)(uintptr_t)key.data, key.len),
                          RD_KAFKA_V_VALUE((void *)(uintptr_t)value.data, value.len),
                          RD_KAFKA_V_END) != RD_KAFKA_RESP_ERR_NO_ERROR ||
        rd_kafka_flush(producer, REJECTED_MS) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        abort();
    }
}

void feed_bed_append(const struct message *m)
{
    struct bytes value = {0};

    journal_value_write(&value, m);
    put(m->room, bytes_span(&value));
    bytes_finish(&value);
}

void feed_bed_put(struct span value)
{
    put(SPAN("key"), value);
}

static void letters_open(void)
{
    const char *const settings[][2] = {{"bootstrap.servers", brokers},
                                       {"group.id", dead},
                                       {"auto.offset.reset", "earliest"},
                                       {NULL, NULL}};
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

    letters = handle_new(RD_KAFKA_CONSUMER, settings);
    (void)rd_kafka_poll_set_consumer(letters);
    for (int i = 0; i < FEED_BED_PARTITIONS; i++) {
        rd_kafka_topic_partition_list_add(list, dead, i)->offset = 0;
    }
    (void)rd_kafka_assign(letters, list);
    rd_kafka_topic_partition_list_destroy(list);
}

bool feed_bed_take_rejected(struct bytes *value, struct bytes *reason)
{
    rd_kafka_headers_t *headers;
    const void *text;
    size_t len;

    if (letters == NULL) {
        letters_open();
    }
    rd_kafka_message_t *m = rd_kafka_consumer_poll(letters, REJECTED_MS);
    bool ok = m != NULL && m->err == 0 && rd_kafka_message_headers(m, &headers) == 0 &&
              rd_kafka_header_get_last(headers, "reason", &text, &len) == 0;
    if (ok) {
        bytes_add(value, m->payload, m->len);
        bytes_add(reason, text, len);
    }
    if (m != NULL) {
        rd_kafka_message_destroy(m);
    }
    return ok;
}
