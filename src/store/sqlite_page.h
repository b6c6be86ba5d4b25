/* Reads a page of messages into one allocation. */
// SPDX-License-Identifier: MIT
#ifndef STORE_SQLITE_PAGE_H
#define STORE_SQLITE_PAGE_H

#include "src/store/sqlite_db.h"
#include "src/store/store.h"

extern const char sqlite_page_sql[];

/* Runs a statement prepared from sqlite_page_sql. Returns 0 and sets request->page, or returns what
 * SQLite said. */
MUST_USE int sqlite_page_read(sqlite3_stmt *statement, struct store_history *request);

#endif
