/* Reads messages from statements of store_sqlite into a page (store_page.h).
 *
 *   store_page_begin ──> add (once for each statement) ──> end
 *
 * One thread. */
// SPDX-License-Identifier: MIT
#ifndef STORE_SQLITE_PAGE_H
#define STORE_SQLITE_PAGE_H

#include "src/store/sqlite_db.h"
#include "src/store/store_page.h"

/* What a statement must select first to be read by sqlite_page_add, and what it selects from. */
#define SQLITE_PAGE_COLUMNS                                                                  \
    "m.offset, m.changed, m.timestamp_ms, m.edited_ms, m.dialect, m.deleted, m.state, m.id," \
    " r.name, m.user_id, m.username, m.content, m.type, m.sent_at, m.raw, m.client_id, "     \
    "m.recipient"
#define SQLITE_PAGE_FROM " FROM messages AS m CROSS JOIN rooms AS r ON r.room_id = m.room_id"
enum { SQLITE_PAGE_COLUMN_COUNT = 17 }; /* the number of the first column behind them */

/* Adds the row that the statement stands on to a page that is not full. */
void sqlite_page_add_row(struct store_page *page, sqlite3_stmt *statement);

/* Runs a bound statement, adds its rows until the page is full, resets it. *more: there was another
 * row. Returns SQLITE_OK or what went wrong. */
MUST_USE int sqlite_page_add(struct store_page *page, sqlite3_stmt *statement, bool *more);

/* Ends the page in each case; *out is what it holds if `result` is SQLITE_OK. Returns `result`. */
MUST_USE int sqlite_page_end(struct store_page *page, int result, struct message_page **out);

#endif
