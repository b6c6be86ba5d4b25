// SPDX-License-Identifier: MIT
/* A consumer with manual acknowledgements:
 *
 *   queue ──(prefetch)──> held, in the order of the queue ──poll──> given ──commit──> ack
 *                                                             └──reject──> retry or dead letters
 *
 * One at a time has the queue, so that the order holds: by x-single-active-consumer where the queue
 * was declared here, otherwise by consuming exclusively, which is tried until nobody else does. An
 * entry that is not acknowledged goes back to its place in the queue when the connection ends, all
 * at once: so nothing is ever sent back one by one (nack) or left behind by a consumer that was
 * cancelled, since what came later would overtake it.
 *
 * Half of what is prefetched is given at once, while the broker sends the other half. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "src/base/memory.h"
#include "src/journal/journal_value.h"
#include "src/journal/rabbitmq_link.h"

enum {
    PREFETCH_DEFAULT = 2000,
    TRIES_DEFAULT = 5,
    HEARTBEAT_S = 20, /* the reader may be busy with a store for long */
    TIMEOUT_MS_MAX = 3000,
    BACKOFF_MIN_MS = 100,
    BACKOFF_MAX_MS = 5000,
    TAKEN_RETRY_MS = 1000,   /* somebody else reads the queue */
    HELD_MS_MAX = 5 * 60000, /* well before the broker's consumer_timeout (30 min, or 15) */
    ASK_MS = 1000,           /* how long the queue is */
    RETRY_MS_MIN = 1000,     /* in the retry queue, doubled with each try */
    RETRY_MS_MAX = 60000,
    NAME_BYTES_MAX = 255,
    ACCESS_REFUSED = 403,
};

struct held {
    struct feed_entry entry;
    amqp_envelope_t envelope;
    struct bytes scratch;
    uint64_t since_ms;
    char id[JOURNAL_VALUE_ID_BYTES];
};

struct rabbit_feed {
    struct feed feed;
    struct rabbitmq_link link, aside; /* aside: open while something is put away */
    char retry[NAME_BYTES_MAX + 1], dead[NAME_BYTES_MAX + 1]; /* queues */
    unsigned prefetch, tries, timeout_ms;
    struct held **held; /* prefetch */
    size_t held_count, given;
    bool is_consuming, is_paused;
    uint64_t retry_at_ms, consume_at_ms, ask_at_ms;
    unsigned backoff_ms;
    struct bytes line; /* why something failed; nobody is told: figures say that it is away */

    pthread_mutex_t lock; /* for the figures; no other is taken under it */
    struct feed_figures figures;
};

static struct rabbit_feed *rabbit(struct feed *feed)
{
    return container_of(feed, struct rabbit_feed, feed);
}

/* ---- what is held ---- */

static void free_held(struct rabbit_feed *f, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        amqp_destroy_envelope(&f->held[i]->envelope);
        bytes_finish(&f->held[i]->scratch);
        free(f->held[i]);
    }
    f->held_count -= count;
    memmove(f->held, f->held + count, f->held_count * sizeof f->held[0]);
    f->given = 0;
}

static int64_t wall_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* When it was published: few producers say so, some in milliseconds by mistake. Else it is new. */
static int64_t published_ms(const amqp_basic_properties_t *p)
{
    int64_t now_ms = wall_ms();
    bool is_told = (p->_flags & AMQP_BASIC_TIMESTAMP_FLAG) != 0 && p->timestamp > 0 &&
                   p->timestamp <= (uint64_t)now_ms / 1000;

    return is_told ? (int64_t)p->timestamp * 1000 : now_ms;
}

/* Completes a message that another producer wrote. */
static void complete(struct held *held)
{
    struct message *m = &held->entry.message;

    if (m->id.len == 0) {
        /* A queue has no places: the value itself is what is the same each time. */
        journal_value_id(rabbitmq_span(held->envelope.message.body), 0, 0, held->id);
        m->id = span_of(held->id, sizeof held->id);
    }
    if (m->timestamp_ms == 0) {
        m->timestamp_ms = published_ms(&held->envelope.message.properties);
    }
}

/* What the value says, or why it is none. */
static void read_value(struct held *held)
{
    struct feed_entry *entry = &held->entry;
    struct span value = rabbitmq_span(held->envelope.message.body);
    int error = journal_value_read(value, &held->scratch, &entry->message);

    entry->position = held->envelope.delivery_tag - 1;
    if (error != 0) {
        entry->reason = journal_value_strerror(error);
    } else {
        complete(held);
    }
}

/* The connection is over, and with it what was not acknowledged; what was given is readable until
 * the next poll. */
static void lose(struct rabbit_feed *f)
{
    rabbitmq_link_drop(&f->link);
    f->is_consuming = false;
    (void)pthread_mutex_lock(&f->lock);
    f->figures.is_up = false;
    f->figures.partitions = 0;
    (void)pthread_mutex_unlock(&f->lock);
}

/* ---- the queue ---- */

/* Asks how long the queue is and how many consume. Returns 0, or -1 when the connection is lost. */
static int ask_queue(struct rabbit_feed *f, uint32_t *messages, uint32_t *consumers)
{
    const amqp_queue_declare_ok_t *ok =
        amqp_queue_declare(f->link.conn, RABBITMQ_SIDE, amqp_cstring_bytes(f->link.queue), true,
                           false, false, false, amqp_empty_table);
    if (ok == NULL) {
        return -1; /* one that is gone is declared again with the next connection */
    }
    *messages = ok->message_count;
    *consumers = ok->consumer_count;
    return 0;
}

static int update_lag(struct rabbit_feed *f, uint64_t now_ms)
{
    uint32_t messages, consumers;

    if (now_ms < f->ask_at_ms) {
        return 0;
    }
    f->ask_at_ms = now_ms + ASK_MS;
    if (ask_queue(f, &messages, &consumers) != 0) {
        return -1;
    }
    (void)pthread_mutex_lock(&f->lock);
    f->figures.lag = (uint64_t)messages + f->held_count;
    (void)pthread_mutex_unlock(&f->lock);
    return 0;
}

/* Returns 0 (it consumes, or somebody else does), or -1 when the connection is lost. */
static int consume(struct rabbit_feed *f, bool exclusive, uint64_t now_ms)
{
    uint32_t messages, consumers;

    (void)amqp_basic_consume(f->link.conn, RABBITMQ_MAIN, amqp_cstring_bytes(f->link.queue),
                             amqp_empty_bytes, false, false, exclusive, amqp_empty_table);
    int code = rabbitmq_link_check(&f->link, RABBITMQ_MAIN, amqp_get_rpc_reply(f->link.conn),
                                   "consume", &f->line);
    f->is_consuming = code == 0;
    if (code != ACCESS_REFUSED) {
        return code == 0 ? 0 : -1;
    }
    f->consume_at_ms = now_ms + TAKEN_RETRY_MS;
    if (!exclusive || ask_queue(f, &messages, &consumers) != 0) {
        return -1;
    }
    /* Refused although nobody is there: it was declared elsewhere, for a single active consumer. */
    f->link.single_active = consumers == 0;
    return 0;
}

static int start_consuming(struct rabbit_feed *f, uint64_t now_ms)
{
    if (f->is_consuming || f->is_paused || now_ms < f->consume_at_ms) {
        return 0;
    }
    (void)amqp_basic_qos(f->link.conn, RABBITMQ_MAIN, 0, (uint16_t)f->prefetch, false);
    int code = rabbitmq_link_check(&f->link, RABBITMQ_MAIN, amqp_get_rpc_reply(f->link.conn),
                                   "prefetch", &f->line);
    if (code != 0 || consume(f, !f->link.single_active, now_ms) != 0) {
        return -1;
    }
    (void)pthread_mutex_lock(&f->lock);
    f->figures.partitions = f->is_consuming;
    (void)pthread_mutex_unlock(&f->lock);
    return 0;
}

static int connect_feed(struct rabbit_feed *f)
{
    if (rabbitmq_link_open(&f->link, HEARTBEAT_S, f->timeout_ms, &f->line) != 0 ||
        rabbitmq_link_channel(&f->link, RABBITMQ_SIDE, &f->line) != 0) {
        rabbitmq_link_drop(&f->link);
        return -1;
    }
    f->backoff_ms = BACKOFF_MIN_MS;
    f->consume_at_ms = f->ask_at_ms = 0;
    (void)pthread_mutex_lock(&f->lock);
    f->figures.is_up = true;
    (void)pthread_mutex_unlock(&f->lock);
    return 0;
}

/* ---- poll ---- */

static void nap(uint64_t ms)
{
    struct timespec t = {.tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000};
    (void)nanosleep(&t, NULL);
}

/* Without a connection: tries for one when it is time. Returns 0, or -1 after the wait. */
static int come_back(struct rabbit_feed *f, uint64_t now_ms, unsigned wait_ms)
{
    free_held(f, f->held_count);
    if (now_ms < f->retry_at_ms) {
        uint64_t left = f->retry_at_ms - now_ms;
        nap(left < wait_ms ? left : wait_ms);
        return -1;
    }
    if (connect_feed(f) == 0) {
        return 0;
    }
    f->retry_at_ms =
        rabbitmq_now_ms() + f->backoff_ms / 2 + arc4random_uniform(f->backoff_ms / 2 + 1);
    f->backoff_ms = f->backoff_ms * 2 < BACKOFF_MAX_MS ? f->backoff_ms * 2 : BACKOFF_MAX_MS;
    return -1;
}

/* Takes one entry that comes within the time. Returns 1, 0 when none came, -1 when the connection
 * is lost. */
static int receive(struct rabbit_feed *f, uint64_t wait_ms, uint64_t now_ms)
{
    struct held *held = xcalloc(1, sizeof *held);
    struct timeval limit = {.tv_sec = (time_t)(wait_ms / 1000),
                            .tv_usec = (suseconds_t)(wait_ms % 1000) * 1000};

    amqp_maybe_release_buffers(f->link.conn);
    amqp_rpc_reply_t reply = amqp_consume_message(f->link.conn, &held->envelope, &limit, 0);
    bool has_come = reply.reply_type == AMQP_RESPONSE_NORMAL;
    if (has_come && f->held_count < f->prefetch) {
        held->since_ms = now_ms;
        read_value(held);
        f->held[f->held_count++] = held;
        return 1;
    }
    if (has_come) { /* more than was asked for: this is no broker to go on with */
        amqp_destroy_envelope(&held->envelope);
    }
    free(held);
    /* Anything else that comes here is an end: of the channel, the consumer or the connection. */
    return reply.reply_type == AMQP_RESPONSE_LIBRARY_EXCEPTION &&
                   reply.library_error == AMQP_STATUS_TIMEOUT
               ? 0
               : -1;
}

/* Takes entries until there are `wanted`, or the time is over and no more have come. */
static int receive_some(struct rabbit_feed *f, size_t wanted, unsigned wait_ms)
{
    const uint64_t end_ms = rabbitmq_now_ms() + wait_ms;

    for (;;) {
        uint64_t now_ms = rabbitmq_now_ms();
        uint64_t left = end_ms > now_ms ? end_ms - now_ms : 0;
        int result = start_consuming(f, now_ms);
        if (result != 0 || f->held_count >= wanted) {
            return result;
        }
        /* While somebody else has the queue, it is asked for again and again. */
        if (!f->is_consuming && !f->is_paused && left > TAKEN_RETRY_MS) {
            left = TAKEN_RETRY_MS;
        }
        result = receive(f, left, now_ms);
        if (result < 0 || (result == 0 && rabbitmq_now_ms() >= end_ms)) {
            return result;
        }
    }
}

/* The broker takes a consumer for dead that holds entries for long: they go back to the queue. */
static bool holds_for_long(const struct rabbit_feed *f, uint64_t now_ms)
{
    return f->is_paused && f->held_count > 0 && now_ms - f->held[0]->since_ms > HELD_MS_MAX;
}

static int poll_feed(struct feed *feed, unsigned wait_ms, struct feed_entry **entries, size_t max)
{
    struct rabbit_feed *f = rabbit(feed);
    uint64_t now_ms = rabbitmq_now_ms();

    if (holds_for_long(f, now_ms)) {
        rabbitmq_link_close(&f->link);
        lose(f);
    }
    if (f->link.conn == NULL && come_back(f, now_ms, wait_ms) != 0) {
        return FEED_EAWAY;
    }
    f->given = 0; /* what was not committed is given again */
    size_t half = f->prefetch / 2 + f->prefetch % 2, wanted = half < max ? half : max;
    /* Paused, it waits and lets heartbeats pass; no more comes than is prefetched. */
    if (receive_some(f, f->is_paused ? SIZE_MAX : wanted, wait_ms) != 0 ||
        update_lag(f, now_ms) != 0) {
        lose(f);
        return FEED_EAWAY;
    }
    if (f->is_paused) {
        return 0;
    }
    f->given = f->held_count < wanted ? f->held_count : wanted;
    for (size_t i = 0; i < f->given; i++) {
        entries[i] = &f->held[i]->entry;
    }
    return (int)f->given;
}

static int commit(struct feed *feed)
{
    struct rabbit_feed *f = rabbit(feed);

    rabbitmq_link_close(&f->aside);
    if (f->given == 0) {
        return 0;
    }
    if (f->link.conn == NULL) {
        return FEED_ELOST;
    }
    uint64_t tag = f->held[f->given - 1]->envelope.delivery_tag;
    if (amqp_basic_ack(f->link.conn, RABBITMQ_MAIN, tag, true) != AMQP_STATUS_OK) {
        lose(f);
        return FEED_ELOST;
    }
    free_held(f, f->given);
    return 0;
}

/* ---- what cannot be stored ---- */

/* Declares the two queues beside the one that is read. */
static int open_aside(struct rabbit_feed *f)
{
    amqp_table_entry_t back[] = {
        {.key = amqp_cstring_bytes("x-dead-letter-exchange"),
         .value = {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes("")}},
        {.key = amqp_cstring_bytes("x-dead-letter-routing-key"),
         .value = {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes(f->link.queue)}},
    };
    enum rabbitmq_likeness likeness;

    if (f->aside.conn != NULL) {
        return 0;
    }
    if (rabbitmq_link_open(&f->aside, HEARTBEAT_S, f->timeout_ms, &f->line) != 0) {
        return -1;
    }
    if (rabbitmq_link_queue(&f->aside, RABBITMQ_MAIN, f->dead, amqp_empty_table, &likeness,
                            &f->line) != 0 ||
        rabbitmq_link_queue(&f->aside, RABBITMQ_MAIN, f->retry,
                            (amqp_table_t){.num_entries = 2, .entries = back}, &likeness,
                            &f->line) != 0 ||
        rabbitmq_link_confirm(&f->aside, &f->line) != 0) {
        rabbitmq_link_drop(&f->aside);
        return -1;
    }
    return 0;
}

/* How often it has been rejected before. */
static unsigned tries_of(const struct held *held)
{
    const amqp_basic_properties_t *p = &held->envelope.message.properties;

    if ((p->_flags & AMQP_BASIC_HEADERS_FLAG) == 0) {
        return 0;
    }
    for (int i = 0; i < p->headers.num_entries; i++) {
        const amqp_table_entry_t *e = &p->headers.entries[i];
        if (span_eq(rabbitmq_span(e->key), SPAN("tries")) && e->value.kind == AMQP_FIELD_KIND_I32 &&
            e->value.value.i32 > 0) {
            return (unsigned)e->value.value.i32;
        }
    }
    return 0;
}

static unsigned retry_ms(unsigned tries)
{
    return tries <= 6 ? (unsigned)RETRY_MS_MIN << (tries - 1) : RETRY_MS_MAX;
}

/* Publishes the entry to one of the two queues, with what is known of it. */
static int put_away(struct rabbit_feed *f, const struct held *held, const char *reason,
                    unsigned tries, bool again)
{
    const amqp_basic_properties_t *p = &held->envelope.message.properties;
    char expiration[16];
    amqp_table_entry_t headers[] = {
        {.key = amqp_cstring_bytes("reason"),
         .value = {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = amqp_cstring_bytes(reason)}},
        {.key = amqp_cstring_bytes("tries"),
         .value = {.kind = AMQP_FIELD_KIND_I32, .value.i32 = (int32_t)tries}},
        {.key = amqp_cstring_bytes("routing-key"),
         .value = {.kind = AMQP_FIELD_KIND_UTF8, .value.bytes = held->envelope.routing_key}},
    };
    struct rabbitmq_note note = {
        .exchange = "",
        .key = again ? f->retry : f->dead,
        .must_route = true,
        .body = rabbitmq_span(held->envelope.message.body),
    };
    note.properties = (amqp_basic_properties_t){
        ._flags = AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_HEADERS_FLAG |
                  (p->_flags & (AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_MESSAGE_ID_FLAG |
                                AMQP_BASIC_TIMESTAMP_FLAG)),
        .content_type = p->content_type,
        .message_id = p->message_id,
        .timestamp = p->timestamp,
        .delivery_mode = AMQP_DELIVERY_PERSISTENT,
        .headers = {.num_entries = 3, .entries = headers},
    };

    if (again) {
        (void)snprintf(expiration, sizeof expiration, "%u", retry_ms(tries));
        note.properties._flags |= AMQP_BASIC_EXPIRATION_FLAG;
        note.properties.expiration = amqp_cstring_bytes(expiration);
    }
    return rabbitmq_link_publish(&f->aside, &note, &f->line);
}

static int reject(struct feed *feed, const struct feed_entry *entry, const char *reason)
{
    struct rabbit_feed *f = rabbit(feed);
    const struct held *held = container_of(entry, struct held, entry);
    unsigned tries = tries_of(held) + 1;
    bool again = entry->reason != NULL && tries < f->tries;

    if (open_aside(f) != 0) {
        return FEED_EAWAY;
    }
    if (put_away(f, held, reason, tries, again) != 0) {
        rabbitmq_link_drop(&f->aside);
        return FEED_EAWAY;
    }
    (void)pthread_mutex_lock(&f->lock);
    f->figures.rejected += !again;
    (void)pthread_mutex_unlock(&f->lock);
    return again ? FEED_LATER : 0;
}

/* ---- the port ---- */

static void pause_feed(struct feed *feed)
{
    rabbit(feed)->is_paused = true;
}

static void resume(struct feed *feed)
{
    rabbit(feed)->is_paused = false;
}

static void figures(struct feed *feed, struct feed_figures *out)
{
    struct rabbit_feed *f = rabbit(feed);

    (void)pthread_mutex_lock(&f->lock);
    *out = f->figures;
    (void)pthread_mutex_unlock(&f->lock);
}

static void close_feed(struct feed *feed)
{
    struct rabbit_feed *f = rabbit(feed);

    rabbitmq_link_close(&f->aside);
    rabbitmq_link_close(&f->link);
    free_held(f, f->held_count);
    rabbitmq_link_finish(&f->aside);
    rabbitmq_link_finish(&f->link);
    bytes_finish(&f->line);
    (void)pthread_mutex_destroy(&f->lock);
    free(f->held);
    free(f);
}

static const struct feed_ops feed_rabbitmq = {
    .name = "rabbitmq",
    .poll = poll_feed,
    .commit = commit,
    .reject = reject,
    .pause = pause_feed,
    .resume = resume,
    .figures = figures,
    .close = close_feed,
};

struct feed *feed_rabbitmq_open(const struct journal_rabbitmq_options *options, struct bytes *why)
{
    struct rabbit_feed *f = xcalloc(1, sizeof *f);
    unsigned prefetch = options->prefetch != 0 ? options->prefetch : PREFETCH_DEFAULT;

    f->feed.ops = &feed_rabbitmq;
    f->prefetch = prefetch < UINT16_MAX ? prefetch : UINT16_MAX;
    f->tries = options->tries != 0 ? options->tries : TRIES_DEFAULT;
    f->timeout_ms = options->timeout_ms != 0 && options->timeout_ms < TIMEOUT_MS_MAX
                        ? options->timeout_ms
                        : TIMEOUT_MS_MAX;
    f->backoff_ms = BACKOFF_MIN_MS;
    f->held = xcalloc(f->prefetch, sizeof f->held[0]);
    (void)pthread_mutex_init(&f->lock, NULL);
    (void)snprintf(f->retry, sizeof f->retry, "%s.retry", options->queue);
    (void)snprintf(f->dead, sizeof f->dead, "%s.dlq", options->queue);
    struct journal_rabbitmq_options silent = *options; /* one of the two tells what it finds */
    silent.on_found = NULL;
    if (rabbitmq_link_init(&f->link, options, why) != 0 ||
        rabbitmq_link_init(&f->aside, &silent, why) != 0 || connect_feed(f) != 0 ||
        open_aside(f) != 0) {
        if (why->len == 0) {
            bytes_add_cstr(why, "rabbitmq-url: ");
            bytes_add_span(why, bytes_span(&f->line));
        }
        close_feed(&f->feed);
        return NULL;
    }
    rabbitmq_link_close(&f->aside);
    return &f->feed;
}
