/* The journal in RabbitMQ: what it is told at the start. The connection is served on a thread of
 * its own, since librabbitmq blocks; completions are posted.
 *
 *   append ──> exchange (topic, durable) ──"messages.<room>"──> queue ──> feed_rabbitmq
 *                 └─(publisher confirm)──> on_done
 *   nobody can read it, for now ──> <queue>.retry (waits, by its TTL) ──> queue
 *   rejected for good ──> <queue>.dlq
 *
 * A room with dots is stored too: the queue is bound by "messages.#". Exchange and queue may be
 * those of the other system, with its arguments and its binding; what is missing is declared,
 * durable, the queue with x-single-active-consumer. What is there and differs from that is used as
 * it is, and told once (on_found): one that is not durable loses acknowledged messages when the
 * broker is started anew.
 *
 * Values are those of journal/journal_value.h, with the member `text` that consumers of dialect 1
 * want, in persistent messages with the header `dialect` and the message's id. A value of another
 * producer has no id and a queue no places: its id is made of all its bytes, so that it is the same
 * each time that it is read; two that agree in every byte, timestamp included, are one message.
 *
 * What is retried where: a store that is away keeps the persister waiting, in place and in order,
 * for as long as it takes, since an entry that steps aside is overtaken by its own edits and by
 * what its sender said next. What no client could have said, and what the store refuses for good,
 * goes to the dead letters at once: trying again changes nothing. What this reader cannot read
 * (entry->reason) may be of a newer version, during an upgrade node by node; it is no message to
 * this reader, so nothing that it knows of is overtaken when it steps aside: it comes again after
 * 1, 2, 4 ... 60 s, until it has been rejected `tries` times. Dead letters and retries carry the
 * headers reason, tries and routing-key.
 *
 * What was published on a connection that breaks, or is not confirmed in time, fails with
 * JOURNAL_ESINK; so does all of a connection on which one message is returned because no queue
 * takes it. The thread connects anew, with backoff, and only a connection on which the broker has
 * confirmed a message counts: one that is out of memory or disk accepts connections, and takes
 * nothing. Heartbeats are due twice within timeout_ms. */
// SPDX-License-Identifier: MIT
#ifndef JOURNAL_JOURNAL_RABBITMQ_H
#define JOURNAL_JOURNAL_RABBITMQ_H

#include "src/journal/feed.h"
#include "src/journal/journal.h"

/* What is there already, and differs. */
struct rabbitmq_found {
    const char *option; /* "rabbitmq-exchange", "rabbitmq-queue" */
    const char *name;
    struct span why; /* what the broker says of it */
};

/* All texts are copied by open. */
struct journal_rabbitmq_options {
    const char *url;      /* "amqp://user:password@host:port/vhost", or amqps: rabbitmq_link.h */
    const char *exchange; /* "chat_exchange" */
    const char *queue;    /* "message_persist_queue" */
    unsigned prefetch;    /* of which half is given at once; 0: 2000 */
    unsigned tries;       /* of an entry that nobody can read, before it is dead; 0: 5 */
    unsigned timeout_ms;  /* a message that is not confirmed for so long fails; 0: 5000 */
    unsigned away_ms;     /* away for so long: appends are refused at once; 0: 3000 */
    /* The exchange or the queue is there and not what would be declared here: when it is first
     * seen, and when it differs in another way. On the caller's thread while something is opened,
     * later on one of its own. May be NULL. */
    void (*on_found)(void *arg, const struct rabbitmq_found *found);
    void *on_found_arg;
};

/* Returns NULL and one line in *why. Any thread; blocks. */
struct feed *feed_rabbitmq_open(const struct journal_rabbitmq_options *options, struct bytes *why);

#endif
