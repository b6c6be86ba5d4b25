// SPDX-License-Identifier: MIT
#include "src/redis/redis_slots.h"

#include <stdlib.h>

#include "src/base/memory.h"

/* CRC16-XMODEM: polynomial 0x1021, begins at 0, nothing is reflected. */
static uint16_t crc16(struct span data)
{
    uint16_t crc = 0;

    for (size_t i = 0; i < data.len; i++) {
        crc ^= (uint16_t)(data.data[i] << 8);
        for (int bit = 0; bit < 8; bit++) {
            crc = (uint16_t)((crc & 0x8000) != 0 ? crc << 1 ^ 0x1021 : crc << 1);
        }
    }
    return crc;
}

unsigned redis_slot(struct span key)
{
    const uint8_t *open = key.len == 0 ? NULL : memchr(key.data, '{', key.len);

    if (open != NULL) {
        struct span tag = span_skip(key, (size_t)(open - key.data) + 1);
        const uint8_t *close = tag.len == 0 ? NULL : memchr(tag.data, '}', tag.len);
        if (close != NULL && close != tag.data) {
            key = span_of(tag.data, (size_t)(close - tag.data));
        }
    }
    return crc16(key) % REDIS_SLOTS;
}

/* The index of that address, added if it is new; -1 when there are too many. */
static int index_of(struct redis_slots *slots, const struct redis_address *a)
{
    for (size_t i = 0; i < slots->node_count; i++) {
        if (redis_address_eq(&slots->nodes[i], a)) {
            return (int)i;
        }
    }
    if (slots->node_count == REDIS_NODES_MAX) {
        return -1;
    }
    slots->nodes = xreallocarray(slots->nodes, slots->node_count + 1, sizeof *slots->nodes);
    slots->nodes[slots->node_count] = *a;
    return (int)slots->node_count++;
}

/* [host, port, ...]; no host, or none that is known: the one that was asked. */
static int parse_node(const struct redis_reply *node, const struct redis_address *asked,
                      struct redis_address *a)
{
    if (node->type != REDIS_ARRAY || node->count < 2 || node->items[1].type != REDIS_INTEGER ||
        (node->items[0].type != REDIS_TEXT && node->items[0].type != REDIS_NIL) ||
        node->items[1].integer < 0) {
        return -1;
    }
    struct span host = node->items[0].text;
    if (host.len == 0 || span_eq(host, SPAN("?"))) {
        host = span_cstr(asked->host);
    }
    return redis_address_set(a, host, (uint64_t)node->items[1].integer);
}

/* [first slot, last slot, master, replicas...] */
static int parse_range(struct redis_slots *slots, const struct redis_reply *range,
                       const struct redis_address *asked)
{
    struct redis_address master;

    if (range->type != REDIS_ARRAY || range->count < 3 || range->items[0].type != REDIS_INTEGER ||
        range->items[1].type != REDIS_INTEGER ||
        parse_node(&range->items[2], asked, &master) != 0) {
        return -1;
    }
    int64_t first = range->items[0].integer, last = range->items[1].integer;
    if (first < 0 || last < first || last >= REDIS_SLOTS) {
        return -1;
    }
    int node = index_of(slots, &master);
    if (node < 0) {
        return -1;
    }
    for (int64_t slot = first; slot <= last; slot++) {
        slots->owned += slots->owner[slot] == REDIS_NO_NODE;
        slots->owner[slot] = (uint16_t)node;
    }
    return 0;
}

int redis_slots_parse(struct redis_slots *slots, const struct redis_reply *reply,
                      const struct redis_address *asked)
{
    struct redis_slots found = {0};
    bool good = reply->type == REDIS_ARRAY && reply->count > 0 && reply->count <= REDIS_SLOTS;

    if (!good) {
        return -1;
    }
    found.owner = xreallocarray(NULL, REDIS_SLOTS, sizeof *found.owner);
    memset(found.owner, 0xff, REDIS_SLOTS * sizeof *found.owner);
    for (size_t i = 0; good && i < reply->count; i++) {
        good = parse_range(&found, &reply->items[i], asked) == 0;
    }
    if (!good) {
        redis_slots_finish(&found);
        return -1;
    }
    redis_slots_finish(slots);
    *slots = found;
    return 0;
}

void redis_slots_finish(struct redis_slots *slots)
{
    free(slots->nodes);
    free(slots->owner);
    *slots = (struct redis_slots){0};
}

const struct redis_address *redis_slots_node(const struct redis_slots *slots, unsigned slot)
{
    if (slots->owner == NULL || slots->owner[slot] == REDIS_NO_NODE) {
        return NULL;
    }
    return &slots->nodes[slots->owner[slot]];
}

bool redis_slots_has(const struct redis_slots *slots, const struct redis_address *a)
{
    for (size_t i = 0; i < slots->node_count; i++) {
        if (redis_address_eq(&slots->nodes[i], a)) {
            return true;
        }
    }
    return false;
}

int redis_redirect_parse(struct redis_redirect *redirect, struct span error,
                         const struct redis_address *asked)
{
    uint64_t slot, port;
    size_t space = 0, colon;

    redirect->ask = span_starts(error, SPAN("ASK "));
    if (!redirect->ask && !span_starts(error, SPAN("MOVED "))) {
        return -1;
    }
    error = span_skip(error, redirect->ask ? 4 : 6);
    while (space < error.len && error.data[space] != ' ') {
        space++;
    }
    if (space == error.len ||
        span_to_u64(span_of(error.data, space), REDIS_SLOTS - 1, &slot) != 0) {
        return -1;
    }
    error = span_skip(error, space + 1);
    for (colon = error.len; colon > 0 && error.data[colon - 1] != ':'; colon--) {
    }
    if (colon == 0 || span_to_u64(span_skip(error, colon), 65535, &port) != 0) {
        return -1;
    }
    struct span host = span_of(error.data, colon - 1);
    redirect->slot = (unsigned)slot;
    return redis_address_set(&redirect->to, host.len == 0 ? span_cstr(asked->host) : host, port);
}
