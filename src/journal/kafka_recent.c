// SPDX-License-Identifier: MIT
#include "src/journal/kafka_recent.h"

#include "src/base/memory.h"

static struct span key_of(const void *value)
{
    const struct kafka_recent_entry *e = value;
    return span_of(&e->hash, sizeof e->hash);
}

/* Twice the window: a record can be noted as an own one before the log has come there. */
void kafka_recent_init(struct kafka_recent *r, uint32_t window, const uint64_t secret[2])
{
    *r = (struct kafka_recent){.size = 2 * window, .window = window};
    map_init(&r->map, key_of, secret);
    r->ring = xcalloc(r->size, sizeof *r->ring);
}

void kafka_recent_finish(struct kafka_recent *r)
{
    map_finish(&r->map);
    free(r->ring);
}

static struct kafka_recent_entry *entry_of(const struct kafka_recent *r, uint64_t hash)
{
    return map_get(&r->map, span_of(&hash, sizeof hash));
}

bool kafka_recent_find(const struct kafka_recent *r, uint64_t hash, struct kafka_spot *first)
{
    const struct kafka_recent_entry *e = entry_of(r, hash);

    if (e != NULL) {
        *first = e->spot;
    }
    return e != NULL;
}

bool kafka_recent_before(const struct kafka_recent *r, uint64_t hash, uint64_t offset,
                         struct kafka_spot *first)
{
    return kafka_recent_find(r, hash, first) && first->offset < offset &&
           offset - first->offset < r->window;
}

/* Of two that are near each other the first counts; what comes far behind counts anew. */
static bool counts(const struct kafka_recent *r, uint64_t offset, uint64_t noted)
{
    return offset < noted || offset - noted >= r->window;
}

void kafka_recent_note(struct kafka_recent *r, uint64_t hash, const struct kafka_spot *spot)
{
    struct kafka_recent_entry *e = entry_of(r, hash);

    if (e != NULL) {
        e->spot = counts(r, spot->offset, e->spot.offset) ? *spot : e->spot;
        return;
    }
    e = &r->ring[r->next];
    r->next = (r->next + 1) % r->size;
    if (e->hash != 0) {
        (void)map_remove(&r->map, key_of(e));
    }
    *e = (struct kafka_recent_entry){hash, *spot};
    map_add(&r->map, e);
}

uint64_t kafka_recent_hash(const uint64_t secret[2], const struct message *m)
{
    bool is_said = m->action == MESSAGE_SAY;
    uint64_t parts[4] = {map_hash(secret, m->id), m->action, 0, 0};

    if (m->id.len == 0 || m->action == MESSAGE_MARK) {
        return 0;
    }
    parts[2] = m->action == MESSAGE_EDIT ? (uint64_t)m->edited_ms : 0;
    parts[3] = is_said ? 0 : map_hash(secret, m->user_id);
    uint64_t hash = map_hash(secret, span_of(parts, sizeof parts));
    return hash != 0 ? hash : 1;
}
