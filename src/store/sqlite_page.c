// SPDX-License-Identifier: MIT
#include "src/store/sqlite_page.h"

#include "src/base/ids.h"

/* In the order of SQLITE_PAGE_COLUMNS; the texts are in that of message_text. */
enum {
    COLUMN_OFFSET,
    COLUMN_CHANGED,
    COLUMN_TIMESTAMP,
    COLUMN_EDITED,
    COLUMN_DIALECT,
    COLUMN_DELETED,
    COLUMN_STATE,
    COLUMN_ID,
};
_Static_assert(COLUMN_ID + MESSAGE_TEXTS == SQLITE_PAGE_COLUMN_COUNT, "one column for each text");

/* The id, whose text is put into the buffer if it is kept as a UUID. */
static struct span read_id(sqlite3_stmt *statement, char buffer[ID_TEXT_LEN])
{
    struct span id = sqlite_column(statement, COLUMN_ID);

    if (sqlite3_column_type(statement, COLUMN_ID) != SQLITE_BLOB || id.len != ID_BYTES) {
        return id;
    }
    id_format(id.data, buffer);
    return span_of(buffer, ID_TEXT_LEN);
}

void sqlite_page_add_row(struct store_page *page, sqlite3_stmt *statement)
{
    char id[ID_TEXT_LEN];
    struct message m = {
        .id = read_id(statement, id),
        .offset = (uint64_t)sqlite3_column_int64(statement, COLUMN_OFFSET),
        .changed = (uint64_t)sqlite3_column_int64(statement, COLUMN_CHANGED),
        .timestamp_ms = sqlite3_column_int64(statement, COLUMN_TIMESTAMP),
        .edited_ms = sqlite3_column_int64(statement, COLUMN_EDITED),
        .dialect = (uint8_t)sqlite3_column_int(statement, COLUMN_DIALECT),
        .action = sqlite3_column_int(statement, COLUMN_DELETED) ? MESSAGE_DELETE : MESSAGE_SAY,
        .state = (uint8_t)sqlite3_column_int(statement, COLUMN_STATE),
    };

    for (unsigned i = 1; i < MESSAGE_TEXTS; i++) {
        *message_text(&m, i) = sqlite_column(statement, COLUMN_ID + (int)i);
    }
    store_page_add(page, &m);
}

int sqlite_page_add(struct store_page *page, sqlite3_stmt *statement, bool *more)
{
    int result;

    *more = false;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        if (store_page_full(page)) {
            *more = true;
            result = SQLITE_DONE;
            break;
        }
        sqlite_page_add_row(page, statement);
    }
    (void)sqlite3_reset(statement);
    return result == SQLITE_DONE ? SQLITE_OK : result;
}

int sqlite_page_end(struct store_page *page, int result, struct message_page **out)
{
    *out = NULL;
    if (result == SQLITE_OK) {
        *out = store_page_end(page);
    } else {
        store_page_drop(page);
    }
    return result;
}
