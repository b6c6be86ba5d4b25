// SPDX-License-Identifier: MIT
#include "src/chat/tail.h"

#include <assert.h>

#include "src/base/memory.h"

enum { CAP_MIN = 8 };

static struct record *record_at(const struct tail *t, uint32_t i)
{
    return t->records[(t->first + i) & (t->cap - 1)];
}

static void drop_oldest(struct tail *t)
{
    struct record *r = record_at(t, 0);

    t->floor = message_place(&r->message);
    t->bytes -= record_bytes(r);
    t->changes -= r->message.changed != 0;
    t->first = (t->first + 1) & (t->cap - 1);
    t->count--;
    record_release(r);
}

static void grow(struct tail *t)
{
    uint32_t cap = t->cap == 0 ? CAP_MIN : t->cap * 2;
    struct record **records = xreallocarray(NULL, cap, sizeof(struct record *));

    for (uint32_t i = 0; i < t->count; i++) {
        records[i] = record_at(t, i);
    }
    free(t->records);
    t->records = records;
    t->first = 0;
    t->cap = cap;
}

void tail_clear(struct tail *t)
{
    while (t->count > 0) {
        drop_oldest(t);
    }
    free(t->records);
    *t = (struct tail){.pushed = t->pushed, .newest = t->newest};
}

void tail_push(struct tail *t, struct record *r, bool sparse)
{
    uint64_t place = message_place(&r->message);

    if (t->count > 0 && !sparse && place != t->newest + 1) {
        tail_clear(t);
    }
    if (t->count == 0) {
        t->floor = place - 1;
    }
    if (t->count == TAIL_RECORDS_MAX) {
        drop_oldest(t);
    } else if (t->count == t->cap) {
        grow(t);
    }
    t->records[(t->first + t->count++) & (t->cap - 1)] = record_hold(r);
    t->bytes += record_bytes(r);
    t->changes += r->message.changed != 0;
    t->newest = place;
    t->pushed++;
}

bool tail_covers(const struct tail *t, uint64_t after)
{
    return t->count > 0 && t->floor <= after;
}

struct record **tail_last(const struct tail *t, size_t count)
{
    struct record **records = xcalloc(count + 1, sizeof(struct record *));

    assert(count <= t->count);
    for (size_t i = 0; i < count; i++) {
        records[i] = record_hold(record_at(t, (uint32_t)(t->count - count + i)));
    }
    return records;
}

struct record **tail_after(const struct tail *t, uint64_t after, size_t *count)
{
    uint32_t known = t->count;

    while (known > 0 && message_place(&record_at(t, known - 1)->message) > after) {
        known--;
    }
    *count = t->count - known;
    return tail_last(t, *count);
}

/* The latest record of the message said by record i, or NULL if that record did not say one. */
static struct record *latest_of(const struct tail *t, uint32_t i)
{
    struct record *said = record_at(t, i);

    if (said->message.changed != 0) {
        return NULL;
    }
    for (uint32_t j = t->count - 1; j > i && t->changes > 0; j--) {
        if (record_at(t, j)->message.offset == said->message.offset) {
            return record_at(t, j);
        }
    }
    return said;
}

bool tail_history(const struct tail *t, size_t max, size_t bytes_max, struct record ***records,
                  size_t *count)
{
    struct record **found = xcalloc(t->count + 1, sizeof(struct record *));
    size_t n = 0, bytes = 0;

    for (uint32_t i = t->count; i-- > 0 && n < max && bytes < bytes_max;) {
        struct record *r = latest_of(t, i);
        if (r != NULL && r->message.action != MESSAGE_DELETE) {
            found[n++] = r;
            bytes += message_bytes(&r->message);
        }
    }
    if (n < max && bytes < bytes_max && (t->count == 0 || t->floor != 0)) {
        free(found);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        (void)record_hold(found[i]);
    }
    *records = found;
    *count = n;
    return true;
}

void records_release(struct record **records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        record_release(records[i]);
    }
    free(records);
}
