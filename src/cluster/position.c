// SPDX-License-Identifier: MIT
#include "src/cluster/position.h"

#include <inttypes.h>
#include <stdio.h>

/* The number at *at, which moves behind it. */
static bool take_number(struct span text, size_t *at, uint64_t *out)
{
    size_t begin = *at;

    *out = 0;
    while (*at < text.len && text.data[*at] >= '0' && text.data[*at] <= '9') {
        unsigned digit = (unsigned)(text.data[(*at)++] - '0');
        if (*out > (UINT64_MAX - digit) / 10) {
            return false;
        }
        *out = *out * 10 + digit;
    }
    return *at > begin;
}

bool position_parse(struct span id, struct position *out)
{
    size_t at = 0;

    if (!take_number(id, &at, &out->ms) || at == id.len || id.data[at++] != '-') {
        return false;
    }
    return take_number(id, &at, &out->seq) && at == id.len;
}

struct span position_text(struct position p, char text[POSITION_TEXT_MAX])
{
    int len = snprintf(text, POSITION_TEXT_MAX, "%" PRIu64 "-%" PRIu64, p.ms, p.seq);

    return span_of(text, (size_t)len);
}
