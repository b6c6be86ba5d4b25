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

/* Notes it unless it is repeated, then *first is the one before. */
static bool note(struct kafka_sequence *s, const struct kafka_spot *spot, uint64_t hash,
                 struct kafka_spot *first)
{
    if (hash != 0 && kafka_recent_before(&s->recent, hash, spot->offset, first)) {
        return false;
    }
    *first = *spot; /* what is further away does not count */
    if (hash != 0) {
        kafka_recent_note(&s->recent, hash, spot);
    }
    return true;
}

bool kafka_sequence_is_new(struct kafka_sequence *s, const struct kafka_spot *spot, uint64_t hash)
{
    struct kafka_spot first;

    return note(s, spot, hash, &first);
}

enum kafka_turn kafka_sequence_report(struct kafka_sequence *s, const struct kafka_spot *spot,
                                      uint64_t hash, struct kafka_spot *first)
{
    bool in_turn = spot->offset == s->next;

    s->next += in_turn;
    if (!note(s, spot, hash, first)) {
        return KAFKA_REPEATED;
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
