/* Kafka mock: the brokers that librdkafka makes up for tests, with one topic "chat". They are in
 * this process, and can be told to fail. */
#ifndef TESTS_SUPPORT_KAFKA_MOCK_H
#define TESTS_SUPPORT_KAFKA_MOCK_H

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

struct kafka_mock {
    rd_kafka_t *handle;
    rd_kafka_mock_cluster_t *cluster;
    const char *brokers; /* for bootstrap.servers */
};

void kafka_mock_start(struct kafka_mock *k, int partitions);
void kafka_mock_stop(struct kafka_mock *k);

/* Somebody else's record in "chat"; blocks until it is there. partition -1: by its key. */
void kafka_mock_put(struct kafka_mock *k, int partition, const char *key, const char *value);

/* How many records a topic of one partition has had. */
int64_t kafka_mock_count(struct kafka_mock *k, const char *topic);

#endif
