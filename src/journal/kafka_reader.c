// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "src/base/memory.h"
#include "src/journal/kafka_journal.h"

enum {
    PACE_TICKS = 10,      /* so many ticks are looked at */
    THRIFTY_ANSWERS = 60, /* with more in that time it pays to wait for an answer */
    EAGER_ANSWERS = 30,   /* and with less it does not */
};

/* No group: nothing is committed, and no coordinator is asked. What other producers put there under
 * a transaction counts from when it is there, so that own places need not wait for its end. */
static const struct kafka_setting common[] = {
    {"enable.auto.commit", "false"},         {"auto.offset.reset", "error"},
    {"isolation.level", "read_uncommitted"}, {"allow.auto.create.topics", "false"},
    {"queued.max.messages.kbytes", "16384"}, {"fetch.error.backoff.ms", "100"},
};

static const struct kafka_setting waits[KAFKA_PACES][2] = {
    [KAFKA_EAGER] = {{"fetch.min.bytes", "1", .yields = true},
                     {"fetch.wait.max.ms", "500", .yields = true}},
    [KAFKA_THRIFTY] = {{"fetch.min.bytes", "65536", .yields = true},
                       {"fetch.wait.max.ms", "10", .yields = true}},
};

enum { COMMON = sizeof common / sizeof common[0], WAITS = sizeof waits[0] / sizeof waits[0][0] };

int kafka_readers_open(struct kafka_journal *j, struct bytes *why)
{
    struct kafka_setting settings[COMMON + WAITS + 1] = {0};
    int result = 0;

    memcpy(settings, common, sizeof common);
    for (unsigned i = 0; i < KAFKA_PACES && result == 0; i++) {
        memcpy(settings + COMMON, waits[i], sizeof waits[i]);
        result =
            kafka_client_open(&j->readers[i].client, RD_KAFKA_CONSUMER, &j->kafka, settings, why);
    }
    return result;
}

static void on_events(rd_kafka_t *handle, void *arg)
{
    kafka_turn_wake(arg);
}

void kafka_readers_begin(struct kafka_journal *j)
{
    for (unsigned i = 0; i < KAFKA_PACES; i++) {
        struct kafka_reader *reader = &j->readers[i];
        reader->topic = xnonnull(rd_kafka_topic_new(reader->client.handle, j->kafka.topic, NULL));
        reader->fetched = rd_kafka_queue_new(reader->client.handle);
        rd_kafka_queue_cb_event_enable(reader->fetched, on_events, j);
        rd_kafka_queue_cb_event_enable(reader->client.main, on_events, j);
    }
}

static void finish(struct kafka_reader *reader)
{
    if (reader->topic != NULL) {
        rd_kafka_queue_cb_event_enable(reader->fetched, NULL, NULL);
        rd_kafka_queue_cb_event_enable(reader->client.main, NULL, NULL);
        rd_kafka_queue_destroy(reader->fetched);
        rd_kafka_topic_destroy(reader->topic);
    }
    kafka_client_close(&reader->client);
}

void kafka_readers_close(struct kafka_journal *j)
{
    struct kafka_reader *reader = kafka_reader(j);

    for (unsigned i = 0; reader->topic != NULL && i < j->partitions; i++) {
        (void)rd_kafka_consume_stop(reader->topic, (int32_t)i);
    }
    for (unsigned i = 0; i < KAFKA_PACES; i++) {
        finish(&j->readers[i]);
    }
}

void kafka_reader_start(struct kafka_journal *j, unsigned partition, int64_t offset)
{
    struct kafka_reader *reader = kafka_reader(j);
    (void)rd_kafka_consume_start_queue(reader->topic, (int32_t)partition, offset, reader->fetched);
}

/* What is left of the batch under way was read before. */
void kafka_reader_stop(struct kafka_journal *j, unsigned partition)
{
    (void)rd_kafka_consume_stop(kafka_reader(j)->topic, (int32_t)partition);
    j->parts[partition].deaf_batch = j->batch;
}

/* ---- the pace ---- */

static int64_t where(const struct kafka_part *part)
{
    return part->is_at_start ? RD_KAFKA_OFFSET_BEGINNING : (int64_t)part->sequence.next;
}

static void change_to(struct kafka_journal *j, enum kafka_pace pace)
{
    for (unsigned i = 0; i < j->partitions; i++) {
        if (!j->parts[i].is_stopped) {
            kafka_reader_stop(j, i);
        }
    }
    j->pace = pace;
    for (unsigned i = 0; i < j->partitions; i++) {
        if (!j->parts[i].is_stopped) {
            kafka_reader_start(j, i, where(&j->parts[i]));
        }
    }
}

void kafka_reader_pace(struct kafka_journal *j)
{
    if (++j->pace_ticks < PACE_TICKS) {
        return;
    }
    if (j->pace == KAFKA_EAGER && j->answers > THRIFTY_ANSWERS) {
        change_to(j, KAFKA_THRIFTY);
    } else if (j->pace == KAFKA_THRIFTY && j->answers < EAGER_ANSWERS) {
        change_to(j, KAFKA_EAGER);
    }
    j->pace_ticks = j->answers = 0;
}
