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

static void give(struct kafka_journal *j, const struct kafka_flight *flight,
                 const struct kafka_spot *first, enum message_fate fate, struct message *m)
{
    m->fate = (uint8_t)fate;
    m->offset = kafka_place(&j->parts[flight->partition], first->offset);
    m->timestamp_ms = first->timestamp_ms;
}

int kafka_flight_take(struct kafka_journal *j, struct journal_append *op,
                      struct kafka_flight *flight, bool *is_placed)
{
    struct kafka_part *part = &j->parts[flight->partition];
    struct kafka_flight *first = kafka_flight_find(j, flight->hash);
    struct kafka_spot spot;

    *is_placed = flight->hash != 0 && first == NULL &&
                 kafka_recent_find(&part->sequence.recent, flight->hash, &spot);
    if (*is_placed) {
        give(j, flight, &spot, MESSAGE_REPEATED, &op->message);
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
    flight->floor = atomic_load_explicit(&part->place, memory_order_acquire) - part->base;
    flight->again_end = &flight->again;
    link_up(j, flight);
    count_in(j, op);
    return 0;
}

/* ---- landing ---- */

static void finish(struct kafka_journal *j, struct journal_append *op, struct completions *done)
{
    count_out(j, op);
    j->figures.failed += op->error != 0;
    completions_add(done, op);
}

void kafka_flight_fail(struct kafka_journal *j, struct kafka_flight *flight, int error,
                       struct completions *done)
{
    flight->op->next = flight->again;
    unlink_it(j, flight);
    for (struct journal_append *op = flight->op, *next; op != NULL; op = next) {
        next = op->next;
        op->error = error;
        op->message.offset = 0;
        finish(j, op, done);
    }
    free(flight);
}

void kafka_flight_land(struct kafka_journal *j, struct kafka_flight *flight,
                       const struct kafka_spot *first, enum kafka_turn turn,
                       struct completions *done)
{
    struct journal_append *op = flight->again;

    unlink_it(j, flight);
    flight->op->in_turn = turn == KAFKA_IN_TURN;
    give(j, flight, first, turn == KAFKA_REPEATED ? MESSAGE_REPEATED : MESSAGE_STORED,
         &flight->op->message);
    finish(j, flight->op, done);
    while (op != NULL) {
        struct journal_append *next = op->next;
        give(j, flight, first, MESSAGE_REPEATED, &op->message);
        finish(j, op, done);
        op = next;
    }
    free(flight);
}

void kafka_flight_land_at(struct kafka_journal *j, struct kafka_flight *flight,
                          const struct kafka_spot *spot)
{
    bool is_own = spot->timestamp_ms == flight->op->message.timestamp_ms;

    kafka_flight_land(j, flight, spot, is_own ? KAFKA_LATER : KAFKA_REPEATED, &j->done);
}

/* ---- those that wait for the log ---- */

static struct kafka_flight *held_first(const struct kafka_part *part)
{
    return part->held.first == NULL
               ? NULL
               : container_of(part->held.first, struct kafka_flight, held_node);
}

void kafka_flight_land_later(struct kafka_journal *j, struct kafka_flight *flight,
                             const struct kafka_spot *spot)
{
    struct kafka_part *part = &j->parts[flight->partition];
    bool is_named = flight->hash != 0 && flight->op->message.client_id.len > 0;

    if (part->held.first == NULL && (!is_named || spot->offset < part->sequence.next)) {
        kafka_flight_land(j, flight, spot, KAFKA_LATER, &j->done);
        return;
    }
    flight->is_held = true;
    flight->held_ms = kafka_now_ms();
    flight->spot = *spot;
    list_queue_add(&part->held, &flight->held_node);
}

static void release(struct kafka_journal *j, struct kafka_part *part, struct kafka_flight *flight)
{
    struct kafka_spot first;

    list_queue_remove(&part->held, &flight->held_node);
    if (flight->hash != 0 &&
        kafka_recent_before(&part->sequence.recent, flight->hash, flight->spot.offset, &first)) {
        kafka_flight_land(j, flight, &first, KAFKA_REPEATED, &j->done);
    } else {
        kafka_flight_land(j, flight, &flight->spot, KAFKA_LATER, &j->done);
    }
}

void kafka_flights_release(struct kafka_journal *j, struct kafka_part *part, uint64_t next,
                           uint64_t since_ms)
{
    struct kafka_flight *flight;

    while ((flight = held_first(part)) != NULL &&
           (flight->spot.offset < next || flight->held_ms <= since_ms)) {
        release(j, part, flight);
    }
}
