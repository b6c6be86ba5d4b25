// SPDX-License-Identifier: MIT
#include "src/chat/recent.h"

#include "src/base/map.h"
#include "src/base/memory.h"

struct recent {
    uint64_t seen[RECENT_SETS][RECENT_SET]; /* 0: free */
    uint8_t next[RECENT_SETS];
};

/* Edits of one message differ by their times. */
static uint64_t hash_of(const uint64_t secret[2], const struct message *m)
{
    uint64_t parts[3] = {map_hash(secret, m->id), m->action, 0};

    parts[2] = m->action == MESSAGE_EDIT ? (uint64_t)m->edited_ms : 0;
    uint64_t hash = map_hash(secret, span_of(parts, sizeof parts));
    return hash != 0 ? hash : 1;
}

static bool has(const struct recent *recent, uint64_t hash)
{
    for (unsigned i = 0; recent != NULL && i < RECENT_SET; i++) {
        if (recent->seen[hash % RECENT_SETS][i] == hash) {
            return true;
        }
    }
    return false;
}

bool recent_has(const struct recent *recent, const uint64_t secret[2], const struct message *m)
{
    return has(recent, hash_of(secret, m));
}

bool recent_add(struct recent **recent, const uint64_t secret[2], const struct message *m)
{
    uint64_t hash = hash_of(secret, m);
    unsigned set = hash % RECENT_SETS;

    if (has(*recent, hash)) {
        return true;
    }
    if (*recent == NULL) {
        *recent = xcalloc(1, sizeof **recent);
    }
    struct recent *r = *recent;
    r->seen[set][r->next[set]] = hash;
    r->next[set] = (uint8_t)((r->next[set] + 1) % RECENT_SET);
    return false;
}
