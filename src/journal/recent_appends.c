// SPDX-License-Identifier: MIT
#include "src/journal/recent_appends.h"

#include <assert.h>
#include <stdlib.h>

#include "src/base/memory.h"

struct recent {
    struct list_node node; /* once it is done */
    struct journal_append *waiting, **end;
    uint64_t offset;
    int64_t timestamp_ms;
    bool is_done;
    size_t id_len;
    uint8_t id[];
};

static struct span key_of(const void *value)
{
    const struct recent *recent = value;
    return span_of(recent->id, recent->id_len);
}

void recent_appends_init(struct recent_appends *r, size_t max)
{
    uint64_t secret[2];

    arc4random_buf(secret, sizeof secret);
    *r = (struct recent_appends){.max = max != 0 ? max : RECENT_APPENDS_MAX};
    map_init(&r->by_id, key_of, secret);
}

void recent_appends_finish(struct recent_appends *r)
{
    assert(r->by_id.count == r->done_count);
    uint32_t i = 0;
    for (void *value; (value = map_next(&r->by_id, &i)) != NULL;) {
        free(value);
    }
    map_finish(&r->by_id);
}

/* Does the message bring its id into the world? */
static bool has_own_id(const struct message *m)
{
    return m->action == MESSAGE_SAY && m->id.len != 0;
}

static void give(const struct recent *recent, struct message *m)
{
    m->fate = MESSAGE_REPEATED;
    m->offset = recent->offset;
    m->timestamp_ms = recent->timestamp_ms;
}

enum recent_append recent_appends_begin(struct recent_appends *r, struct journal_append *op)
{
    const struct span id = op->message.id;

    if (!has_own_id(&op->message)) {
        return RECENT_NEW;
    }
    struct recent *recent = map_get(&r->by_id, id);
    if (recent == NULL) {
        recent = xcalloc(1, sizeof *recent + id.len);
        recent->id_len = id.len;
        recent->end = &recent->waiting;
        recent->timestamp_ms = op->message.timestamp_ms;
        memcpy(recent->id, id.data, id.len);
        map_add(&r->by_id, recent);
        return RECENT_NEW;
    }
    if (recent->is_done) {
        give(recent, &op->message);
        return RECENT_DONE;
    }
    op->next = NULL;
    *recent->end = op;
    recent->end = &op->next;
    return RECENT_WAITS;
}

static void remember(struct recent_appends *r, struct recent *recent)
{
    recent->is_done = true;
    list_queue_add(&r->done, &recent->node);
    if (++r->done_count > r->max) {
        struct recent *oldest = container_of(r->done.first, struct recent, node);
        list_queue_remove(&r->done, &oldest->node);
        r->done_count--;
        (void)map_remove(&r->by_id, key_of(oldest));
        free(oldest);
    }
}

struct journal_append *recent_appends_settle(struct recent_appends *r,
                                             const struct journal_append *op)
{
    if (!has_own_id(&op->message)) {
        return NULL;
    }
    struct recent *recent = map_get(&r->by_id, op->message.id);
    assert(recent != NULL && !recent->is_done);
    struct journal_append *waiting = recent->waiting;
    recent->waiting = NULL;
    recent->offset = op->message.offset;
    for (struct journal_append *w = waiting; w != NULL; w = w->next) {
        w->error = op->error;
        if (op->error == 0) {
            give(recent, &w->message);
        }
    }
    if (op->error == 0) {
        remember(r, recent);
    } else {
        (void)map_remove(&r->by_id, op->message.id);
        free(recent);
    }
    return waiting;
}
