// SPDX-License-Identifier: MIT
/* Rooms, and who is in them. */
#include <assert.h>

#include "src/base/memory.h"
#include "src/store/sqlite_calls.h"
#include "src/store/sqlite_schema.h"
#include "src/store/store_rows.h"

/* ?1 is the user. What he has not read is only counted in rooms that he has to do with, and only as
 * far as it matters: a list may have a thousand of them. */
#define ROOMS                                                                                      \
    "SELECT r.name, r.title, r.created_by, r.created_ms, r.made, " SQLITE_NEWEST(                  \
        "r.room_id") ","                                                                           \
                     " ifnull(m.joined, 0),"                                                       \
                     " iif(m.read IS NULL, 0, (SELECT count(*) FROM (SELECT user_id, deleted "     \
                     "FROM messages"                                                               \
                     "  WHERE room_id = r.room_id AND offset > m.read ORDER BY offset DESC LIMIT " \
                     "100)"                                                                        \
                     "  WHERE user_id <> ?1 AND deleted = 0)), r.room_id"                          \
                     " FROM rooms AS r LEFT JOIN members AS m ON m.room_id = r.room_id AND "       \
                     "m.user_id = ?1"
_Static_assert(STORE_UNREAD_MAX == 100, "as the statement has it");
#define PAGE " AND r.name >= ?2 ORDER BY r.name LIMIT ?3"
/* A room that nobody made is there from its first message on. */
#define ALIVE " AND (r.made = 1 OR EXISTS (SELECT 1 FROM messages WHERE room_id = r.room_id))"

static const char all_sql[] = ROOMS " WHERE r.direct = 0" ALIVE PAGE;
static const char made_sql[] = ROOMS " WHERE r.direct = 0 AND r.made = 1" PAGE;
static const char joined_sql[] =
    ROOMS " WHERE r.direct = 0 AND r.room_id IN"
          " (SELECT room_id FROM members WHERE user_id = ?1 AND joined = 1)" ALIVE PAGE;
static const char one_sql[] = ROOMS " WHERE r.name = ?2" ALIVE;
static const char reads_sql[] =
    "SELECT user_id, read, joined FROM members"
    " WHERE room_id = (SELECT room_id FROM rooms WHERE name = ?1) AND user_id >= ?2"
    " AND (joined = 1 OR read > 0) ORDER BY user_id LIMIT ?3";

static const char put_sql[] = "UPDATE rooms SET title = ?2, created_by = ?3, created_ms = ?4,"
                              " made = 1 WHERE room_id = ?1";
static const char made_one_sql[] = "SELECT made FROM rooms WHERE room_id = ?1";
static const char made_count_sql[] = "SELECT count(*) FROM rooms WHERE direct = 0 AND made = 1";
static const char member_sql[] =
    "INSERT INTO members (room_id, user_id, joined, read) VALUES (?1, ?2, ?3, 0)"
    " ON CONFLICT DO UPDATE SET joined = ?3 WHERE joined <> ?3";

/* ---- lists ---- */

/* Binds the smallest text that is greater than `after`, which is `after` and a NUL; it lies in
 * `buffer` until the statement is reset. Without one: the smallest of all. */
static void bind_after(sqlite3_stmt *statement, int n, struct span after, struct bytes *buffer)
{
    if (after.data != NULL) {
        bytes_add_span(buffer, after);
        bytes_add_byte(buffer, 0);
    }
    sqlite_bind_text(statement, n, bytes_span(buffer));
}

static void add_room(struct store_rows *rows, sqlite3_stmt *statement)
{
    struct store_room *room = store_rows_add(rows);

    store_rows_text(rows, &room->name, sqlite_column(statement, 0));
    store_rows_text(rows, &room->title, sqlite_column(statement, 1));
    store_rows_text(rows, &room->created_by, sqlite_column(statement, 2));
    room->created_ms = sqlite3_column_int64(statement, 3);
    room->made = sqlite3_column_int(statement, 4) != 0;
    room->newest = (uint64_t)sqlite3_column_int64(statement, 5);
    room->joined = sqlite3_column_int(statement, 6) != 0;
    room->unread = (uint64_t)sqlite3_column_int64(statement, 7);
    room->number = (uint64_t)sqlite3_column_int64(statement, 8);
}

static void add_read(struct store_rows *rows, sqlite3_stmt *statement)
{
    struct store_read *read = store_rows_add(rows);

    store_rows_text(rows, &read->user_id, sqlite_column(statement, 0));
    read->offset = (uint64_t)sqlite3_column_int64(statement, 1);
    read->joined = sqlite3_column_int(statement, 2) != 0;
}

/* Steps through a bound statement and resets it. Returns SQLITE_OK or what went wrong. */
static int gather(sqlite3_stmt *statement, struct store_rows *rows, size_t max, bool *more,
                  void (*add)(struct store_rows *rows, sqlite3_stmt *statement))
{
    int result;

    *more = false;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) {
        if (store_rows_count(rows) == max) {
            *more = true;
            result = SQLITE_DONE;
            break;
        }
        add(rows, statement);
    }
    (void)sqlite3_reset(statement);
    return result == SQLITE_DONE ? SQLITE_OK : result;
}

/* The page of rooms that a bound statement yields. Returns as gather does. */
static int gather_rooms(sqlite3_stmt *statement, size_t max, bool *more,
                        struct store_room_page **page)
{
    static const size_t spans[] = {offsetof(struct store_room, name),
                                   offsetof(struct store_room, title),
                                   offsetof(struct store_room, created_by)};
    struct store_rows rows;

    store_rows_begin(&rows, sizeof **page, sizeof(struct store_room));
    int result = gather(statement, &rows, max, more, add_room);
    if (result == SQLITE_OK) {
        size_t count = store_rows_count(&rows);
        *page = store_rows_end(&rows, spans, sizeof spans / sizeof spans[0]);
        (*page)->count = count;
    }
    store_rows_drop(&rows);
    return result;
}

int sqlite_read_rooms(struct sqlite_conn *conn, struct store_call *call)
{
    static const char *const sql[] = {all_sql, made_sql, joined_sql};
    struct store_rooms *r = container_of(call, struct store_rooms, call);
    sqlite3_stmt *statement = sqlite_conn_get(conn, sql[r->which]);
    struct bytes after = {0};

    assert(r->limit >= 1 && r->limit <= STORE_PAGE_MAX);
    r->page = NULL;
    if (statement == NULL) {
        return sqlite3_errcode(conn->db);
    }
    sqlite_bind_text(statement, 1, r->user_id);
    bind_after(statement, 2, r->after_name, &after);
    sqlite_bind_u64(statement, 3, r->limit + 1);
    int result = gather_rooms(statement, r->limit, &r->more, &r->page);
    bytes_finish(&after);
    return result;
}

int sqlite_read_room_get(struct sqlite_conn *conn, struct store_call *call)
{
    struct store_room_get *r = container_of(call, struct store_room_get, call);
    sqlite3_stmt *statement = sqlite_conn_get(conn, one_sql);
    bool more;

    r->page = NULL;
    if (statement == NULL) {
        return sqlite3_errcode(conn->db);
    }
    sqlite_bind_text(statement, 1, r->user_id);
    sqlite_bind_text(statement, 2, r->room);
    return gather_rooms(statement, 1, &more, &r->page);
}

int sqlite_read_reads(struct sqlite_conn *conn, struct store_call *call)
{
    static const size_t spans[] = {offsetof(struct store_read, user_id)};
    struct store_reads *r = container_of(call, struct store_reads, call);
    sqlite3_stmt *statement = sqlite_conn_get(conn, reads_sql);
    struct bytes after = {0};
    struct store_rows rows;

    assert(r->limit >= 1 && r->limit <= STORE_PAGE_MAX);
    r->page = NULL;
    if (statement == NULL) {
        return sqlite3_errcode(conn->db);
    }
    sqlite_bind_text(statement, 1, r->room);
    bind_after(statement, 2, r->after_user, &after);
    sqlite_bind_u64(statement, 3, r->limit + 1);
    store_rows_begin(&rows, sizeof *r->page, sizeof(struct store_read));
    int result = gather(statement, &rows, r->limit, &r->more, add_read);
    if (result == SQLITE_OK) {
        size_t count = store_rows_count(&rows);
        r->page = store_rows_end(&rows, spans, 1);
        r->page->count = count;
    }
    store_rows_drop(&rows);
    bytes_finish(&after);
    return result;
}

/* ---- writes ---- */

/* Whether that room was made, and how many were. */
static int look_at_made(struct sqlite_writer *writer, const struct sqlite_room *room, bool *made)
{
    sqlite3_stmt *statement = sqlite_conn_get(&writer->conn, made_one_sql);
    sqlite3_stmt *count = sqlite_conn_get(&writer->conn, made_count_sql);
    int result = SQLITE_OK;
    uint64_t number = 0;

    if (statement == NULL || count == NULL) {
        return sqlite3_errcode(writer->conn.db);
    }
    if (room != NULL) {
        sqlite_bind_u64(statement, 1, room->number);
        result = sqlite_db_read_number(statement, &number);
    }
    *made = number != 0;
    if (result == SQLITE_OK && writer->rooms.made < 0) {
        result = sqlite_db_read_number(count, &number);
        writer->rooms.made = result == SQLITE_OK ? (int64_t)number : -1;
    }
    return result;
}

static int make(struct sqlite_writer *writer, const struct store_room_put *r)
{
    struct sqlite_room *room = sqlite_rooms_get(&writer->rooms, r->room, false);
    sqlite3_stmt *statement = sqlite_conn_get(&writer->conn, put_sql);

    if (room == NULL || statement == NULL) {
        return sqlite3_errcode(writer->conn.db);
    }
    sqlite_bind_u64(statement, 1, room->number);
    sqlite_bind_text(statement, 2, r->title);
    sqlite_bind_text(statement, 3, r->created_by);
    sqlite_bind_u64(statement, 4, (uint64_t)r->created_ms);
    return sqlite_db_step(statement);
}

int sqlite_write_room_put(struct sqlite_writer *writer, struct store_call *call)
{
    struct store_room_put *r = container_of(call, struct store_room_put, call);
    struct sqlite_room *room;
    bool made = false;
    int result = sqlite_rooms_find(&writer->rooms, r->room, &room);

    if (result == SQLITE_OK) {
        result = look_at_made(writer, room, &made);
    }
    if (result != SQLITE_OK) {
        return result;
    }
    if (made && !r->overwrite) {
        call->error = STORE_EEXISTS;
        return SQLITE_OK;
    }
    if (!made && r->rooms_max > 0 && (uint64_t)writer->rooms.made >= r->rooms_max) {
        call->error = STORE_ETOOMANY;
        return SQLITE_OK;
    }
    writer->rooms.made += !made;
    return make(writer, r);
}

int sqlite_write_member_put(struct sqlite_writer *writer, struct store_call *call)
{
    struct store_member_put *r = container_of(call, struct store_member_put, call);
    sqlite3_stmt *statement = sqlite_conn_get(&writer->conn, member_sql);
    struct sqlite_room *room;
    int result = sqlite_rooms_find(&writer->rooms, r->room, &room);

    if (result != SQLITE_OK || room == NULL) {
        return result;
    }
    if (statement == NULL) {
        return sqlite3_errcode(writer->conn.db);
    }
    sqlite_bind_u64(statement, 1, room->number);
    sqlite_bind_text(statement, 2, r->user_id);
    sqlite_bind_u64(statement, 3, r->present);
    return sqlite_db_step(statement);
}
