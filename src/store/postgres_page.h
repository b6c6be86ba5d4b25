/* Reads messages from results of store_postgres into a page (store_page.h).
 *
 * One thread. */
// SPDX-License-Identifier: MIT
#ifndef STORE_POSTGRES_PAGE_H
#define STORE_POSTGRES_PAGE_H

#include "src/store/postgres_conn.h"
#include "src/store/store_page.h"

/* What a statement must select first to be read by postgres_page_add, and what it selects from;
 * of one room, it is given its name. */
#define POSTGRES_PAGE_NUMBERS \
    "m.place, m.changed, m.timestamp_ms, m.edited_ms, m.dialect, m.deleted, m.state, m.id, "
#define POSTGRES_PAGE_TEXTS \
    ", m.user_id, m.username, m.content, m.type, m.sent_at, m.raw, m.client_id, m.recipient"
#define POSTGRES_PAGE_COLUMNS          POSTGRES_PAGE_NUMBERS "r.name" POSTGRES_PAGE_TEXTS
#define POSTGRES_PAGE_COLUMNS_OF(room) POSTGRES_PAGE_NUMBERS room POSTGRES_PAGE_TEXTS
#define POSTGRES_PAGE_FROM             " FROM messages AS m JOIN rooms AS r ON r.room_id = m.room_id"
enum { POSTGRES_PAGE_COLUMN_COUNT = 17 }; /* the number of the first column behind them */

/* Adds rows until the page is full. Returns how many; *more: there was another row. */
int postgres_page_add(struct store_page *page, const struct pg_result *result, bool *more);

/* A page of all the result's rows, of which there are no more than max. */
struct message_page *postgres_page_of(const struct pg_result *result, size_t max);

#endif
