/* Puts rows of any kind into one allocation: a head, records of one size, and their texts behind.
 * While they are gathered the texts may move, so spans hold lengths only, and `end` resolves them.
 *
 * One thread. */
// SPDX-License-Identifier: MIT
#ifndef STORE_SQLITE_ROWS_H
#define STORE_SQLITE_ROWS_H

#include "src/store/sqlite_db.h"

struct sqlite_rows {
    size_t head, record; /* bytes of each */
    struct bytes records;
    struct bytes text;
};

void sqlite_rows_begin(struct sqlite_rows *rows, size_t head, size_t record);

/* Adds a zeroed record; good until the next. */
void *sqlite_rows_add(struct sqlite_rows *rows);

/* Keeps a text for the record added last, in which *span lies; in the order of `end`'s offsets. */
void sqlite_rows_text(struct sqlite_rows *rows, struct span *span, struct span text);

static inline size_t sqlite_rows_count(const struct sqlite_rows *rows)
{
    return rows->records.len / rows->record;
}

/* The allocation, with an undefined head; each record has spans at these offsets. Leaves rows
 * empty.
 */
void *sqlite_rows_end(struct sqlite_rows *rows, const size_t *offsets, size_t spans);

/* Instead of end. */
void sqlite_rows_drop(struct sqlite_rows *rows);

#endif
