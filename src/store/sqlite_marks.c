// SPDX-License-Identifier: MIT
#include "src/store/sqlite_marks.h"

#include "src/base/ids.h"
#include "src/base/memory.h"
#include "src/store/sqlite_calls.h"

static const char mark_sql[] =
    "INSERT INTO members (room_id, user_id, joined, read) VALUES (?1, ?2, 0, ?3)"
    " ON CONFLICT DO UPDATE SET read = ?3 WHERE read < ?3";
static const char marked_sql[] = "SELECT read FROM members WHERE room_id = ?1 AND user_id = ?2";
static const char message_sql[] = "SELECT offset FROM messages WHERE id = ?1 AND room_id = ?2";

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* A mark that comes again must not get further by what has come to the room since. */
static int find_meant(struct sqlite_writer *writer, const struct sqlite_room *room,
                      struct sqlite_mark *mark)
{
    sqlite3_stmt *statement = sqlite_conn_get(&writer->conn, message_sql);
    uint64_t last = mark->placed != 0 ? mark->placed : UINT64_MAX;
    uint8_t id[ID_BYTES];

    if (statement == NULL) {
        return sqlite3_errcode(writer->conn.db);
    }
    if (mark->offset != 0) {
        mark->meant = smaller(smaller(mark->offset, room->newest), last);
        return SQLITE_OK;
    }
    sqlite_bind_id(statement, 1, mark->message_id, id);
    sqlite_bind_u64(statement, 2, room->number);
    int result = sqlite_db_read_number(statement, &mark->meant);
    mark->meant = mark->meant <= last ? mark->meant : 0;
    return result;
}

static int put(struct sqlite_writer *writer, uint64_t room, struct sqlite_mark *mark)
{
    sqlite3_stmt *put = sqlite_conn_get(&writer->conn, mark_sql);
    sqlite3_stmt *marked = sqlite_conn_get(&writer->conn, marked_sql);

    if (put == NULL || marked == NULL) {
        return sqlite3_errcode(writer->conn.db);
    }
    sqlite_bind_u64(put, 1, room);
    sqlite_bind_text(put, 2, mark->user_id);
    sqlite_bind_u64(put, 3, mark->meant);
    int result = sqlite_db_step(put);
    if (result != SQLITE_OK) {
        return result;
    }
    mark->changed = sqlite3_changes(writer->conn.db) > 0;
    sqlite_bind_u64(marked, 1, room);
    sqlite_bind_text(marked, 2, mark->user_id);
    return sqlite_db_read_number(marked, &mark->read);
}

int sqlite_marks_put(struct sqlite_writer *writer, struct sqlite_mark *mark)
{
    struct sqlite_room *room;
    int result = sqlite_rooms_find(&writer->rooms, mark->room, &room);

    mark->meant = mark->read = 0;
    mark->changed = false;
    if (result == SQLITE_OK && room != NULL) {
        result = find_meant(writer, room, mark);
    }
    return result != SQLITE_OK || mark->meant == 0 ? result : put(writer, room->number, mark);
}

int sqlite_write_read_mark(struct sqlite_writer *writer, struct store_call *call)
{
    struct store_read_mark *r = container_of(call, struct store_read_mark, call);
    struct sqlite_mark mark = {
        .room = r->room, .user_id = r->user_id, .offset = r->offset, .message_id = r->message_id};
    int result = sqlite_marks_put(writer, &mark);

    r->read = mark.read;
    r->changed = mark.changed;
    if (result == SQLITE_OK && mark.meant == 0) {
        call->error = STORE_EMISSING;
    }
    return result;
}
