// SPDX-License-Identifier: MIT
#include "src/journal/kafka_breaker.h"

void kafka_breaker_init(struct kafka_breaker *b, unsigned away_ms, uint64_t now_ms)
{
    *b = (struct kafka_breaker){.away_ms = away_ms, .answered_ms = now_ms};
}

bool kafka_breaker_admits(struct kafka_breaker *b, uint64_t now_ms)
{
    if (!b->open) {
        return true;
    }
    if (b->ended || now_ms < b->probe_ms) {
        return false;
    }
    b->probe_ms = now_ms + KAFKA_PROBE_MS;
    return true;
}

bool kafka_breaker_break(struct kafka_breaker *b, uint64_t now_ms)
{
    bool opens = !b->open;

    if (opens) {
        b->open = true;
        b->probe_ms = now_ms + KAFKA_PROBE_MS;
    }
    return opens;
}

bool kafka_breaker_end(struct kafka_breaker *b)
{
    bool ends = !b->ended;

    b->open = b->ended = true;
    return ends;
}

bool kafka_breaker_look(struct kafka_breaker *b, uint64_t now_ms, uint64_t oldest_ms)
{
    uint64_t waits_ms = oldest_ms > b->answered_ms ? oldest_ms : b->answered_ms;
    bool silent = oldest_ms != 0 && now_ms >= waits_ms + b->away_ms;
    bool down = b->down_ms != 0 && now_ms >= b->down_ms + b->away_ms;

    return (silent || down) && kafka_breaker_break(b, now_ms);
}

bool kafka_breaker_succeed(struct kafka_breaker *b, uint64_t now_ms)
{
    bool closes = b->open && !b->ended;

    b->open = b->ended;
    b->answered_ms = now_ms;
    b->down_ms = 0;
    return closes;
}

void kafka_breaker_down(struct kafka_breaker *b, uint64_t now_ms)
{
    if (b->down_ms == 0) {
        b->down_ms = now_ms;
    }
}
