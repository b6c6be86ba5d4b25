/* The journal in RabbitMQ: what it is told at the start. The connection is served on a thread of
 * its own, since librabbitmq blocks; completions are posted.
 *
 *   append ──> exchange (topic, durable) ──"messages.<room>"──> queue ──> feed_rabbitmq
 *                 └─(publisher confirm)──> on_done
 *   rejected for now ──> <queue>.retry (waits, by its TTL) ──> exchange
 *   rejected for good ──> <queue>.dlq
 *
 * A room with dots is stored too: the queue is bound by "messages.#". Its values are those of
 * journal/journal_value.h. */
// SPDX-License-Identifier: MIT
#ifndef JOURNAL_JOURNAL_RABBITMQ_H
#define JOURNAL_JOURNAL_RABBITMQ_H

#include "src/journal/feed.h"
#include "src/journal/journal.h"

/* All texts are copied by open. */
struct journal_rabbitmq_options {
    const char *url;      /* "amqp://user:password@host:port/vhost", or amqps */
    const char *exchange; /* "chat_exchange" */
    const char *queue;    /* "message_persist_queue" */
    unsigned prefetch;    /* 0: 1000 */
    unsigned tries;       /* of an entry, before it is rejected for good; 0: 5 */
    unsigned timeout_ms;  /* a message that is not confirmed for so long fails; 0: 5000 */
    unsigned away_ms;     /* away for so long: appends are refused at once; 0: 3000 */
};

/* Returns NULL and one line in *why. Any thread; blocks. */
struct feed *feed_rabbitmq_open(const struct journal_rabbitmq_options *options, struct bytes *why);

#endif
