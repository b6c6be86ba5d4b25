// SPDX-License-Identifier: MIT
#include "src/journal/kafka_batch.h"

#include <assert.h>

#include "src/base/memory.h"

void kafka_batch_init(struct kafka_batch *b, struct kafka_parts *parts)
{
    *b = (struct kafka_batch){.parts = parts};
}

void kafka_batch_finish(struct kafka_batch *b)
{
    kafka_batch_drop(b);
    free(b->held);
    bytes_finish(&b->scratch);
}

void kafka_batch_reserve(struct kafka_batch *b, size_t max)
{
    if (b->max < max) {
        assert(b->count == 0);
        free(b->held);
        b->held = xcalloc(max, sizeof *b->held);
        b->max = max;
    }
}

/* Completes a message that another producer wrote. */
static void complete(const struct kafka_batch *b, struct kafka_held *h)
{
    struct message *m = &h->entry.message;
    int64_t ms = rd_kafka_message_timestamp(h->record, NULL);

    if (m->id.len == 0) {
        journal_value_id(span_cstr(b->parts->topic), h->entry.partition, h->entry.position, h->id);
        m->id = span_of(h->id, sizeof h->id);
    }
    if (m->timestamp_ms == 0 && ms > 0) {
        m->timestamp_ms = ms;
    }
}

static bool is_misplaced(const struct kafka_batch *b, const struct kafka_held *h)
{
    return kafka_partition_of(h->entry.message.room, b->parts->count) != h->entry.partition &&
           !journal_value_is_ours(kafka_held_value(h));
}

static void read_record(struct kafka_batch *b, struct kafka_held *h)
{
    struct feed_entry *e = &h->entry;

    bytes_finish(&h->texts);
    *e = (struct feed_entry){.partition = (unsigned)h->record->partition,
                             .position = (uint64_t)h->record->offset};
    int rc = journal_value_read(kafka_held_value(h), &b->scratch, &e->message);
    if (b->scratch.len > 0) { /* the message points there */
        h->texts = b->scratch;
        b->scratch = (struct bytes){0};
    }
    if (rc < 0) {
        e->message = (struct message){0};
        e->reason = journal_value_strerror(rc);
        return;
    }
    if (e->message.action == MESSAGE_SAY) {
        complete(b, h);
    }
    e->message.placed = b->parts->parts[e->partition].base + e->position + 1;
    e->moved = is_misplaced(b, h);
}

bool kafka_batch_hold(struct kafka_batch *b, rd_kafka_event_t *event)
{
    const rd_kafka_message_t *record = rd_kafka_event_message_next(event);

    if (record == NULL || !kafka_parts_take(b->parts, record->partition, record->offset)) {
        return false;
    }
    assert(b->count < b->max);
    struct kafka_held *h = &b->held[b->count++];
    *h = (struct kafka_held){.event = event, .record = record};
    b->bytes += record->len;
    read_record(b, h);
    return true;
}

bool kafka_batch_skip(struct kafka_batch *b, unsigned partition, uint64_t next)
{
    if (!kafka_batch_has_room(b, b->max)) {
        return false;
    }
    b->held[b->count++] =
        (struct kafka_held){.entry = {.partition = partition, .position = next - 1, .moved = true}};
    b->parts->parts[partition].next = next;
    return true;
}

void kafka_batch_drop_lost(struct kafka_batch *b)
{
    for (size_t i = 0; i < b->count; i++) {
        struct kafka_held *h = &b->held[i];
        h->lost = h->lost || !kafka_parts_is_ours(b->parts, h->entry.partition);
    }
}

void kafka_batch_read_again(struct kafka_batch *b)
{
    for (size_t i = 0; i < b->count; i++) {
        struct kafka_held *h = &b->held[i];
        if (!h->lost && (!h->entry.moved || kafka_held_is_to_move(h))) {
            read_record(b, h);
        }
    }
}

size_t kafka_batch_give(struct kafka_batch *b, struct feed_entry **entries)
{
    size_t given = 0;

    for (size_t i = 0; i < b->count; i++) {
        if (!b->held[i].lost) {
            entries[given++] = &b->held[i].entry;
        }
    }
    return given;
}

void kafka_batch_drop(struct kafka_batch *b)
{
    for (size_t i = 0; i < b->count; i++) {
        if (b->held[i].event != NULL) {
            rd_kafka_event_destroy(b->held[i].event);
        }
        bytes_finish(&b->held[i].texts);
    }
    b->count = b->bytes = 0;
}
