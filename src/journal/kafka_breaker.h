/* Kafka breaker: whether it is worth the wait to append.
 *
 *   closed ──(nothing came back for away_ms while appends waited, or no broker was there for that
 *             long, or a fatal error)──> open ──(anything succeeds)──> closed
 *
 * Once it is ended it stays open. While it is open one append each KAFKA_PROBE_MS is let through,
 * to find out.
 *
 * Pure: time is an argument, in milliseconds of one clock that never goes back. One thread at a
 * time. */
// SPDX-License-Identifier: MIT
#ifndef JOURNAL_KAFKA_BREAKER_H
#define JOURNAL_KAFKA_BREAKER_H

#include <stdbool.h>
#include <stdint.h>

enum { KAFKA_PROBE_MS = 500 };

struct kafka_breaker {
    unsigned away_ms;
    bool open, ended;
    uint64_t answered_ms; /* when something succeeded last */
    uint64_t down_ms;     /* since when no broker is there; 0: there is one, as far as is known */
    uint64_t probe_ms;    /* when the next probe may be */
};

/* It is closed. */
void kafka_breaker_init(struct kafka_breaker *b, unsigned away_ms, uint64_t now_ms);

/* May something be appended? If it is open the answer is yes once a while. */
bool kafka_breaker_admits(struct kafka_breaker *b, uint64_t now_ms);

/* Looks at the time; oldest_ms: when the oldest append that waits was made, 0: none waits. Returns
 * whether it opened. */
bool kafka_breaker_look(struct kafka_breaker *b, uint64_t now_ms, uint64_t oldest_ms);

/* Something was acknowledged, or a broker answered. Returns whether it closed. */
bool kafka_breaker_succeed(struct kafka_breaker *b, uint64_t now_ms);

/* No broker is there any more. */
void kafka_breaker_down(struct kafka_breaker *b, uint64_t now_ms);

/* Nothing may be appended any more, whatever succeeds. Returns whether that is new. */
bool kafka_breaker_end(struct kafka_breaker *b);

/* Nothing more will come of what waits. Returns whether it opened. */
bool kafka_breaker_break(struct kafka_breaker *b, uint64_t now_ms);

#endif
