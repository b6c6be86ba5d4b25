// SPDX-License-Identifier: MIT
#include "tools/load/flight.h"

#include <assert.h>
#include <stdlib.h>

void flights_init(struct flights *f, uint32_t capacity)
{
    assert(capacity > 0);
    *f = (struct flights){
        .table = calloc(capacity, sizeof *f->table), .capacity = capacity, .free = FLIGHT_NONE};
    if (f->table == NULL) {
        abort();
    }
}

void flights_finish(struct flights *f)
{
    free(f->table);
    *f = (struct flights){0};
}

uint32_t flights_take(struct flights *f)
{
    uint32_t i = f->free;

    if (i != FLIGHT_NONE) {
        f->free = f->table[i].next_free;
    } else if (f->fresh < f->capacity) {
        i = f->fresh++;
    } else {
        return FLIGHT_NONE;
    }
    assert(!f->table[i].busy);
    f->table[i].busy = true;
    f->table[i].generation++;
    f->busy++;
    return i;
}

void flights_release(struct flights *f, struct flight *flight)
{
    assert(flight->busy);
    flight->busy = false;
    flight->next_free = f->free;
    f->free = (uint32_t)(flight - f->table);
    f->busy--;
}

struct flight *flights_get(struct flights *f, uint32_t i)
{
    return i < f->capacity && f->table[i].busy ? &f->table[i] : NULL;
}

uint64_t flights_ack_id(const struct flights *f, const struct flight *flight)
{
    return flight->generation * f->capacity + (uint64_t)(flight - f->table);
}

struct flight *flights_by_ack(struct flights *f, uint64_t id)
{
    struct flight *flight = flights_get(f, (uint32_t)(id % f->capacity));

    return flight != NULL && flight->wants_ack && flight->generation == id / f->capacity ? flight
                                                                                         : NULL;
}
