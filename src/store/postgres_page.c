// SPDX-License-Identifier: MIT
#include "src/store/postgres_page.h"

/* In the order of POSTGRES_PAGE_COLUMNS; the texts are in that of message_text. */
enum {
    COLUMN_PLACE,
    COLUMN_CHANGED,
    COLUMN_TIMESTAMP,
    COLUMN_EDITED,
    COLUMN_DIALECT,
    COLUMN_DELETED,
    COLUMN_STATE,
    COLUMN_ID,
};
_Static_assert(COLUMN_ID + MESSAGE_TEXTS == POSTGRES_PAGE_COLUMN_COUNT, "one column for each text");

static void add_row(struct store_page *page, const struct pg_result *result, int row,
                    struct bytes *id)
{
    struct message m = {
        .offset = (uint64_t)postgres_number(result, row, COLUMN_PLACE),
        .changed = (uint64_t)postgres_number(result, row, COLUMN_CHANGED),
        .timestamp_ms = postgres_number(result, row, COLUMN_TIMESTAMP),
        .edited_ms = postgres_number(result, row, COLUMN_EDITED),
        .dialect = (uint8_t)postgres_number(result, row, COLUMN_DIALECT),
        .action = postgres_number(result, row, COLUMN_DELETED) ? MESSAGE_DELETE : MESSAGE_SAY,
        .state = (uint8_t)postgres_number(result, row, COLUMN_STATE),
    };

    bytes_clear(id);
    postgres_read_id(id, postgres_bytes(result, row, COLUMN_ID));
    m.id = bytes_span(id);
    for (unsigned i = 1; i < MESSAGE_TEXTS; i++) {
        *message_text(&m, i) = postgres_bytes(result, row, COLUMN_ID + (int)i);
    }
    store_page_add(page, &m);
}

int postgres_page_add(struct store_page *page, const struct pg_result *result, bool *more)
{
    struct bytes id = {0};
    int row = 0, rows = postgres_rows(result);

    for (; row < rows && !store_page_full(page); row++) {
        add_row(page, result, row, &id);
    }
    bytes_finish(&id);
    *more = row < rows;
    return row;
}

struct message_page *postgres_page_of(const struct pg_result *result, size_t max)
{
    struct store_page page;
    bool more;

    store_page_begin(&page, max, 0);
    (void)postgres_page_add(&page, result, &more);
    return store_page_end(&page);
}
