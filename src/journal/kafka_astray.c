// SPDX-License-Identifier: MIT
#include "src/journal/kafka_astray.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "src/base/memory.h"

enum {
    ASK_MS = 1000,
    SHORT_MS = 5000, /* a broker that stood still knows better after that, mostly */
    LOST_MS = 60000, /* and after that always */
    SAID_MAX = 512,
};

void kafka_astray_say(const struct kafka_astray *a, bool is_lost, const char *format, ...)
{
    char what[SAID_MAX], line[2 * SAID_MAX];
    va_list args;

    if (a->on_problem == NULL) {
        return;
    }
    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    (void)snprintf(line, sizeof line, "kafka-topic: \"%s\": %s", a->batch->parts->topic, what);
    a->on_problem(a->arg, is_lost, line);
}

bool kafka_astray_note(struct kafka_astray *a, rd_kafka_event_t *event, uint64_t now_ms)
{
    struct kafka_parts *p = a->batch->parts;
    rd_kafka_resp_err_t error = rd_kafka_event_error(event);

    if (error != RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET &&
        error != RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE) {
        return false;
    }
    rd_kafka_topic_partition_t *where = rd_kafka_event_topic_partition(event);
    if (where != NULL && where->partition >= 0 && (unsigned)where->partition < p->count) {
        struct kafka_part *part = &p->parts[where->partition];
        part->astray_ms = part->astray_ms != 0 || !part->ours ? part->astray_ms : now_ms;
    }
    if (where != NULL) {
        rd_kafka_topic_partition_destroy(where);
    }
    return true;
}

/* For it to be read from its next record on, wherever that is by now. */
static void find_again(struct kafka_parts *p, unsigned partition)
{
    struct kafka_part *part = &p->parts[partition];

    part->astray_ms = 0;
    kafka_parts_set_short(p, partition, false);
    kafka_parts_begin_again(p, partition);
}

static void skip(struct kafka_astray *a, unsigned partition, uint64_t begin)
{
    struct kafka_parts *p = a->batch->parts;
    uint64_t count = begin - p->parts[partition].next;

    if (!kafka_batch_skip(a->batch, partition, begin)) {
        return; /* until there is room for it */
    }
    atomic_fetch_add(&p->missing, count);
    kafka_astray_say(a, false,
                     "%" PRIu64 " records of partition %u were deleted before they were stored; "
                     "reading goes on behind them",
                     count, partition);
    find_again(p, partition);
}

static void give_up(struct kafka_astray *a, unsigned partition, uint64_t end)
{
    struct kafka_parts *p = a->batch->parts;

    kafka_parts_set_short(p, partition, true);
    kafka_astray_say(a, true,
                     "partition %u ends at %" PRIu64 ", and %" PRIu64 " records of it are stored: "
                     "the topic was made anew, or has lost its end; nothing more of that partition "
                     "is stored until all nodes are started again",
                     partition, end, p->parts[partition].next);
}

static void settle(struct kafka_astray *a, unsigned partition, uint64_t begin, uint64_t end,
                   uint64_t now_ms)
{
    const struct kafka_part *part = &a->batch->parts->parts[partition];

    if (begin > part->next) {
        skip(a, partition, begin);
    } else if (end >= part->next) {
        find_again(a->batch->parts, partition);
    } else if (!part->is_short && now_ms - part->astray_ms >= SHORT_MS) {
        give_up(a, partition, end);
    }
}

static rd_kafka_topic_partition_list_t *list_astray(const struct kafka_parts *p, uint64_t now_ms)
{
    rd_kafka_topic_partition_list_t *list =
        xnonnull(rd_kafka_topic_partition_list_new((int)p->count));

    for (unsigned i = 0; i < p->count; i++) {
        const struct kafka_part *part = &p->parts[i];
        bool is_lost = part->is_short && now_ms - part->astray_ms >= LOST_MS;
        if (part->astray_ms != 0 && !is_lost) {
            rd_kafka_topic_partition_list_add(list, p->topic, (int32_t)i);
        }
    }
    return list;
}

static void ask(struct kafka_astray *a, rd_kafka_topic_partition_list_t *begins, uint64_t now_ms,
                int wait_ms)
{
    rd_kafka_t *handle = a->batch->parts->handle;
    rd_kafka_topic_partition_list_t *ends = xnonnull(rd_kafka_topic_partition_list_copy(begins));

    if (kafka_offsets_ask(handle, begins, RD_KAFKA_OFFSET_BEGINNING, wait_ms) ==
            RD_KAFKA_RESP_ERR_NO_ERROR &&
        kafka_offsets_ask(handle, ends, RD_KAFKA_OFFSET_END, wait_ms) ==
            RD_KAFKA_RESP_ERR_NO_ERROR) {
        for (int i = 0; i < begins->cnt; i++) {
            const rd_kafka_topic_partition_t *begin = &begins->elems[i];
            const rd_kafka_topic_partition_t *end =
                rd_kafka_topic_partition_list_find(ends, begin->topic, begin->partition);
            settle(a, (unsigned)begin->partition, (uint64_t)begin->offset, (uint64_t)end->offset,
                   now_ms);
        }
    }
    rd_kafka_topic_partition_list_destroy(ends);
}

void kafka_astray_look(struct kafka_astray *a, uint64_t now_ms, int wait_ms)
{
    if (now_ms - a->asked_ms < ASK_MS) {
        return;
    }
    rd_kafka_topic_partition_list_t *list = list_astray(a->batch->parts, now_ms);
    if (list->cnt > 0) {
        a->asked_ms = now_ms;
        ask(a, list, now_ms, wait_ms);
    }
    rd_kafka_topic_partition_list_destroy(list);
}
