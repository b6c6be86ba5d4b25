// SPDX-License-Identifier: MIT
#include "src/store/sqlite_query.h"

#include <assert.h>

#include "src/base/memory.h"
#include "src/store/sqlite_calls.h"
#include "src/store/sqlite_page.h"
#include "src/store/store_words.h"

/* Matches looked at for one page: those of other users' direct messages are in the index, too. */
enum { LOOKS_MAX = 5000 };

/* ?4: the user whose direct messages may be seen. */
static const char search_sql[] =
    "SELECT " SQLITE_PAGE_COLUMNS ", m.message_id,"
    " m.deleted = 0 AND (m.recipient = '' OR ?4 <> '' AND (m.recipient = ?4 OR m.user_id = ?4))"
    " FROM search.words AS w CROSS JOIN messages AS m ON m.message_id = w.rowid"
    " CROSS JOIN rooms AS r ON r.room_id = m.room_id"
    " WHERE w.words MATCH ?1 AND w.rowid < ?2 ORDER BY w.rowid DESC LIMIT ?3";
static const char room_sql[] = "SELECT room_id FROM rooms WHERE name = ?1";
enum { COLUMN_KEY = SQLITE_PAGE_COLUMN_COUNT, COLUMN_VISIBLE };

/* ---- the expression ---- */

static void add_quoted(struct bytes *out, struct span word)
{
    bytes_add_byte(out, '"');
    for (size_t i = 0; i < word.len; i++) {
        if (word.data[i] == '"') {
            bytes_add_byte(out, '"');
        }
        bytes_add_byte(out, word.data[i]);
    }
    bytes_add_cstr(out, "\" ");
}

bool sqlite_query_write(struct bytes *out, struct span query, uint64_t room)
{
    struct span rest = store_words_bounded(query), word = store_words_next(&rest);

    if (word.len == 0) {
        return false;
    }
    if (room != 0) {
        bytes_add_cstr(out, "room : \"");
        bytes_add_u64(out, room);
        bytes_add_cstr(out, "\" AND ");
    }
    bytes_add_cstr(out, "text : ( ");
    size_t last = 0;
    for (unsigned i = 0; word.len > 0 && i < STORE_WORDS_MAX; i++, word = store_words_next(&rest)) {
        add_quoted(out, word);
        last = word.len;
    }
    bytes_add_cstr(out, last >= STORE_PREFIX_BYTES_MIN ? "* )" : ")");
    return true;
}

/* ---- the call ---- */

/* The number of the room; 0: there is none of that name. */
static int find_room(struct sqlite_conn *conn, struct span name, uint64_t *number)
{
    sqlite3_stmt *statement = sqlite_conn_get(conn, room_sql);

    *number = 0;
    if (statement == NULL) {
        return sqlite3_errcode(conn->db);
    }
    sqlite_bind_text(statement, 1, name);
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        *number = (uint64_t)sqlite3_column_int64(statement, 0);
    }
    (void)sqlite3_reset(statement);
    return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

static int gather(sqlite3_stmt *statement, struct store_page *page, uint64_t *next)
{
    uint64_t key = 0;
    int looks = 0, result;

    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        if (store_page_full(page) || looks++ == LOOKS_MAX) {
            *next = key;
            result = SQLITE_DONE;
            break;
        }
        key = (uint64_t)sqlite3_column_int64(statement, COLUMN_KEY);
        if (sqlite3_column_int(statement, COLUMN_VISIBLE)) {
            sqlite_page_add_row(page, statement);
        }
    }
    (void)sqlite3_reset(statement);
    return result == SQLITE_DONE ? SQLITE_OK : result;
}

static int run(struct sqlite_conn *conn, struct store_search *r, struct span expression,
               struct store_page *page)
{
    sqlite3_stmt *statement = sqlite_conn_get(conn, search_sql);

    if (statement == NULL) {
        return sqlite3_errcode(conn->db);
    }
    sqlite_bind_text(statement, 1, expression);
    sqlite_bind_u64(statement, 2, r->before != 0 && r->before < INT64_MAX ? r->before : INT64_MAX);
    sqlite_bind_u64(statement, 3, LOOKS_MAX + 1);
    sqlite_bind_text(statement, 4, r->user_id);
    return gather(statement, page, &r->next);
}

int sqlite_read_search(struct sqlite_conn *conn, struct store_call *call)
{
    struct store_search *r = container_of(call, struct store_search, call);
    struct bytes expression = {0};
    struct store_page page;
    uint64_t room = 0;
    int result = SQLITE_OK;

    assert(r->limit >= 1 && r->limit <= STORE_PAGE_MAX);
    r->next = 0;
    store_page_begin(&page, r->limit, 0);
    if (r->room.len > 0) {
        result = find_room(conn, r->room, &room);
    }
    bool nowhere = r->room.len > 0 && room == 0;
    if (result == SQLITE_OK && !nowhere && sqlite_query_write(&expression, r->query, room)) {
        result = run(conn, r, bytes_span(&expression), &page);
    }
    bytes_finish(&expression);
    return sqlite_page_end(&page, result, &r->page);
}
