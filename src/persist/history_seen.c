// SPDX-License-Identifier: MIT
#include "src/persist/history_seen.h"

#include <assert.h>
#include <unistd.h>

#include "src/base/map.h"
#include "src/base/memory.h"

/* The room of that hash: 64 bits of it are its name here. */
struct history_slot {
    uint64_t hash, place; /* 0: free */
    unsigned partition;
};

void history_seen_init(struct history_seen *seen, uint64_t rooms_max)
{
    assert(rooms_max != 0 && (rooms_max & (rooms_max - 1)) == 0);
    *seen = (struct history_seen){.mask = rooms_max - 1};
    seen->slots = xcalloc(rooms_max, sizeof *seen->slots);
    if (getentropy(seen->secret, sizeof seen->secret) != 0) {
        abort(); /* as without memory: a kernel that has none cannot serve */
    }
}

void history_seen_finish(struct history_seen *seen)
{
    free(seen->slots);
    seen->slots = NULL;
}

static void raise_to(uint64_t *place, uint64_t to)
{
    *place = *place > to ? *place : to;
}

void history_seen_at(struct history_seen *seen, unsigned partition, uint64_t place)
{
    struct history_part *part = &seen->parts[partition];

    switch (part->state) {
    case HISTORY_PART_NEW:
        part->state = HISTORY_PART_KNOWN;
        part->begin = place;
        break;
    case HISTORY_PART_KNOWN:
        break;
    case HISTORY_PART_GAP:
        part->state = HISTORY_PART_AT_GAP;
        part->begin = place;
        break;
    case HISTORY_PART_AT_GAP:
        if (place > part->begin) {
            part->state = HISTORY_PART_KNOWN;
            part->begin = place;
        }
        break;
    }
}

void history_seen_record(struct history_seen *seen, struct span room, unsigned partition,
                         uint64_t place)
{
    uint64_t hash = map_hash(seen->secret, room);
    struct history_slot *slot = &seen->slots[hash & seen->mask];

    assert(partition < STORE_PARTITIONS_MAX && place > 0);
    if (slot->place != 0 && slot->hash != hash) {
        raise_to(&seen->parts[slot->partition].forgotten, slot->place);
        slot->place = 0;
    }
    slot->hash = hash;
    slot->partition = partition;
    raise_to(&slot->place, place);
}

void history_seen_gap(struct history_seen *seen)
{
    for (unsigned i = 0; i < STORE_PARTITIONS_MAX; i++) {
        seen->parts[i].state = HISTORY_PART_GAP;
    }
}

uint64_t history_seen_latest(const struct history_seen *seen, struct span room, unsigned partition)
{
    const struct history_part *part = &seen->parts[partition];
    uint64_t hash = map_hash(seen->secret, room);
    const struct history_slot *slot = &seen->slots[hash & seen->mask];
    bool is_remembered = slot->place != 0 && slot->hash == hash;

    if (part->state != HISTORY_PART_KNOWN) {
        return UINT64_MAX;
    }
    uint64_t latest = is_remembered ? slot->place : part->forgotten;
    return latest > part->begin ? latest : part->begin;
}
