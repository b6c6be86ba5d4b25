// SPDX-License-Identifier: MIT
#include "src/base/ids.h"

#include <assert.h>
#include <string.h>

enum {
    COUNTER_MAX = 0xfff,
    COUNTER_START = 0x7ff, /* the highest to begin a millisecond with: the rest is room to count */
};

/* Where the text has its hyphens: before these bytes. */
static int hyphen_before(int byte)
{
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

void id_source_next(struct id_source *source, int64_t wall_ms,
                    const uint8_t random[ID_RANDOM_BYTES], uint8_t id[ID_BYTES])
{
    assert(wall_ms >= 0 && wall_ms < (int64_t)1 << 48);
    if ((uint64_t)wall_ms > source->last_ms) {
        source->last_ms = (uint64_t)wall_ms;
        source->counter = load_be16(random) & COUNTER_START;
    } else if (source->counter < COUNTER_MAX) {
        source->counter++;
    } else {
        source->last_ms++;
        source->counter = 0;
    }
    store_be64(id, source->last_ms << 16 | 0x7000 | source->counter);
    memcpy(id + 8, random + 2, 8);
    id[8] = (uint8_t)(0x80 | (id[8] & 0x3f));
}

void id_format(const uint8_t id[ID_BYTES], char text[ID_TEXT_LEN])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < ID_BYTES; i++) {
        if (hyphen_before(i)) {
            *text++ = '-';
        }
        *text++ = digits[id[i] >> 4];
        *text++ = digits[id[i] & 15];
    }
}

static int digit_value(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int id_parse(struct span text, uint8_t id[ID_BYTES])
{
    if (text.len != ID_TEXT_LEN) {
        return -1;
    }
    const uint8_t *p = text.data;
    for (int i = 0; i < ID_BYTES; i++) {
        if (hyphen_before(i) && *p++ != '-') {
            return -1;
        }
        int high = digit_value(p[0]), low = digit_value(p[1]);
        if (high < 0 || low < 0) {
            return -1;
        }
        id[i] = (uint8_t)(high << 4 | low);
        p += 2;
    }
    return 0;
}
