/* Kafka group: what the brokers say of a group of consumers. Sources: DescribeGroups of Kafka's
 * protocol. Threads: any. */
// SPDX-License-Identifier: MIT
#ifndef JOURNAL_KAFKA_GROUP_H
#define JOURNAL_KAFKA_GROUP_H

#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stddef.h>

struct kafka_group {
    bool is_moving; /* its members are being told anew what is whose */
    size_t members;
};

/* Blocks for wait_ms at most. False: nobody answers, or may tell. */
bool kafka_group_ask(rd_kafka_t *handle, const char *name, int wait_ms, struct kafka_group *group);

#endif
