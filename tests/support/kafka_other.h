/* Kafka other: somebody else at a real broker, who writes into a topic and changes it. What goes
 * wrong fails the case. */
#ifndef TESTS_SUPPORT_KAFKA_OTHER_H
#define TESTS_SUPPORT_KAFKA_OTHER_H

#include <librdkafka/rdkafka.h>

/* transactional_id: or NULL. To be destroyed by rd_kafka_destroy. */
rd_kafka_t *kafka_other_open(const char *brokers, const char *transactional_id);

/* The message with that number, in the room "one", into partition 0; blocks until it is there. */
void kafka_other_put(rd_kafka_t *handle, const char *topic, int number);

/* Deletes the records of partition 0 before that one. */
void kafka_other_delete_before(rd_kafka_t *handle, const char *topic, int64_t offset);

/* Makes the topic with so many partitions; with none: deletes it. */
void kafka_other_change(rd_kafka_t *handle, const char *topic, unsigned partitions);

#endif
