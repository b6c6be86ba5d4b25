// SPDX-License-Identifier: MIT
#include <assert.h>
#include <stdlib.h>

#include "src/base/memory.h"
#include "src/journal/kafka_journal.h"

struct kafka_flight *kafka_flight_find(const struct kafka_journal *j, uint64_t hash)
{
    return hash == 0 ? NULL : map_get(&j->by_hash, span_of(&hash, sizeof hash));
}

static void count_in(struct kafka_journal *j, const struct journal_append *op)
{
    j->figures.queue_messages++;
    j->figures.queue_bytes += message_bytes(&op->message);
}

static void count_out(struct kafka_journal *j, const struct journal_append *op)
{
    size_t bytes = message_bytes(&op->message);

    assert(j->figures.queue_messages > 0 && j->figures.queue_bytes >= bytes);
    j->figures.queue_messages--;
    j->figures.queue_bytes -= bytes;
}

static bool has_room(const struct kafka_journal *j, size_t bytes)
{
    return j->figures.queue_messages < j->options.queue_messages_max &&
           bytes <= j->options.queue_bytes_max &&
           j->figures.queue_bytes <= j->options.queue_bytes_max - bytes;
}

static void link_up(struct kafka_journal *j, struct kafka_flight *flight)
{
    flight->next = NULL;
    flight->back = j->flights_end;
    *j->flights_end = flight;
    j->flights_end = &flight->next;
    if (flight->hash != 0) {
        map_add(&j->by_hash, flight);
    }
}

static void unlink_it(struct kafka_journal *j, struct kafka_flight *flight)
{
    *flight->back = flight->next;
    if (flight->next != NULL) {
        flight->next->back = flight->back;
    } else {
        j->flights_end = flight->back;
    }
    if (flight->hash != 0) {
        (void)map_remove(&j->by_hash, span_of(&flight->hash, sizeof flight->hash));
    }
}

/* The same id again, while the first is under way. */
static void follow(struct kafka_journal *j, struct kafka_flight *first, struct journal_append *op)
{
    *first->again_end = op;
    first->again_end = &op->next;
    count_in(j, op);
}

int kafka_flight_take(struct kafka_journal *j, struct journal_append *op,
                      struct kafka_flight *flight, bool *is_placed)
{
    struct kafka_part *part = &j->parts[flight->partition];
    struct kafka_flight *first = kafka_flight_find(j, flight->hash);
    uint64_t offset;

    *is_placed =
        flight->hash != 0 && kafka_recent_find(&part->sequence.recent, flight->hash, &offset);
    if (*is_placed) {
        op->message.offset = kafka_place(part, offset);
        return 1;
    }
    if (!has_room(j, flight->bytes)) {
        j->figures.refused++;
        return JOURNAL_EBUSY;
    }
    if (first != NULL) {
        follow(j, first, op);
        return 1;
    }
    if (!kafka_breaker_admits(&j->breaker, flight->since_ms)) {
        j->figures.refused_away++;
        return JOURNAL_EAWAY;
    }
    flight->op = op;
    flight->again_end = &flight->again;
    link_up(j, flight);
    count_in(j, op);
    return 0;
}

static void finish(struct kafka_journal *j, struct journal_append *op, int error, uint64_t place,
                   struct completions *done)
{
    count_out(j, op);
    j->figures.failed += error != 0;
    op->error = error;
    op->message.offset = place;
    completions_add(done, op);
}

void kafka_flight_land(struct kafka_journal *j, struct kafka_flight *flight, int error,
                       uint64_t offset, enum kafka_turn turn, struct completions *done)
{
    uint64_t place = error == 0 ? kafka_place(&j->parts[flight->partition], offset) : 0;
    struct journal_append *op = flight->again;

    unlink_it(j, flight);
    flight->op->in_turn = error == 0 && turn == KAFKA_IN_TURN;
    finish(j, flight->op, error, place, done);
    while (op != NULL) {
        struct journal_append *next = op->next;
        op->message.timestamp_ms = flight->op->message.timestamp_ms;
        finish(j, op, error, place, done);
        op = next;
    }
    free(flight);
}
