// SPDX-License-Identifier: MIT
#include "protocol/adapter_cluster.h"

#include <assert.h>

#include "protocol/utf8.h"

/* Every id that Node gives to a socket is so long; it takes what is so long for one. */
enum { SOCKET_ID_UNITS = 20 };

/* Takes the next unit of text that is UTF-8 here and UTF-16 in JavaScript. `low` is 0 at first, and
 * then the half of a pair that comes next, if any. */
static uint16_t take_unit(struct span *text, uint16_t *low)
{
    uint16_t unit = *low;

    *low = 0;
    if (unit != 0) {
        return unit;
    }
    uint32_t code_point = utf8_take(text);
    if (code_point < 0x10000) {
        return (uint16_t)code_point;
    }
    code_point -= 0x10000;
    *low = (uint16_t)(0xDC00 | (code_point & 0x3FF));
    return (uint16_t)(0xD800 | code_point >> 10);
}

/* The `length` of that string, counted no further than max. */
static size_t units_of(struct span text, size_t max)
{
    size_t count = 0;

    for (uint16_t low = 0; (text.len != 0 || low != 0) && count < max; count++) {
        (void)take_unit(&text, &low);
    }
    return count;
}

void cluster_channel_write(struct bytes *out, struct span prefix, struct span nsp, struct span name)
{
    bytes_add_span(out, prefix);
    bytes_add_byte(out, '#');
    bytes_add_span(out, nsp);
    bytes_add_byte(out, '#');
    if (name.len != 0) {
        bytes_add_span(out, name);
        bytes_add_byte(out, '#');
    }
}

struct span cluster_room_of(const struct adapter_message *m, enum cluster_mode mode)
{
    /* Who wants answers counts the servers that listen on the common channel. */
    if (m->kind != ADAPTER_BROADCAST || m->request_id.len != 0 || m->rooms.count != 1) {
        return SPAN("");
    }
    struct span room = m->rooms.items[0];
    switch (mode) {
    case CLUSTER_STATIC:
        return SPAN("");
    case CLUSTER_DYNAMIC:
        return units_of(room, SOCKET_ID_UNITS + 1) == SOCKET_ID_UNITS ? SPAN("") : room;
    case CLUSTER_DYNAMIC_PRIVATE:
        break;
    }
    return room;
}

bool cluster_room_has_channel(struct span room, bool room_is_own_id, enum cluster_mode mode)
{
    return mode == CLUSTER_DYNAMIC_PRIVATE || (mode == CLUSTER_DYNAMIC && !room_is_own_id);
}

void cluster_stream_name(struct bytes *out, struct span base, unsigned streams, struct span nsp)
{
    assert(streams > 0 && streams <= INT32_MAX);

    bytes_add_span(out, base);
    if (streams == 1) {
        return;
    }
    uint32_t hash = 0;
    for (uint16_t low = 0; nsp.len != 0 || low != 0;) {
        hash = hash * 31 + take_unit(&nsp, &low);
    }
    int32_t remainder = (int32_t)hash % (int32_t)streams; /* below 0 like the hash, in Node too */
    bytes_add_byte(out, '-');
    if (remainder < 0) {
        bytes_add_byte(out, '-');
    }
    bytes_add_u64(out, (uint64_t)(remainder < 0 ? -(int64_t)remainder : remainder));
}

bool cluster_entry_id_valid(struct span id)
{
    const uint8_t *dash = id.len == 0 ? NULL : memchr(id.data, '-', id.len);
    uint64_t n;

    if (dash == NULL) {
        return false;
    }
    struct span ms = span_of(id.data, (size_t)(dash - id.data));
    struct span seq = span_skip(id, ms.len + 1);
    return span_to_u64(ms, UINT64_MAX, &n) == 0 && span_to_u64(seq, UINT64_MAX, &n) == 0;
}
