// SPDX-License-Identifier: MIT
#include "tests/support/kafka_other.h"

#include <stdio.h>

#include "src/base/memory.h"
#include "tests/support/tap.h"

enum { PATIENCE_MS = 20000 };

rd_kafka_t *kafka_other_open(const char *brokers, const char *transactional_id)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    char why[256];

    (void)rd_kafka_conf_set(conf, "bootstrap.servers", brokers, why, sizeof why);
    (void)rd_kafka_conf_set(conf, "log_level", "0", why, sizeof why);
    if (transactional_id != NULL) {
        (void)rd_kafka_conf_set(conf, "transactional.id", transactional_id, why, sizeof why);
    }
    return xnonnull(rd_kafka_new(RD_KAFKA_PRODUCER, conf, why, sizeof why));
}

void kafka_other_put(rd_kafka_t *handle, const char *topic, int number)
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
    check(rd_kafka_flush(handle, PATIENCE_MS) == RD_KAFKA_RESP_ERR_NO_ERROR);
}

/* Of what was asked with that queue, which is destroyed. */
static void await_done(rd_kafka_queue_t *queue)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, PATIENCE_MS);

    check(event != NULL && rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_event_destroy(event);
    rd_kafka_queue_destroy(queue);
}

void kafka_other_delete_before(rd_kafka_t *handle, const char *topic, int64_t offset)
{
    rd_kafka_topic_partition_list_t *where = rd_kafka_topic_partition_list_new(1);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(handle);

    rd_kafka_topic_partition_list_add(where, topic, 0)->offset = offset;
    rd_kafka_DeleteRecords_t *what = rd_kafka_DeleteRecords_new(where);
    rd_kafka_DeleteRecords(handle, &what, 1, NULL, queue);
    await_done(queue);
    rd_kafka_DeleteRecords_destroy(what);
    rd_kafka_topic_partition_list_destroy(where);
}

void kafka_other_change(rd_kafka_t *handle, const char *topic, unsigned partitions)
{
    char why[256];
    rd_kafka_queue_t *queue = rd_kafka_queue_new(handle);
    rd_kafka_NewTopic_t *wanted =
        rd_kafka_NewTopic_new(topic, partitions > 0 ? (int)partitions : 1, 1, why, sizeof why);
    rd_kafka_DeleteTopic_t *unwanted = rd_kafka_DeleteTopic_new(topic);

    if (partitions > 0) {
        rd_kafka_CreateTopics(handle, &wanted, 1, NULL, queue);
    } else {
        rd_kafka_DeleteTopics(handle, &unwanted, 1, NULL, queue);
    }
    await_done(queue);
    rd_kafka_NewTopic_destroy(wanted);
    rd_kafka_DeleteTopic_destroy(unwanted);
}
