// SPDX-License-Identifier: MIT
#include "src/journal/kafka_client.h"

int kafka_topic_ends(struct kafka_client *c, const struct journal_kafka_options *options,
                     uint64_t *begins, uint64_t ends[JOURNAL_KAFKA_PARTITIONS_MAX],
                     struct bytes *why)
{
    int partitions = kafka_topic_prepare(c, options, options->topic, why);
    int64_t low, high;

    for (int i = 0; i < partitions; i++) {
        if (kafka_topic_watermarks(c, options, (unsigned)i, &low, &high, why) < 0) {
            return -1;
        }
        ends[i] = (uint64_t)high;
        if (begins != NULL) {
            begins[i] = (uint64_t)low;
        }
    }
    return partitions;
}

int journal_kafka_look(const struct journal_kafka_options *options,
                       uint64_t ends[JOURNAL_KAFKA_PARTITIONS_MAX], struct bytes *why)
{
    static const struct kafka_setting none = {NULL, NULL};
    struct kafka_client client = {0};
    int partitions = -1;

    bytes_clear(why);
    if (kafka_client_open(&client, RD_KAFKA_CONSUMER, options, &none, why) == 0) {
        partitions = kafka_topic_ends(&client, options, NULL, ends, why);
    }
    kafka_client_close(&client);
    return partitions;
}
