// SPDX-License-Identifier: MIT
#include <assert.h>

#include "src/base/ids.h"
#include "src/base/memory.h"
#include "src/store/sqlite_calls.h"
#include "src/store/sqlite_page.h"
#include "src/store/sqlite_schema.h"

#define IN_ROOM " WHERE m.room_id = (SELECT room_id FROM rooms WHERE name = ?1)"
#define SELECT  "SELECT " SQLITE_PAGE_COLUMNS SQLITE_PAGE_FROM

static const char older_sql[] = SELECT IN_ROOM " AND m.offset < ?2 AND m.deleted <= ?3"
                                               " ORDER BY m.offset DESC LIMIT ?4";
static const char newer_sql[] = SELECT IN_ROOM " AND m.offset > ?2 AND m.deleted <= ?3"
                                               " ORDER BY m.offset LIMIT ?4";
static const char changes_sql[] =
    "SELECT " SQLITE_PAGE_COLUMNS ", m.offset AS at" SQLITE_PAGE_FROM IN_ROOM
    " AND m.offset > ?2 AND m.deleted = 0"
    " UNION ALL SELECT " SQLITE_PAGE_COLUMNS ", m.changed AS at" SQLITE_PAGE_FROM IN_ROOM
    " AND m.changed > 0 AND m.changed > ?2 AND m.offset <= ?2 ORDER BY at LIMIT ?3";
static const char newest_sql[] =
    "SELECT " SQLITE_NEWEST("r.room_id") " FROM rooms AS r WHERE r.name = ?1";
static const char find_sql[] = SELECT " WHERE m.id = ?1";
static const char directs_sql[] =
    SELECT " WHERE m.recipient = ?1 AND m.recipient <> '' AND m.state = 0 AND m.deleted = 0"
           " ORDER BY m.message_id LIMIT ?2";
static const char state_sql[] = "UPDATE messages SET state = ?3 WHERE id = ?1 AND recipient = ?2"
                                " AND recipient <> '' AND deleted = 0 AND state < ?3";
static const char own_direct_sql[] =
    SELECT " WHERE m.id = ?1 AND m.recipient = ?2 AND m.recipient <> '' AND m.deleted = 0";

/* ---- history ---- */

/* Adds what one of the first two statements gives, up to `max` messages in all. */
static int add(struct sqlite_conn *conn, const struct store_history *r, const char *sql,
               uint64_t offset, struct store_page *page, bool *more)
{
    sqlite3_stmt *statement = sqlite_conn_get(conn, sql);

    if (statement == NULL) {
        return sqlite3_errcode(conn->db);
    }
    sqlite_bind_text(statement, 1, r->room);
    sqlite_bind_u64(statement, 2, offset);
    sqlite_bind_u64(statement, 3, r->with_deleted);
    sqlite_bind_u64(statement, 4, page->max - page->count + 1);
    return sqlite_page_add(page, statement, more);
}

/* Offsets are SQLite's integers: above INT64_MAX there is none. */
static uint64_t within(uint64_t offset)
{
    return offset < INT64_MAX ? offset : INT64_MAX;
}

/* The older half takes no more than its share, and the newer one what is left. */
static int add_around(struct sqlite_conn *conn, struct store_history *r, struct store_page *page)
{
    size_t bytes_max = page->bytes_max;
    int result = SQLITE_OK;

    page->max = r->limit / 2;
    page->bytes_max = bytes_max / 2;
    if (page->max > 0) {
        result = add(conn, r, older_sql, within(r->around), page, &r->more_before);
    }
    store_page_reverse(page);
    page->max = r->limit;
    page->bytes_max = bytes_max;
    return result != SQLITE_OK ? result
                               : add(conn, r, newer_sql, within(r->around) - 1, page, &r->more);
}

int sqlite_read_history(struct sqlite_conn *conn, struct store_call *call)
{
    struct store_history *r = container_of(call, struct store_history, call);
    struct store_page page;
    int result;

    assert(r->limit >= 1 && r->limit <= STORE_PAGE_MAX);
    assert((r->before != 0) + (r->after != 0) + (r->around != 0) + r->from_start <= 1);
    r->more = r->more_before = false;
    store_page_begin(&page, r->limit, r->bytes_max);
    if (r->around != 0) {
        result = add_around(conn, r, &page);
    } else if (r->after != 0 || r->from_start) {
        result = add(conn, r, newer_sql, within(r->after), &page, &r->more);
    } else {
        uint64_t before = r->before != 0 ? within(r->before) : INT64_MAX;
        result = add(conn, r, older_sql, before, &page, &r->more);
    }
    return sqlite_page_end(&page, result, &r->page);
}

/* ---- changes ---- */

static int read_newest(struct sqlite_conn *conn, struct span room, uint64_t *newest)
{
    sqlite3_stmt *statement = sqlite_conn_get(conn, newest_sql);

    *newest = 0;
    if (statement == NULL) {
        return sqlite3_errcode(conn->db);
    }
    sqlite_bind_text(statement, 1, room);
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        *newest = (uint64_t)sqlite3_column_int64(statement, 0);
    }
    (void)sqlite3_reset(statement);
    return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

/* Says of each message what happened to it after that offset. */
static void tell_actions(struct message_page *page, uint64_t after)
{
    for (size_t i = 0; i < page->count; i++) {
        struct message *m = &page->messages[i];
        if (m->offset <= after && m->action != MESSAGE_DELETE) {
            m->action = MESSAGE_EDIT;
        }
    }
}

int sqlite_read_changes(struct sqlite_conn *conn, struct store_call *call)
{
    struct store_changes *r = container_of(call, struct store_changes, call);
    sqlite3_stmt *statement = sqlite_conn_get(conn, changes_sql);
    uint64_t after = within(r->after);
    struct store_page page;

    assert(r->limit >= 1 && r->limit <= STORE_PAGE_MAX);
    int result = read_newest(conn, r->room, &r->newest);
    if (statement == NULL) {
        result = sqlite3_errcode(conn->db);
    }
    store_page_begin(&page, r->limit, r->bytes_max);
    r->more = false;
    if (result == SQLITE_OK) {
        sqlite_bind_text(statement, 1, r->room);
        sqlite_bind_u64(statement, 2, after);
        sqlite_bind_u64(statement, 3, r->limit + 1);
        result = sqlite_page_add(&page, statement, &r->more);
    }
    result = sqlite_page_end(&page, result, &r->page);
    if (result == SQLITE_OK) {
        tell_actions(r->page, after);
    }
    return result;
}

/* ---- one message ---- */

static int read_one(sqlite3_stmt *statement, struct message_page **out)
{
    struct store_page page;
    bool more;

    store_page_begin(&page, 1, 0);
    return sqlite_page_end(&page, sqlite_page_add(&page, statement, &more), out);
}

int sqlite_read_find(struct sqlite_conn *conn, struct store_call *call)
{
    struct store_find *r = container_of(call, struct store_find, call);
    sqlite3_stmt *statement = sqlite_conn_get(conn, find_sql);
    uint8_t id[ID_BYTES];

    r->page = NULL;
    if (statement == NULL) {
        return sqlite3_errcode(conn->db);
    }
    sqlite_bind_id(statement, 1, r->id, id);
    return read_one(statement, &r->page);
}

/* ---- direct messages ---- */

int sqlite_read_directs(struct sqlite_conn *conn, struct store_call *call)
{
    struct store_directs *r = container_of(call, struct store_directs, call);
    sqlite3_stmt *statement = sqlite_conn_get(conn, directs_sql);
    struct store_page page;

    assert(r->limit >= 1 && r->limit <= STORE_PAGE_MAX);
    r->page = NULL;
    if (statement == NULL) {
        return sqlite3_errcode(conn->db);
    }
    sqlite_bind_text(statement, 1, r->user_id);
    sqlite_bind_u64(statement, 2, r->limit + 1);
    store_page_begin(&page, r->limit, r->bytes_max);
    return sqlite_page_end(&page, sqlite_page_add(&page, statement, &r->more), &r->page);
}

int sqlite_write_direct_state(struct sqlite_writer *writer, struct store_call *call)
{
    struct store_direct_state *r = container_of(call, struct store_direct_state, call);
    sqlite3_stmt *update = sqlite_conn_get(&writer->conn, state_sql);
    sqlite3_stmt *find = sqlite_conn_get(&writer->conn, own_direct_sql);
    uint8_t id[ID_BYTES];

    r->page = NULL;
    if (update == NULL || find == NULL) {
        return sqlite3_errcode(writer->conn.db);
    }
    sqlite_bind_id(update, 1, r->id, id);
    sqlite_bind_text(update, 2, r->user_id);
    sqlite_bind_u64(update, 3, r->state);
    int result = sqlite_db_step(update);
    if (result != SQLITE_OK) {
        return result;
    }
    r->changed = sqlite3_changes(writer->conn.db) > 0;
    sqlite_bind_id(find, 1, r->id, id);
    sqlite_bind_text(find, 2, r->user_id);
    return read_one(find, &r->page);
}
