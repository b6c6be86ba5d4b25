/* RabbitMQ past what is tested: a few lines of AMQP. What fails is
 * a check that fails. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_SUPPORT_RABBITMQ_RAW_H
#define TESTS_SUPPORT_RABBITMQ_RAW_H

#include "src/journal/rabbitmq_link.h"

enum { RABBITMQ_RAW_MAX = 512 }; /* of a text, with its NUL */

void rabbitmq_raw_open(struct rabbitmq_link *raw, const struct journal_rabbitmq_options *options);
void rabbitmq_raw_close(struct rabbitmq_link *raw);

/* Deletes the queue of that name and suffix. */
void rabbitmq_raw_delete(struct rabbitmq_link *raw, const char *suffix);

/* The queue of the options, its retries and its dead letters: nothing is left of an earlier test.
 */
void rabbitmq_raw_wipe(const struct journal_rabbitmq_options *options);

/* Publishes to the exchange, on that connection or on one of its own. */
void rabbitmq_raw_put(struct rabbitmq_link *raw, const char *key, struct span value);
void rabbitmq_raw_publish(const struct journal_rabbitmq_options *options, const char *key,
                          struct span value);

/* Takes a message out of the queue of that suffix: its value, and its header `reason`. */
bool rabbitmq_raw_get(const struct journal_rabbitmq_options *options, const char *suffix,
                      char value[RABBITMQ_RAW_MAX], char reason[RABBITMQ_RAW_MAX]);

#endif
