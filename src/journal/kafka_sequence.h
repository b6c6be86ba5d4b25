/* Kafka sequence: the one order in which the records of a partition are told, where own ones are
 * known from their delivery reports and all come from the log as well.
 *
 *   report(offset == next) ──> in turn: it is told now, and what the log brings of it is skipped
 *   report(else)           ──> later: the log brings it behind what others appended
 *   pass(offset >= next)   ──> told now, if is_new
 *
 * So each record is told once, in the order of the log. A record that says again what one before it
 * says is not told at all (kafka_recent.h).
 *
 * One thread at a time. */
// SPDX-License-Identifier: MIT
#ifndef JOURNAL_KAFKA_SEQUENCE_H
#define JOURNAL_KAFKA_SEQUENCE_H

#include "src/journal/kafka_recent.h"

struct kafka_sequence {
    uint64_t next; /* the offset of the next record to be told */
    struct kafka_recent recent;
};

enum kafka_turn {
    KAFKA_IN_TURN,
    KAFKA_LATER,
    KAFKA_REPEATED, /* nobody is told of this one; a record before it says the same */
};

void kafka_sequence_init(struct kafka_sequence *s, uint64_t next, uint32_t window,
                         const uint64_t secret[2]);
void kafka_sequence_finish(struct kafka_sequence *s);

/* An own record is in the log, at that spot; hash: kafka_recent_hash. *first becomes what counts:
 * its own, or if it is repeated that of the record before. */
enum kafka_turn kafka_sequence_report(struct kafka_sequence *s, const struct kafka_spot *spot,
                                      uint64_t hash, struct kafka_spot *first);

/* The log brings a record. Returns whether it is to be looked at; else it has been told. */
bool kafka_sequence_pass(struct kafka_sequence *s, uint64_t offset);

/* Is that what it says, and has not been said before? Of one that has just been passed. */
bool kafka_sequence_is_new(struct kafka_sequence *s, const struct kafka_spot *spot, uint64_t hash);

#endif
