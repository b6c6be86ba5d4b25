/* Seen: up to which place of a journal's log each room is known to have changed, in bounded memory.
 * A page of a room that is complete up to that place is good; another one may not be.
 *
 *   record(room, place) ──> slot of the room's hash ──(another room was there)──> forgotten of its
 *                                                                                 partition
 *   latest(room) = its slot's place, or what is forgotten of its partition; at least where it began
 *
 * So what is forgotten only makes pages of rooms that nobody remembers look older than they are.
 *
 * One thread at a time. */
// SPDX-License-Identifier: MIT
#ifndef PERSIST_HISTORY_SEEN_H
#define PERSIST_HISTORY_SEEN_H

#include "src/store/store.h"

/* What is known of a partition. */
enum history_part_state {
    HISTORY_PART_NEW,   /* nothing */
    HISTORY_PART_KNOWN, /* each record behind `begin` has been told */
    HISTORY_PART_GAP,   /* records have been lost */
    HISTORY_PART_AT_GAP /* and `begin` is before or behind them: who is further is behind them */
};

struct history_part {
    enum history_part_state state;
    uint64_t begin, forgotten; /* places */
};

struct history_slot;

struct history_seen {
    struct history_slot *slots;
    uint64_t mask;
    uint64_t secret[2]; /* of the hash, as rooms are named by peers */
    struct history_part parts[STORE_PARTITIONS_MAX];
};

/* rooms_max: a power of two. */
void history_seen_init(struct history_seen *seen, uint64_t rooms_max);
void history_seen_finish(struct history_seen *seen);

/* The journal is at that place of the partition, which all records behind it are going to be told
 * of. Before each question for the latest. */
void history_seen_at(struct history_seen *seen, unsigned partition, uint64_t place);

/* A record of the room. */
void history_seen_record(struct history_seen *seen, struct span room, unsigned partition,
                         uint64_t place);

/* Records have been lost, of whichever partition. */
void history_seen_gap(struct history_seen *seen);

/* No record of the room that was told has a greater place. UINT64_MAX: nobody can say. */
uint64_t history_seen_latest(const struct history_seen *seen, struct span room, unsigned partition);

#endif
