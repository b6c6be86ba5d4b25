// SPDX-License-Identifier: MIT
#include "src/store/store_rows.h"

#include <assert.h>

#include "src/base/memory.h"

void store_rows_begin(struct store_rows *rows, size_t head, size_t record)
{
    *rows = (struct store_rows){.head = head, .record = record};
}

void *store_rows_add(struct store_rows *rows)
{
    uint8_t *record = bytes_reserve(&rows->records, rows->record);
    memset(record, 0, rows->record);
    rows->records.len += rows->record;
    return record;
}

void store_rows_text(struct store_rows *rows, struct span *span, struct span text)
{
    span->len = text.len;
    bytes_add_span(&rows->text, text);
}

void *store_rows_end(struct store_rows *rows, const size_t *offsets, size_t spans)
{
    size_t count = store_rows_count(rows);
    uint8_t *memory = xmalloc(rows->head + rows->records.len + rows->text.len);
    uint8_t *text = memory + rows->head + rows->records.len;
    const uint8_t *at = text;

    if (rows->records.len > 0) {
        memcpy(memory + rows->head, rows->records.data, rows->records.len);
    }
    if (rows->text.len > 0) {
        memcpy(text, rows->text.data, rows->text.len);
    }
    for (size_t i = 0; i < count; i++) {
        uintptr_t record = (uintptr_t)memory + rows->head + i * rows->record;
        for (size_t j = 0; j < spans; j++) {
            struct span *span = (struct span *)(record + offsets[j]);
            span->data = at;
            at += span->len;
        }
    }
    assert(at == text + rows->text.len);
    store_rows_drop(rows);
    return memory;
}

void store_rows_drop(struct store_rows *rows)
{
    bytes_finish(&rows->records);
    bytes_finish(&rows->text);
}
