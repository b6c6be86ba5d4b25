// SPDX-License-Identifier: MIT
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "src/base/iso_time.h"
#include "src/base/memory.h"
#include "src/journal/journal_value.h"
#include "src/journal/kafka_journal.h"

enum {
    NUMBER_MAX = 24,
    VALUE_GROWTH = 8, /* a value may be that much longer than its message's texts */
    VALUE_FRAME = 1024,
    REPORTS_AT_ONCE = 256,
    SETTLE_MS = 1000, /* for what was given up to come back */
    FLUSH_STEP_MS = 10,
};

/* ---- opening ---- */

struct numbers {
    char linger[KAFKA_LINGER_MAX], timeout[NUMBER_MAX], messages[NUMBER_MAX], kilobytes[NUMBER_MAX];
};

static uint64_t at_most(uint64_t value, uint64_t max)
{
    return value < max ? value : max;
}

/* Its queue is never the first to be full: the bounds are ours. */
static void write_numbers(const struct kafka_journal *j, struct numbers *n)
{
    uint64_t messages = j->options.queue_messages_max + KAFKA_SIDE_MESSAGES_MAX;
    uint64_t bytes =
        j->options.queue_bytes_max * VALUE_GROWTH + KAFKA_SIDE_BYTES_MAX + messages * VALUE_FRAME;

    kafka_linger_write(n->linger, j->kafka.linger_ms);
    (void)snprintf(n->timeout, NUMBER_MAX, "%u", kafka_timeout_ms(&j->kafka));
    (void)snprintf(n->messages, NUMBER_MAX, "%llu",
                   (unsigned long long)at_most(messages, INT32_MAX));
    (void)snprintf(n->kilobytes, NUMBER_MAX, "%llu",
                   (unsigned long long)at_most(bytes / 1024, INT32_MAX));
}

static int open_client(struct kafka_journal *j, struct kafka_client *c, struct bytes *why)
{
    bool is_gzip = strcmp(j->kafka.compression, "gzip") == 0;
    struct numbers n;

    write_numbers(j, &n);
    const struct kafka_setting settings[] = {
        {"acks", "all"},
        {"enable.idempotence", "true"},
        {"linger.ms", n.linger},
        {"compression.type", j->kafka.compression},
        {"message.timeout.ms", n.timeout},
        {"queue.buffering.max.messages", n.messages},
        {"queue.buffering.max.kbytes", n.kilobytes},
        {"partitioner", "murmur2_random"},
        {"socket.nagle.disable", "true", .yields = true},
        /* half the time of its default; of other kinds the end */
        {is_gzip ? "compression.level" : NULL, "1", .yields = true},
        {NULL, NULL},
    };
    return kafka_client_open(c, RD_KAFKA_PRODUCER, &j->kafka, settings, why);
}

static void on_events(rd_kafka_t *handle, void *arg)
{
    kafka_turn_wake(arg);
}

static void open_topics(struct kafka_journal *j)
{
    const char *const names[KAFKA_SIDES] = {
        [JOURNAL_PRESENCE] = j->kafka.presence_topic, [JOURNAL_PUSH] = j->kafka.push_topic};

    j->topic = xnonnull(rd_kafka_topic_new(j->producer.handle, j->kafka.topic, NULL));
    for (int i = 0; i < KAFKA_SIDES; i++) {
        j->sides[i] = *names[i] == '\0'
                          ? NULL
                          : xnonnull(rd_kafka_topic_new(j->producer.handle, names[i], NULL));
    }
    rd_kafka_queue_cb_event_enable(j->producer.main, on_events, j);
}

int kafka_producer_open(struct kafka_journal *j, struct bytes *why)
{
    if (open_client(j, &j->producer, why) < 0) {
        return -1;
    }
    open_topics(j);
    return 0;
}

static void close_client(struct kafka_client *c, rd_kafka_topic_t *topic,
                         rd_kafka_topic_t *const sides[KAFKA_SIDES])
{
    if (c->handle == NULL) {
        return;
    }
    rd_kafka_queue_cb_event_enable(c->main, NULL, NULL);
    for (int i = 0; i < KAFKA_SIDES; i++) {
        if (sides[i] != NULL) {
            rd_kafka_topic_destroy(sides[i]);
        }
    }
    rd_kafka_topic_destroy(topic);
    kafka_client_close(c);
}

void kafka_producer_close(struct kafka_journal *j)
{
    close_client(&j->producer, j->topic, j->sides);
}

/* ---- sending ---- */

static rd_kafka_headers_t *headers_of(const struct message *m)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(3);
    char dialect[NUMBER_MAX], time[ISO_TIME_LEN + 1];

    (void)snprintf(dialect, sizeof dialect, "%u", m->dialect);
    iso_time_write(m->timestamp_ms, time);
    (void)rd_kafka_header_add(headers, "dialect", -1, dialect, -1);
    (void)rd_kafka_header_add(headers, "message-id", -1, m->id.data, (ssize_t)m->id.len);
    (void)rd_kafka_header_add(headers, "timestamp", -1, time, -1);
    return headers;
}

/* librdkafka takes over value and headers unless it fails. */
static rd_kafka_resp_err_t send_value(struct kafka_journal *j, struct kafka_flight *flight,
                                      struct bytes *value, rd_kafka_headers_t *headers)
{
    const struct message *m = &flight->op->message;
    /* a key of no bytes is a key, too */
    void *key = m->room.len > 0 ? (void *)(uintptr_t)m->room.data : value->data;

    return rd_kafka_producev(
        j->producer.handle, RD_KAFKA_V_RKT(j->topic),
        RD_KAFKA_V_PARTITION((int32_t)flight->partition), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_FREE),
        RD_KAFKA_V_KEY(key, m->room.len), RD_KAFKA_V_VALUE(value->data, value->len),
        RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(flight), RD_KAFKA_V_END);
}

static bool is_of_size(rd_kafka_resp_err_t error)
{
    return error == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
           error == RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE;
}

int kafka_produce(struct kafka_journal *j, struct kafka_flight *flight)
{
    const struct message *m = &flight->op->message;
    rd_kafka_headers_t *headers = headers_of(m);
    struct bytes value = {0};

    (void)bytes_reserve(&value, 2 * flight->bytes + VALUE_FRAME / 2);
    journal_value_write(&value, m);
    rd_kafka_resp_err_t error = send_value(j, flight, &value, headers);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) {
        return 0;
    }
    if (is_of_size(error)) {
        atomic_store(&j->too_large, value.len);
        kafka_turn_wake(j);
    }
    bytes_finish(&value);
    rd_kafka_headers_destroy(headers);
    return is_of_size(error) ? JOURNAL_ESIZE : JOURNAL_ESINK;
}

static bool take_side(struct kafka_journal *j, size_t bytes)
{
    lock_enter(&j->lock);
    bool taken = !j->breaker.open && j->side_messages < KAFKA_SIDE_MESSAGES_MAX &&
                 bytes <= KAFKA_SIDE_BYTES_MAX && j->side_bytes <= KAFKA_SIDE_BYTES_MAX - bytes;
    j->side_messages += taken;
    j->side_bytes += taken ? bytes : 0;
    j->figures.side_lost += !taken;
    lock_leave(&j->lock);
    return taken;
}

/* With `lock` held. */
static void return_side(struct kafka_journal *j, size_t bytes, bool is_lost)
{
    assert(j->side_messages > 0 && j->side_bytes >= bytes);
    j->side_messages--;
    j->side_bytes -= bytes;
    j->figures.side_lost += is_lost;
}

void kafka_tell(struct journal *journal, enum journal_side side, struct span key, struct span value)
{
    struct kafka_journal *j = container_of(journal, struct kafka_journal, journal);
    size_t bytes = key.len + value.len;

    (void)pthread_rwlock_rdlock(&j->producing);
    rd_kafka_topic_t *topic = j->sides[side];
    if (topic != NULL && take_side(j, bytes) &&
        rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY,
                         (void *)(uintptr_t)value.data, value.len, key.data, key.len, NULL) < 0) {
        lock_enter(&j->lock);
        return_side(j, bytes, true);
        lock_leave(&j->lock);
    }
    (void)pthread_rwlock_unlock(&j->producing);
}

/* ---- what comes back ---- */

/* It is in the log since an attempt that got no answer, so nobody says where: but the log does. */
static void find_place(struct kafka_journal *j, struct kafka_flight *flight)
{
    struct kafka_part *part = &j->parts[flight->partition];
    struct kafka_spot spot = {part->sequence.next, flight->op->message.timestamp_ms};

    if (flight->hash == 0 || /* nobody asks for the place of what has no name */
        kafka_recent_find(&part->sequence.recent, flight->hash, &spot)) {
        kafka_flight_land_at(j, flight, &spot);
    } else {
        flight->is_unplaced = true;
    }
}

/* What some reports say together. */
struct outcome {
    bool succeeded, is_gone;
    bool is_shorter;  /* than it was: */
    unsigned shorter; /* that partition */
};

static void stored(struct kafka_journal *j, struct kafka_flight *flight, int64_t offset,
                   struct outcome *outcome)
{
    struct kafka_part *part = &j->parts[flight->partition];
    struct kafka_spot spot = {(uint64_t)offset, flight->op->message.timestamp_ms}, first;

    if (offset < 0) {
        find_place(j, flight);
        return;
    }
    if (spot.offset < flight->floor) {
        outcome->is_shorter = true;
        outcome->shorter = flight->partition;
        kafka_flight_fail(j, flight, JOURNAL_ESINK, &j->done);
        return;
    }
    enum kafka_turn turn = kafka_sequence_report(&part->sequence, &spot, flight->hash, &first);
    j->figures.repeated += turn == KAFKA_REPEATED;
    if (spot.offset >= part->acked) {
        part->acked = spot.offset + 1;
    }
    kafka_part_publish(part);
    if (turn == KAFKA_LATER) {
        kafka_flight_land_later(j, flight, &spot);
    } else {
        kafka_flight_land(j, flight, &first, turn, &j->done);
    }
}

/* The broker judges whole batches, of which nobody tells which message was too much for it: one
 * that was with others may pass when it is sent again. */
static int error_of(struct kafka_journal *j, const rd_kafka_message_t *m, bool alone)
{
    if (!alone || !is_of_size(m->err)) {
        return JOURNAL_ESINK;
    }
    atomic_store(&j->too_large, m->len);
    return JOURNAL_ESIZE;
}

/* With `lock` held. alone: its batch had no other. The side topics may be there when that of
 * messages is not. */
static void report(struct kafka_journal *j, const rd_kafka_message_t *m, bool alone,
                   struct outcome *outcome)
{
    struct kafka_flight *flight = m->_private;

    outcome->succeeded |= m->err == RD_KAFKA_RESP_ERR_NO_ERROR && (flight != NULL || !j->is_gone);
    outcome->is_gone |= flight != NULL && kafka_error_is_gone(m->err);
    if (flight == NULL) {
        return_side(j, m->len + m->key_len, m->err != RD_KAFKA_RESP_ERR_NO_ERROR);
    } else if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
        stored(j, flight, m->offset, outcome);
    } else {
        kafka_flight_fail(j, flight, error_of(j, m, alone), &j->done);
    }
}

static size_t take_reports(struct kafka_journal *j, rd_kafka_event_t *event)
{
    const rd_kafka_message_t *messages[REPORTS_AT_ONCE];
    size_t total = 0, count;
    struct outcome outcome = {0};
    bool closed = false, alone = rd_kafka_event_message_count(event) == 1;

    while ((count = rd_kafka_event_message_array(event, messages, REPORTS_AT_ONCE)) > 0) {
        lock_enter(&j->lock);
        for (size_t i = 0; i < count; i++) {
            report(j, messages[i], alone, &outcome);
        }
        if (outcome.succeeded) {
            j->is_gone = false;
            closed |= kafka_breaker_succeed(&j->breaker, kafka_now_ms());
        }
        lock_leave(&j->lock);
        total += count;
    }
    if (outcome.is_gone) {
        kafka_topic_is_gone(j);
    }
    if (outcome.is_shorter) {
        kafka_topic_lost(j, outcome.shorter);
    }
    if (closed) {
        kafka_say(j, "the broker acknowledges again");
    }
    return total;
}

static void take_trouble(struct kafka_journal *j, rd_kafka_event_t *event)
{
    rd_kafka_resp_err_t error = rd_kafka_event_error(event);
    char line[KAFKA_LINE_MAX];

    lock_enter(&j->lock);
    if (error == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
        kafka_breaker_down(&j->breaker, kafka_now_ms());
    } else if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_ERROR &&
               rd_kafka_event_error_is_fatal(event)) {
        j->is_broken = true; /* a new one takes its place with the next tick */
        (void)kafka_breaker_break(&j->breaker, kafka_now_ms());
    }
    lock_leave(&j->lock);
    if (kafka_event_line(event, line)) {
        kafka_say(j, line);
    }
}

/* Returns how many reports there were. */
static size_t take_event(struct kafka_journal *j, rd_kafka_event_t *event)
{
    size_t reports = 0;

    if (rd_kafka_event_type(event) == RD_KAFKA_EVENT_DR) {
        reports = take_reports(j, event);
    } else {
        take_trouble(j, event);
    }
    rd_kafka_event_destroy(event);
    return reports;
}

static void say_too_large(struct kafka_journal *j)
{
    size_t bytes = atomic_exchange(&j->too_large, 0);
    char line[KAFKA_LINE_MAX];

    if (bytes > 0) {
        (void)snprintf(line, sizeof line,
                       "a message was refused for good: its record of %zu bytes is larger than "
                       "kafka-topic or message.max.bytes (kafka-settings) allows",
                       bytes);
        kafka_say(j, line);
    }
}

void kafka_producer_serve(struct kafka_journal *j)
{
    rd_kafka_event_t *event;
    size_t reports = 0;

    while (reports < KAFKA_REPORTS_PER_TURN &&
           (event = rd_kafka_queue_poll(j->producer.main, 0)) != NULL) {
        reports += take_event(j, event);
    }
    j->is_behind |= reports >= KAFKA_REPORTS_PER_TURN;
    completions_post(&j->done);
    say_too_large(j);
}

/* ---- a new one, the last one ---- */

/* Lets what is with that producer come back, for no longer than a moment. */
static void settle(struct kafka_journal *j, rd_kafka_t *handle, rd_kafka_queue_t *queue)
{
    uint64_t until = kafka_now_ms() + SETTLE_MS;
    rd_kafka_event_t *event;

    (void)rd_kafka_purge(handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
    do {
        event = rd_kafka_queue_poll(queue, 10);
        if (event != NULL) {
            (void)take_event(j, event);
        }
    } while (rd_kafka_outq_len(handle) > 0 && kafka_now_ms() < until);
}

/* What is left when its producer is gone has no report to come, but some have a place to come, and
 * some had it. */
static void fail_flights(struct kafka_journal *j, struct kafka_flight *flight, bool unplaced)
{
    while (flight != NULL) {
        struct kafka_flight *next = flight->next;
        if (!flight->is_held && (unplaced || !flight->is_unplaced)) {
            kafka_flight_fail(j, flight, JOURNAL_ESINK, &j->done);
        }
        flight = next;
    }
}

/* Appends wait meanwhile, so that none goes to the old one unseen. */
void kafka_producer_replace(struct kafka_journal *j)
{
    struct kafka_client fresh;
    struct bytes why = {0};

    if (open_client(j, &fresh, &why) < 0) {
        bytes_finish(&why);
        return; /* tried again with the next tick */
    }
    (void)pthread_rwlock_wrlock(&j->producing);
    settle(j, j->producer.handle, j->producer.main);
    kafka_producer_close(j);
    lock_enter(&j->lock);
    fail_flights(j, j->flights, false);
    j->side_messages = j->side_bytes = 0;
    lock_leave(&j->lock);
    j->producer = fresh;
    open_topics(j);
    j->is_broken = false;
    (void)pthread_rwlock_unlock(&j->producing);
    completions_post(&j->done);
    bytes_finish(&why);
}

void kafka_producer_flush(struct kafka_journal *j, unsigned timeout_ms)
{
    uint64_t until = kafka_now_ms() + timeout_ms;

    do { /* what is acknowledged counts as under way until its report is taken */
        (void)rd_kafka_flush(j->producer.handle, FLUSH_STEP_MS);
        kafka_producer_serve(j);
    } while (rd_kafka_outq_len(j->producer.handle) > 0 && kafka_now_ms() < until);
    settle(j, j->producer.handle, j->producer.main);
    lock_enter(&j->lock);
    fail_flights(j, j->flights, true);
    for (unsigned i = 0; i < j->partitions; i++) {
        kafka_flights_release(j, &j->parts[i], UINT64_MAX, 0);
    }
    lock_leave(&j->lock);
    completions_post(&j->done);
}
