// SPDX-License-Identifier: MIT
#include "tests/support/kafka_mock.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static rd_kafka_t *producer_of(const char *brokers)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char why[256];

    if (brokers != NULL) {
        (void)rd_kafka_conf_set(conf, "bootstrap.servers", brokers, why, sizeof why);
    }
    (void)rd_kafka_conf_set(conf, "log_level", "0", why, sizeof why);
    (void)rd_kafka_conf_set(conf, "partitioner", "murmur2", why, sizeof why);
    rd_kafka_t *handle = rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why);
    if (handle == NULL) {
        abort();
    }
    return handle;
}

void kafka_mock_start(struct kafka_mock *k, int partitions)
{
    k->handle = producer_of(NULL);
    k->cluster = rd_kafka_mock_cluster_new(k->handle, 1);
    k->brokers = rd_kafka_mock_cluster_bootstraps(k->cluster);
    (void)rd_kafka_mock_topic_create(k->cluster, "chat", partitions, 1);
}

void kafka_mock_stop(struct kafka_mock *k)
{
    rd_kafka_mock_cluster_destroy(k->cluster);
    rd_kafka_destroy(k->handle);
}

void kafka_mock_put(struct kafka_mock *k, int partition, const char *key, const char *value)
{
    rd_kafka_t *producer = producer_of(k->brokers);

    (void)rd_kafka_producev(producer, RD_KAFKA_V_TOPIC("chat"), RD_KAFKA_V_PARTITION(partition),
                            RD_KAFKA_V_KEY((void *)(uintptr_t)key, strlen(key)),
                            RD_KAFKA_V_VALUE((void *)(uintptr_t)value, strlen(value)),
                            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    if (rd_kafka_flush(producer, 10000) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        abort();
    }
    rd_kafka_destroy(producer);
}

int64_t kafka_mock_count(struct kafka_mock *k, const char *topic)
{
    rd_kafka_t *asker = producer_of(k->brokers);
    int64_t low, high = -1;

    (void)rd_kafka_query_watermark_offsets(asker, topic, 0, &low, &high, 10000);
    rd_kafka_destroy(asker);
    return high;
}
