// SPDX-License-Identifier: MIT
#include "src/chat/dialect.h"

#include <assert.h>

#include "src/chat/dialect_table.h"
#include "src/chat/text.h"

static const struct dialect *const tables[DIALECT_COUNT] = {
#define TABLE(id, name) [DIALECT_##id] = &dialect_##name,
    DIALECTS(TABLE)
#undef TABLE
};

const struct dialect *dialect_table(enum dialect_id id)
{
    return (unsigned)id < DIALECT_COUNT ? tables[id] : NULL;
}

void dialect_scratch_finish(struct dialect_scratch *scratch)
{
    bytes_finish(&scratch->texts);
}

/* ---- the events by name ----
 *
 * The tables are constants, so this is too, but C cannot compute it: it is filled in before main.
 * Entries are sorted by the length of their names, of which each has few. */

enum { EVENTS_MAX = 48, ROWS_MAX = 96, NAME_LEN_MAX = 31 };

static struct event_row rows[ROWS_MAX];
static struct event_entry entries[EVENTS_MAX];
static unsigned row_count, entry_count;
static uint8_t first_of_len[NAME_LEN_MAX + 2]; /* [len + 1] is the end */

static unsigned key_index(struct event_entry *entry, struct span key)
{
    unsigned slot = event_key_hash(key);

    for (; entry->slots[slot % KEY_SLOTS] != 0; slot++) {
        unsigned i = entry->slots[slot % KEY_SLOTS] - 1U;
        if (span_eq(entry->keys[i], key)) {
            return i;
        }
    }
    assert(entry->key_count < KEYS_MAX);
    entry->keys[entry->key_count] = key;
    entry->slots[slot % KEY_SLOTS] = (uint8_t)++entry->key_count;
    return entry->key_count - 1;
}

/* Puts a row behind those of its event that have as many signs. */
static void add_row(struct event_entry *entry, struct event_row row)
{
    unsigned at = entry->row_count++;

    assert(row_count < ROWS_MAX);
    row_count++;
    for (; at > 0 && entry->rows[at - 1].signs < row.signs; at--) {
        entry->rows[at] = entry->rows[at - 1];
    }
    entry->rows[at] = row;
}

/* The keys of the field at i, with those of its synonyms. */
static uint32_t keys_of(const struct event_row *row, unsigned i)
{
    uint32_t keys = UINT32_C(1) << row->key[i];

    while (++i < row->event->field_count && (row->event->fields[i].flags & SYNONYM) != 0) {
        keys |= UINT32_C(1) << row->key[i];
    }
    return keys;
}

static void add_signs(struct event_row *row)
{
    unsigned fits = 0;

    for (unsigned i = 0; i < row->event->field_count; i++) {
        uint8_t flags = row->event->fields[i].flags;
        if ((flags & FITS) != 0) {
            assert(fits < SIGNS_MAX);
            row->any_of[fits++] = keys_of(row, i);
        } else if ((flags & FITS_NOT) != 0) {
            row->none_of |= keys_of(row, i);
        }
        row->signs += (flags & (FITS | FITS_NOT)) != 0;
    }
}

static void add_event(struct event_entry *entry, enum dialect_id id, const struct dialect_event *e)
{
    struct event_row row = {.event = e, .dialect = id};

    assert(e->field_count <= FIELDS_MAX);
    for (unsigned i = 0; i < e->field_count; i++) {
        row.key[i] = (uint8_t)key_index(entry, span_cstr(e->fields[i].key));
    }
    add_signs(&row);
    add_row(entry, row);
}

/* All rows of that name, which lie one behind the other. */
static void add_entry(struct span name)
{
    struct event_entry *entry = &entries[entry_count++];

    assert(entry_count <= EVENTS_MAX);
    *entry = (struct event_entry){.name = name, .rows = &rows[row_count]};
    for (unsigned id = 0; id < DIALECT_COUNT; id++) {
        const struct dialect *d = tables[id];
        for (unsigned i = 0; d != NULL && i < d->event_count; i++) {
            if (span_eq(span_cstr(d->events[i].name), name)) {
                add_event(entry, id, &d->events[i]);
            }
        }
    }
}

static void add_entries_of_len(size_t len)
{
    for (unsigned id = 0; id < DIALECT_COUNT; id++) {
        const struct dialect *d = tables[id];
        for (unsigned i = 0; d != NULL && i < d->event_count; i++) {
            struct span name = span_cstr(d->events[i].name);
            if (name.len == len && dialect_event_find(str_of_span(name)) == NULL) {
                add_entry(name);
                first_of_len[len + 1] = (uint8_t)entry_count;
            }
        }
    }
}

__attribute__((constructor)) static void add_all_entries(void)
{
    for (size_t len = 0; len <= NAME_LEN_MAX; len++) {
        first_of_len[len + 1] = (uint8_t)entry_count;
        add_entries_of_len(len);
    }
}

const struct event_entry *dialect_event_find(struct rookery_str name)
{
    if (name.len > NAME_LEN_MAX) {
        return NULL;
    }
    for (unsigned i = first_of_len[name.len]; i < first_of_len[name.len + 1]; i++) {
        if (span_eq(entries[i].name, span_of_str(name))) {
            return &entries[i];
        }
    }
    return NULL;
}

size_t dialect_event_count(void)
{
    return entry_count;
}

struct rookery_str dialect_event_name(size_t i)
{
    assert(i < entry_count);
    return str_of_span(entries[i].name);
}
