// SPDX-License-Identifier: MIT
#include "src/store/sqlite_writer.h"

#include <stdio.h>

#include "src/base/ids.h"

enum { ROOMS_BYTES_MAX = 16 << 20 };

static const char insert_sql[] =
    "INSERT INTO messages (room_id, offset, id, user_id, username, type, timestamp_ms, content)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (id) DO NOTHING";
static const char find_sql[] = "SELECT offset FROM messages WHERE id = ?1";

int sqlite_writer_init(struct sqlite_writer *writer, sqlite3 *db)
{
    int rooms_result = sqlite_rooms_init(&writer->rooms, db, ROOMS_BYTES_MAX);

    writer->db = db;
    writer->begin = sqlite_db_prepare(db, "BEGIN IMMEDIATE");
    writer->commit = sqlite_db_prepare(db, "COMMIT");
    writer->insert = sqlite_db_prepare(db, insert_sql);
    writer->find = sqlite_db_prepare(db, find_sql);
    return rooms_result == 0 && writer->begin != NULL && writer->commit != NULL &&
                   writer->insert != NULL && writer->find != NULL
               ? 0
               : -1;
}

void sqlite_writer_finish(struct sqlite_writer *writer)
{
    sqlite_rooms_finish(&writer->rooms);
    (void)sqlite3_finalize(writer->begin);
    (void)sqlite3_finalize(writer->commit);
    (void)sqlite3_finalize(writer->insert);
    (void)sqlite3_finalize(writer->find);
}

/* A statement that gives no rows; reset returns the error of the step. */
static int run(sqlite3_stmt *statement)
{
    (void)sqlite3_step(statement);
    return sqlite3_reset(statement);
}

/* A UUID in the form that id_format gives back is kept as its 16 bytes. */
static void bind_id(sqlite3_stmt *statement, int n, struct span id, uint8_t buffer[ID_BYTES])
{
    if (id_parse(id, buffer) == 0) {
        sqlite_bind_blob(statement, n, span_of(buffer, ID_BYTES));
    } else {
        sqlite_bind_text(statement, n, id);
    }
}

static int find_offset(struct sqlite_writer *writer, struct message *m)
{
    uint8_t id[ID_BYTES];

    bind_id(writer->find, 1, m->id, id);
    int result = sqlite3_step(writer->find);
    if (result == SQLITE_ROW) {
        m->offset = (uint64_t)sqlite3_column_int64(writer->find, 0);
        result = SQLITE_OK;
    }
    (void)sqlite3_reset(writer->find);
    return result;
}

static int insert(struct sqlite_writer *writer, struct message *m)
{
    struct sqlite_room *room = sqlite_rooms_get(&writer->rooms, m->room);
    uint8_t id[ID_BYTES];

    if (room == NULL) {
        return sqlite3_errcode(writer->db);
    }
    sqlite_bind_u64(writer->insert, 1, room->number);
    sqlite_bind_u64(writer->insert, 2, room->newest + 1);
    bind_id(writer->insert, 3, m->id, id);
    sqlite_bind_text(writer->insert, 4, m->user_id);
    sqlite_bind_text(writer->insert, 5, m->username);
    sqlite_bind_text(writer->insert, 6, m->type);
    sqlite_bind_u64(writer->insert, 7, (uint64_t)m->timestamp_ms);
    sqlite_bind_text(writer->insert, 8, m->content);
    int result = run(writer->insert);
    if (result != SQLITE_OK) {
        return result;
    }
    if (sqlite3_changes(writer->db) == 0) {
        return find_offset(writer, m);
    }
    m->offset = ++room->newest;
    return SQLITE_OK;
}

/* Some errors have rolled back already. */
static void roll_back(struct sqlite_writer *writer)
{
    if (!sqlite3_get_autocommit(writer->db)) {
        (void)sqlite_db_run(writer->db, "ROLLBACK");
    }
    sqlite_rooms_clear(&writer->rooms);
}

int sqlite_writer_append(struct sqlite_writer *writer, struct message *const *messages,
                         size_t count, char *why, size_t why_size)
{
    int result = run(writer->begin);

    for (size_t i = 0; i < count && result == SQLITE_OK; i++) {
        result = insert(writer, messages[i]);
    }
    if (result == SQLITE_OK) {
        result = run(writer->commit);
    }
    if (result != SQLITE_OK) {
        (void)snprintf(why, why_size, "%s", sqlite3_errmsg(writer->db));
        roll_back(writer);
    }
    return result;
}
