/* Flights: the messages under way, each until all its deliveries and its acknowledgement came.
 *
 * A table of fixed capacity with a free list. The place of a message travels in its marker; its ack
 * id is generation * capacity + place, so an answer to a message that is over long ago does not
 * pass for one to the message that has its place now. A closed loop keeps N of them in the air; an
 * open loop has as many as the server is behind. */
// SPDX-License-Identifier: MIT
#ifndef TOOLS_LOAD_FLIGHT_H
#define TOOLS_LOAD_FLIGHT_H

#include "protocol/bytes.h"

enum { FLIGHT_NONE = UINT32_MAX };

struct flight {
    uint64_t sent_ns;    /* as scheduled, since the run began */
    uint64_t generation; /* 1 for the first message at this place */
    uint32_t sender;
    uint32_t room;
    uint32_t deliveries; /* still to come */
    uint32_t next_free;
    bool busy;
    bool wants_ack; /* and has none yet */
};

struct flights {
    struct flight *table;
    uint32_t capacity;
    uint32_t busy;
    uint32_t free;  /* head of the list of places given back */
    uint32_t fresh; /* from here on never used yet */
};

void flights_init(struct flights *f, uint32_t capacity);
void flights_finish(struct flights *f);

/* Takes a free place for a message (the caller fills all but generation and busy). Returns its
 * index, or FLIGHT_NONE when the table is full. */
uint32_t flights_take(struct flights *f);

/* Gives the place back. */
void flights_release(struct flights *f, struct flight *flight);

/* The message with index i, NULL when there is none under way at that place. */
struct flight *flights_get(struct flights *f, uint32_t i);

uint64_t flights_ack_id(const struct flights *f, const struct flight *flight);

/* The message that waits for ack id `id`, or NULL (unknown, over, or acknowledged already). */
struct flight *flights_by_ack(struct flights *f, uint64_t id);

static inline bool flight_is_over(const struct flight *flight)
{
    return flight->deliveries == 0 && !flight->wants_ack;
}

#endif
