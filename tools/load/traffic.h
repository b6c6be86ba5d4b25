/* Traffic: who sends when, and what became of every message.
 *
 *   closed loop   N messages are under way; when one is over (all its receivers have it and the
 * ack, if asked for, has come) the next one is sent, N rooms further. What is measured is what the
 * server can do. open loop     message k is due at start + k / rate, whatever became of those
 * before it, and its latency counts from then on, however late it could be sent: a server that
 * stalls cannot hide it by holding the generator up (no coordinated omission).
 *
 * User u is in room u modulo `rooms`; the senders of a room take turns. For every message the
 * number of receivers is known when it is sent, so at the end
 *
 *     lost = due - delivered         (delivered counts each receiver once)
 *
 * Ownership: belongs to the run, which lends it the clients. One thread. */
// SPDX-License-Identifier: MIT
#ifndef TOOLS_LOAD_TRAFFIC_H
#define TOOLS_LOAD_TRAFFIC_H

#include "tools/load/client.h"
#include "tools/load/flight.h"
#include "tools/load/histogram.h"
#include "tools/load/order.h"

struct traffic_room {
    uint32_t joined;
    uint32_t next_sender;
};

struct traffic_count {
    uint64_t sent;
    uint64_t due;       /* deliveries that must come of them */
    uint64_t delivered; /* without duplicates */
    uint64_t duplicated;
    uint64_t out_of_order;
    uint64_t stray; /* of no message of this run, or to one who is not in that room */
    uint64_t acks_due;
    uint64_t acked;
    uint64_t acks_unexpected;
    uint64_t unsent; /* could not be: no sender in the room, or too many under way */
};

struct traffic {
    const struct load_options *options;
    struct client *clients;
    struct loop *loop;
    struct traffic_room *rooms;
    struct order_cell *order; /* users x senders */
    struct flights flights;
    struct traffic_count count;
    struct histogram delivery_ns; /* of messages due from measured_from_ns on */
    struct histogram ack_ns;
    uint64_t measured_sent;
    uint64_t measured_from_ns; /* UINT64_MAX: not yet */
    uint64_t last_arrival_ns;
    uint64_t open_start_ns; /* open loop: when message 0 was due */
    uint64_t open_sent;
    uint64_t magic;
    size_t marker_hint;
    uint8_t *text;    /* options->text_bytes: marker and filler */
    uint32_t senders; /* of a room, at most */
    bool to_nobody;
    bool to_others;
    bool flowing; /* messages are being sent */
};

void traffic_init(struct traffic *t, const struct load_options *options, struct client *clients,
                  struct loop *loop, uint32_t run_id);
void traffic_finish(struct traffic *t);

void traffic_on_joined(struct traffic *t, const struct client *c);
void traffic_on_left(struct traffic *t, const struct client *c);
void traffic_on_delivery(struct traffic *t, struct client *c, struct span packet);
void traffic_on_ack(struct traffic *t, struct client *c, uint64_t id);

/* Begins to send: all of a closed loop at once, or the clock of an open one. */
void traffic_start(struct traffic *t);
void traffic_stop(struct traffic *t);

/* From now on latencies are recorded, of messages due from now on. */
void traffic_measure(struct traffic *t);

/* Open loop: sends what is due. Returns when the next one is due (UINT64_MAX: never). */
uint64_t traffic_send_due(struct traffic *t);

static inline uint64_t traffic_lost(const struct traffic *t)
{
    return t->count.due > t->count.delivered ? t->count.due - t->count.delivered : 0;
}

#endif
