/* Traffic: what is under way in the rooms of a home loop: messages that were appended to the
 * journal and not yet broadcast, and joins that wait for their history.
 *
 * It answers what such a join must know when its history arrives: which of the messages in it does
 * the joiner get live as well?
 *
 *     join begins ──────────────── live from here ────────────────> history arrives
 *        ...  9  10 |  11   12                        13  14
 *             done  |  done while the join waited     still in flight
 *     history: may hold anything up to 14. The joiner has or will get 11 to 14 by themselves, so
 *     first_live is 11, and 13 and 14 are found among the messages in flight.
 *
 * Rooms that nothing is under way in cost nothing here. Intrusive; nothing is allocated.
 * Threads: its loop only. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_TRAFFIC_H
#define CHAT_TRAFFIC_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/bytes.h"
#include "src/base/list.h"
#include "src/base/message.h"

enum { TRAFFIC_BUCKETS = 256 };

/* One that is under way, embedded in whatever it is. */
struct traffic_item {
    struct list_node node;
    uint64_t room_hash;
    struct span room;    /* outlives the item */
    struct span id;      /* of a message in flight */
    uint64_t first_live; /* of a join: smallest offset that was done since it began; 0: none */
};

struct traffic {
    struct list sends[TRAFFIC_BUCKETS];
    struct list joins[TRAFFIC_BUCKETS];
};

/* A message goes to the journal; room, room_hash and id are set. */
void traffic_send_begins(struct traffic *t, struct traffic_item *send);

/* The journal is done with it. offset: its place in the room if it is going to be broadcast now,
 * else 0. */
void traffic_send_ends(struct traffic *t, struct traffic_item *send, uint64_t offset);

/* A socket joins; room and room_hash are set. */
void traffic_join_begins(struct traffic *t, struct traffic_item *join);

/* Its history has come (newest first), or count is 0: returns how many of its newest messages to
 * leave out. */
size_t traffic_join_ends(struct traffic *t, struct traffic_item *join,
                         const struct message *messages, size_t count);

#endif
