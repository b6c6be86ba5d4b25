/* Position: where an entry is in a stream, as its id says: "1795237380711-0". Pure; any thread. */
// SPDX-License-Identifier: MIT
#ifndef CLUSTER_POSITION_H
#define CLUSTER_POSITION_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/bytes.h"

enum { POSITION_TEXT_MAX = 48 };

struct position {
    uint64_t ms, seq; /* both 0: before everything */
};

/* False if it is no id. */
bool position_parse(struct span id, struct position *out);

/* The id, in text. */
struct span position_text(struct position p, char text[POSITION_TEXT_MAX]);

static inline bool position_before(struct position a, struct position b)
{
    return a.ms < b.ms || (a.ms == b.ms && a.seq < b.seq);
}

static inline bool position_known(struct position p)
{
    return p.ms != 0 || p.seq != 0;
}

#endif
