// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/journal/journal_value.h"
#include "src/journal/kafka_journal.h"

enum {
    RECORDS_AT_ONCE = 128,
    AGAIN_MS = 2000, /* for what was there before, at most */
    AGAIN_IDLE_MS = 500,
    LOST_MS = 60000,    /* so long it is asked for what a broker says is not there */
    ASK_AGAIN_MS = 500, /* as often */
};

int kafka_follower_open(struct kafka_journal *j, struct bytes *why)
{
    const char *const sides[] = {j->kafka.presence_topic, j->kafka.push_topic};
    struct kafka_client *client = &j->readers[KAFKA_EAGER].client;

    if (kafka_readers_open(j, why) < 0) {
        return -1;
    }
    int partitions = kafka_topic_ends(client, &j->kafka, j->begins, j->ends, why);
    if (partitions < 0) {
        return -1;
    }
    j->partitions = (unsigned)partitions;
    for (int i = 0; i < KAFKA_SIDES; i++) {
        if (*sides[i] != '\0' && kafka_topic_prepare(client, &j->kafka, sides[i], why) < 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- records ---- */

/* Reads the record; false: it is none of ours to tell. Other producers' are given what they lack;
 * those that they put elsewhere than their room is come again, where the feed moves them to. */
static bool read_record(struct kafka_journal *j, const rd_kafka_message_t *record,
                        struct message *m, char id[JOURNAL_VALUE_ID_BYTES])
{
    struct span value = span_of(record->payload, record->len);
    unsigned partition = (unsigned)record->partition;

    if (record->payload == NULL || journal_value_read(value, &j->scratch, m) < 0) {
        return false;
    }
    if (journal_value_is_ours(value)) {
        return true;
    }
    if (m->id.len == 0) {
        journal_value_id(span_cstr(j->kafka.topic), partition, (uint64_t)record->offset, id);
        m->id = span_of(id, JOURNAL_VALUE_ID_BYTES);
    }
    if (m->timestamp_ms == 0) {
        rd_kafka_timestamp_type_t type;
        m->timestamp_ms = rd_kafka_message_timestamp(record, &type);
    }
    return kafka_partition_of(m->room, j->partitions) == partition;
}

/* ---- what was there before ---- */

static void note(struct kafka_journal *j, const rd_kafka_message_t *record)
{
    char id[JOURNAL_VALUE_ID_BYTES];
    struct message m;

    if (read_record(j, record, &m, id)) {
        const struct kafka_spot spot = {(uint64_t)record->offset, m.timestamp_ms};
        lock_enter(&j->lock);
        (void)kafka_sequence_is_new(&j->parts[record->partition].sequence, &spot,
                                    kafka_recent_hash(j->secret, &m));
        lock_leave(&j->lock);
    }
}

/* Notes it, and returns whether it is the last of its partition. */
static bool note_last(struct kafka_journal *j, const rd_kafka_message_t *record)
{
    bool is_record = record->err == RD_KAFKA_RESP_ERR_NO_ERROR;
    uint64_t end = record->partition < 0 ? 0 : j->ends[record->partition];

    if (is_record && (uint64_t)record->offset < end) {
        note(j, record);
    }
    return record->partition >= 0 && (!is_record || (uint64_t)record->offset + 1 >= end);
}

/* Where the window of a partition begins. */
static uint64_t window_begin(const struct kafka_journal *j, unsigned partition)
{
    uint32_t window = j->parts[partition].sequence.recent.window;
    uint64_t end = j->ends[partition], begin = end < window ? 0 : end - window;

    return begin > j->begins[partition] ? begin : j->begins[partition];
}

/* Until that many partitions have been read to their ends. */
static void read_to_ends(struct kafka_journal *j, rd_kafka_queue_t *queue, unsigned partitions)
{
    bool is_read[JOURNAL_KAFKA_PARTITIONS_MAX] = {false};
    uint64_t until_ms = kafka_now_ms() + AGAIN_MS;
    rd_kafka_message_t *records[RECORDS_AT_ONCE];
    ssize_t count = 1;

    while (partitions > 0 && count > 0 && kafka_now_ms() < until_ms) {
        count = rd_kafka_consume_batch_queue(queue, AGAIN_IDLE_MS, records, RECORDS_AT_ONCE);
        for (ssize_t i = 0; i < count; i++) {
            int32_t partition = records[i]->partition;
            if (note_last(j, records[i]) && !is_read[partition]) {
                is_read[partition] = true;
                partitions--;
            }
            rd_kafka_message_destroy(records[i]);
        }
    }
}

static void read_again(struct kafka_journal *j)
{
    const struct kafka_reader *reader = kafka_reader(j);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(reader->client.handle);
    unsigned partitions = 0;

    for (unsigned i = 0; i < j->partitions; i++) {
        if (window_begin(j, i) < j->ends[i] &&
            rd_kafka_consume_start_queue(reader->topic, (int32_t)i, (int64_t)window_begin(j, i),
                                         queue) == 0) {
            partitions++;
        }
    }
    read_to_ends(j, queue, partitions);
    for (unsigned i = 0; i < j->partitions; i++) {
        if (window_begin(j, i) < j->ends[i]) {
            (void)rd_kafka_consume_stop(reader->topic, (int32_t)i);
        }
    }
    rd_kafka_queue_destroy(queue);
}

void kafka_follower_begin(struct kafka_journal *j)
{
    kafka_readers_begin(j);
    read_again(j);
    for (unsigned i = 0; i < j->partitions; i++) {
        kafka_reader_start(j, i, (int64_t)j->parts[i].sequence.next);
    }
}

/* ---- what comes ---- */

static void place(struct message *m, uint64_t at)
{
    m->placed = at;
    if (m->action == MESSAGE_SAY) {
        m->offset = at;
    } else if (m->action == MESSAGE_EDIT || m->action == MESSAGE_DELETE) {
        m->offset = m->said;
        m->changed = at;
    }
}

/* Whoever waits for the place of what he appended is told it. */
static bool take_in(struct kafka_journal *j, unsigned partition, const struct kafka_spot *spot,
                    uint64_t hash)
{
    struct kafka_part *part = &j->parts[partition];

    lock_enter(&j->lock);
    bool is_new = kafka_sequence_is_new(&part->sequence, spot, hash);
    j->figures.repeated += !is_new;
    struct kafka_flight *flight = kafka_flight_find(j, hash);
    if (flight != NULL && flight->is_unplaced && flight->partition == partition) {
        kafka_flight_land_at(j, flight, spot);
    }
    lock_leave(&j->lock);
    return is_new;
}

static void take_record(struct kafka_journal *j, const rd_kafka_message_t *record)
{
    unsigned partition = (unsigned)record->partition;
    const struct kafka_part *part = &j->parts[partition];
    uint64_t offset = (uint64_t)record->offset;
    char id[JOURNAL_VALUE_ID_BYTES];
    struct message m;

    if (!read_record(j, record, &m, id)) {
        lock_enter(&j->lock);
        j->figures.malformed++;
        lock_leave(&j->lock);
        return;
    }
    const struct kafka_spot spot = {offset, m.timestamp_ms};
    if (take_in(j, partition, &spot, kafka_recent_hash(j->secret, &m)) &&
        j->listener.on_record != NULL) {
        place(&m, kafka_place(part, offset));
        j->listener.on_record(j->listener.arg, &m);
    }
}

/* Whoever waited for the log to come there is answered behind what it tells. */
static void pass_record(struct kafka_journal *j, const rd_kafka_message_t *record)
{
    struct kafka_part *part = &j->parts[record->partition];

    if (kafka_sequence_pass(&part->sequence, (uint64_t)record->offset)) {
        take_record(j, record);
        if (part->held.first != NULL) {
            lock_enter(&j->lock);
            kafka_flights_release(j, part, part->sequence.next, 0);
            lock_leave(&j->lock);
        }
    }
}

/* ---- a log that is not where it was ---- */

static void report_gap(struct kafka_journal *j)
{
    lock_enter(&j->lock);
    j->figures.gaps++;
    lock_leave(&j->lock);
    if (j->listener.on_gap != NULL) {
        j->listener.on_gap(j->listener.arg);
    }
}

static void start_over(struct kafka_journal *j, unsigned partition)
{
    kafka_reader_stop(j, partition);
    j->parts[partition].is_at_start = true;
    kafka_reader_start(j, partition, RD_KAFKA_OFFSET_BEGINNING);
}

static void ask_later(struct kafka_journal *j, unsigned partition)
{
    struct kafka_part *part = &j->parts[partition];

    kafka_reader_stop(j, partition);
    part->is_at_start = false;
    part->again_ms = kafka_now_ms() + ASK_AGAIN_MS;
    part->is_stopped = true;
}

/* The first record since reading had to start anew. Returns whether it is to be taken. */
static bool reach_again(struct kafka_journal *j, unsigned partition, uint64_t offset)
{
    struct kafka_part *part = &j->parts[partition];

    if (offset < part->sequence.next) {
        ask_later(j, partition);
        return false;
    }
    report_gap(j);
    part->is_at_start = false;
    return true;
}

/* The log is not there where it was left, says a broker. Does it begin behind that, since what is
 * old was deleted? Else it is shorter than it was; but a broker that stood still does not know yet
 * that another is the leader, and has less than that: it is asked again for a while before it is
 * believed, and then not read any more. */
static void lose(struct kafka_journal *j, unsigned partition)
{
    struct kafka_part *part = &j->parts[partition];
    uint64_t now_ms = kafka_now_ms();

    if (part->lost_ms == 0 || now_ms - part->again_ms > LOST_MS) {
        part->lost_ms = part->again_ms = now_ms;
        start_over(j, partition);
    } else if (now_ms - part->lost_ms < LOST_MS) {
        ask_later(j, partition);
    } else {
        kafka_reader_stop(j, partition);
        report_gap(j);
        kafka_topic_lost(j, partition);
    }
}

void kafka_follower_ask_again(struct kafka_journal *j)
{
    uint64_t now_ms = kafka_now_ms();

    for (unsigned i = 0; i < j->partitions; i++) {
        struct kafka_part *part = &j->parts[i];
        if (part->is_stopped && now_ms >= part->again_ms) {
            part->is_stopped = false;
            kafka_reader_start(j, i, (int64_t)part->sequence.next);
        }
    }
}

static void take_error(struct kafka_journal *j, const rd_kafka_message_t *record)
{
    bool is_lost = record->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
                   record->err == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;

    if (is_lost && record->partition >= 0) {
        lose(j, (unsigned)record->partition);
    } else if (kafka_error_is_gone(record->err)) {
        kafka_topic_is_gone(j);
    } else if (record->err != RD_KAFKA_RESP_ERR__PARTITION_EOF) {
        kafka_say(j, rd_kafka_err2str(record->err));
    }
}

static void take(struct kafka_journal *j, const rd_kafka_message_t *record)
{
    if (record->partition >= 0 && j->parts[record->partition].deaf_batch == j->batch) {
        return;
    }
    if (record->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
        take_error(j, record);
    } else if (!j->parts[record->partition].is_at_start ||
               reach_again(j, (unsigned)record->partition, (uint64_t)record->offset)) {
        j->parts[record->partition].lost_ms = 0;
        pass_record(j, record);
    }
}

static size_t take_some(struct kafka_journal *j)
{
    rd_kafka_message_t *records[RECORDS_AT_ONCE];
    ssize_t count =
        rd_kafka_consume_batch_queue(kafka_reader(j)->fetched, 0, records, RECORDS_AT_ONCE);

    j->batch++;
    j->answers += count > 0;
    for (ssize_t i = 0; i < count; i++) {
        take(j, records[i]);
        rd_kafka_message_destroy(records[i]);
    }
    return count < 0 ? 0 : (size_t)count;
}

static void take_events(struct kafka_journal *j, const struct kafka_reader *reader)
{
    rd_kafka_event_t *event;
    char line[KAFKA_LINE_MAX];

    while ((event = rd_kafka_queue_poll(reader->client.main, 0)) != NULL) {
        if (kafka_event_line(event, line)) {
            j->is_in_doubt = true;
            kafka_say(j, line);
        }
        rd_kafka_event_destroy(event);
    }
}

void kafka_follower_serve(struct kafka_journal *j)
{
    size_t records = 0, some;

    do {
        some = take_some(j);
        records += some;
    } while (some > 0 && records < KAFKA_RECORDS_PER_TURN);
    j->is_behind |= some > 0;
    for (unsigned i = 0; i < KAFKA_PACES; i++) {
        take_events(j, &j->readers[i]);
    }
    for (unsigned i = 0; i < j->partitions; i++) {
        kafka_part_publish(&j->parts[i]);
    }
    completions_post(&j->done);
}
