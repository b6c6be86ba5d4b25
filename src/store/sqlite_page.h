/* Puts rows of messages into one allocation.
 *
 *   begin ──> add (once for each statement) ──> end
 *
 * One thread. */
// SPDX-License-Identifier: MIT
#ifndef STORE_SQLITE_PAGE_H
#define STORE_SQLITE_PAGE_H

#include "src/store/sqlite_db.h"
#include "src/store/store.h"

/* What a statement must select first to be read by sqlite_page_add, and what it selects from. */
#define SQLITE_PAGE_COLUMNS                                                                  \
    "m.offset, m.changed, m.timestamp_ms, m.edited_ms, m.dialect, m.deleted, m.state, m.id," \
    " r.name, m.user_id, m.username, m.content, m.type, m.sent_at, m.raw, m.client_id, "     \
    "m.recipient"
#define SQLITE_PAGE_FROM " FROM messages AS m CROSS JOIN rooms AS r ON r.room_id = m.room_id"
enum { SQLITE_PAGE_COLUMN_COUNT = 17 }; /* the number of the first column behind them */

struct sqlite_page_row;

struct sqlite_page {
    struct sqlite_page_row *rows;
    size_t count, max;
    size_t bytes_max; /* 0: none */
    struct bytes text;
};

void sqlite_page_begin(struct sqlite_page *page, size_t max, size_t bytes_max);

/* Has it room for another message? */
bool sqlite_page_full(const struct sqlite_page *page);

/* Adds the row that the statement stands on to a page that is not full. */
void sqlite_page_add_row(struct sqlite_page *page, sqlite3_stmt *statement);

/* Runs a bound statement, adds its rows until the page is full, resets it. *more: there was another
 * row. Returns SQLITE_OK or what went wrong. */
MUST_USE int sqlite_page_add(struct sqlite_page *page, sqlite3_stmt *statement, bool *more);

/* Turns the order of the rows so far around. */
void sqlite_page_reverse(struct sqlite_page *page);

/* Ends the page in each case; *out is what it holds if `result` is SQLITE_OK. Returns `result`. */
MUST_USE int sqlite_page_end(struct sqlite_page *page, int result, struct message_page **out);

#endif
