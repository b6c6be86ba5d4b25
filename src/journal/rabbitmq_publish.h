/* A message of the chat as one of RabbitMQ's: exchange of the link, key "messages.<room>",
 * mandatory, persistent, its id and its time as properties, its dialect as a header, and the value
 * of journal/journal_value.h with `text` for consumers of dialect 1. */
// SPDX-License-Identifier: MIT
#ifndef JOURNAL_RABBITMQ_PUBLISH_H
#define JOURNAL_RABBITMQ_PUBLISH_H

#include "src/journal/rabbitmq_link.h"

/* On the main channel; scratch holds the value. Returns a status of the library. */
MUST_USE int rabbitmq_publish(struct rabbitmq_link *link, struct bytes *scratch,
                              const struct message *m);

#endif
