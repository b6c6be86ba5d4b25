/* A connection to RabbitMQ with what the journal and its feed share: the URL, the channels, the
 * exchange and the queue behind it.
 *
 *   init ──> open <──> drop, or close ──> finish
 *
 * URL: amqp://user:password@host:port/vhost, or amqps, percent-encoded; of the query parameters
 * that RabbitMQ's own clients know cacertfile, certfile and keyfile are taken, others ignored. With
 * amqps the broker's certificate must be one of the system's authorities or of cacertfile, and of
 * the host.
 *
 * The exchange and the queue may have been declared by others, with arguments of their own; they
 * are used as they are, and on_found of the options is told. A queue that is missing is declared
 * with x-single-active-consumer, so that one reader at a time gets what is in it.
 *
 * Every rpc takes its time limit from open. Threads: one. */
// SPDX-License-Identifier: MIT
#ifndef JOURNAL_RABBITMQ_LINK_H
#define JOURNAL_RABBITMQ_LINK_H

#include <amqp.h>
#include <amqp_framing.h>

#include "src/journal/journal_rabbitmq.h"

enum {
    RABBITMQ_MAIN = 1, /* the channel that is open after open: publishes, or consumes */
    RABBITMQ_SIDE = 2, /* of the feed: asks how long the queue is */
};

enum { RABBITMQ_EXCHANGE, RABBITMQ_QUEUE, RABBITMQ_THINGS };

struct rabbitmq_link {
    amqp_connection_state_t conn; /* NULL: there is none */
    bool single_active;           /* the queue lets one consumer at a time have entries */

    struct amqp_connection_info info; /* points into url */
    char *url, *exchange, *queue;
    const char *ca_file, *certificate, *key; /* likewise; NULL: none */
    char *place;                             /* for people: the URL without the password */
    unsigned timeout_ms;

    void (*on_found)(void *arg, const struct rabbitmq_found *found); /* NULL: nobody is told */
    void *on_found_arg;
    struct bytes told[RABBITMQ_THINGS]; /* in which way it differs; empty: in none */
};

/* Copies the texts. Returns 0, or -1 and one line in *why; then only finish may follow. */
MUST_USE int rabbitmq_link_init(struct rabbitmq_link *link,
                                const struct journal_rabbitmq_options *options, struct bytes *why);
void rabbitmq_link_finish(struct rabbitmq_link *link);

/* Connects, opens the main channel and declares exchange, queue and binding. heartbeat_s: silence
 * for twice as long breaks the connection. Returns 0, or -1 and one line in *why. */
MUST_USE int rabbitmq_link_open(struct rabbitmq_link *link, unsigned heartbeat_s,
                                unsigned timeout_ms, struct bytes *why);

/* Lets the connection go as it is, or takes leave first. Both are harmless without one. */
void rabbitmq_link_drop(struct rabbitmq_link *link);
void rabbitmq_link_close(struct rabbitmq_link *link);

/* Opens a channel. Returns 0, or -1 and one line in *why, as the next. */
MUST_USE int rabbitmq_link_channel(struct rabbitmq_link *link, amqp_channel_t channel,
                                   struct bytes *why);

/* Looks at the reply of a call. Returns 0; or the broker's code (403, 404, 406 ...) and one line in
 * *why when it closed the channel, which is open again then; or -1 and one line when the connection
 * is of no use any more. what: what was tried, for the line. */
MUST_USE int rabbitmq_link_check(struct rabbitmq_link *link, amqp_channel_t channel,
                                 amqp_rpc_reply_t reply, const char *what, struct bytes *why);

/* Is it as it was asked for? That cannot be known of one that others alone may declare. */
enum rabbitmq_likeness { RABBITMQ_SAME, RABBITMQ_DIFFERS, RABBITMQ_UNKNOWN };

/* Declares a durable queue with these arguments, or uses the one that is there; if that differs,
 * *why says in what. */
MUST_USE int rabbitmq_link_queue(struct rabbitmq_link *link, amqp_channel_t channel,
                                 const char *name, amqp_table_t arguments,
                                 enum rabbitmq_likeness *likeness, struct bytes *why);

/* Lets the broker confirm what is published on the main channel. Returns 0, or -1 and one line. */
MUST_USE int rabbitmq_link_confirm(struct rabbitmq_link *link, struct bytes *why);

/* One message, on the main channel. */
struct rabbitmq_note {
    const char *exchange, *key;
    bool must_route; /* it fails if no queue takes it */
    amqp_basic_properties_t properties;
    struct span body;
};

/* Publishes and waits for the confirm; nothing else may be under way on this connection. Returns 0,
 * or -1 and one line in *why. */
MUST_USE int rabbitmq_link_publish(struct rabbitmq_link *link, const struct rabbitmq_note *note,
                                   struct bytes *why);

/* Reads a frame that came unasked (a close, a cancel) into a line. */
void rabbitmq_link_explain(struct rabbitmq_link *link, const amqp_frame_t *frame,
                           struct bytes *why);

/* Says in *why what failed with the library's status. Returns -1. */
int rabbitmq_link_broken(const struct rabbitmq_link *link, int status, const char *what,
                         struct bytes *why);

uint64_t rabbitmq_now_ms(void); /* monotonic */

static inline amqp_bytes_t rabbitmq_bytes(struct span s)
{
    return (amqp_bytes_t){.len = s.len, .bytes = (void *)(uintptr_t)s.data};
}

static inline struct span rabbitmq_span(amqp_bytes_t b)
{
    return span_of(b.bytes, b.len);
}

#endif
