// SPDX-License-Identifier: MIT
#include "src/journal/kafka_sequence.h"

void kafka_sequence_init(struct kafka_sequence *s, uint64_t next, uint32_t window,
                         const uint64_t secret[2])
{
    s->next = next;
    kafka_recent_init(&s->recent, window, secret);
}

void kafka_sequence_finish(struct kafka_sequence *s)
{
    kafka_recent_finish(&s->recent);
}

bool kafka_sequence_is_new(struct kafka_sequence *s, uint64_t offset, uint64_t hash)
{
    uint64_t first;

    if (hash != 0 && kafka_recent_before(&s->recent, hash, offset, &first)) {
        return false;
    }
    if (hash != 0) {
        kafka_recent_note(&s->recent, hash, offset);
    }
    return true;
}

enum kafka_turn kafka_sequence_report(struct kafka_sequence *s, uint64_t offset, uint64_t hash,
                                      uint64_t *first)
{
    bool in_turn = offset == s->next;

    s->next += in_turn;
    *first = offset;
    if (hash != 0 && kafka_recent_before(&s->recent, hash, offset, first)) {
        return KAFKA_REPEATED;
    }
    *first = offset; /* what is further away does not count */
    if (hash != 0) {
        kafka_recent_note(&s->recent, hash, offset);
    }
    return in_turn ? KAFKA_IN_TURN : KAFKA_LATER;
}

bool kafka_sequence_pass(struct kafka_sequence *s, uint64_t offset)
{
    if (offset < s->next) {
        return false;
    }
    s->next = offset + 1;
    return true;
}
