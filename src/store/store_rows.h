/* Puts rows of any kind into one allocation: a head, records of one size, and their texts behind.
 * While they are gathered the texts may move, so spans hold lengths only, and `end` resolves them.
 *
 * One thread. */
// SPDX-License-Identifier: MIT
#ifndef STORE_STORE_ROWS_H
#define STORE_STORE_ROWS_H

#include "protocol/bytes.h"

struct store_rows {
    size_t head, record; /* bytes of each */
    struct bytes records;
    struct bytes text;
};

void store_rows_begin(struct store_rows *rows, size_t head, size_t record);

/* Adds a zeroed record; good until the next. */
void *store_rows_add(struct store_rows *rows);

/* Keeps a text for the record added last, in which *span lies; in the order of `end`'s offsets. */
void store_rows_text(struct store_rows *rows, struct span *span, struct span text);

static inline size_t store_rows_count(const struct store_rows *rows)
{
    return rows->records.len / rows->record;
}

/* The allocation, with an undefined head; each record has spans at these offsets. Leaves rows
 * empty.
 */
void *store_rows_end(struct store_rows *rows, const size_t *offsets, size_t spans);

/* Instead of end. */
void store_rows_drop(struct store_rows *rows);

#endif
