// SPDX-License-Identifier: MIT
#include "src/store/sqlite_writer.h"

#include "src/base/ids.h"
#include "src/store/sqlite_marks.h"

enum { ROOMS_BYTES_MAX = 16 << 20 };

static const char begin_sql[] = "BEGIN IMMEDIATE";
static const char commit_sql[] = "COMMIT";
static const char insert_sql[] =
    "INSERT INTO messages (room_id, offset, id, user_id, username, type, timestamp_ms, content,"
    "  sent_at, raw, client_id, recipient, dialect)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) ON CONFLICT DO NOTHING";
static const char find_sql[] =
    "SELECT m.message_id, m.offset, r.name, m.user_id, m.deleted, m.changed, m.timestamp_ms"
    " FROM messages AS m CROSS JOIN rooms AS r ON r.room_id = m.room_id WHERE m.id = ?1";
static const char edit_sql[] = "UPDATE messages SET changed = ?2, content = ?3, raw = ?4,"
                               " edited_ms = ?5 WHERE message_id = ?1";
static const char delete_sql[] = "UPDATE messages SET changed = ?2, content = '', raw = '',"
                                 " deleted = 1 WHERE message_id = ?1";
static const char note_sql[] = "INSERT INTO changes (message_id) VALUES (?1)";

static const char *const needed[] = {begin_sql, commit_sql, insert_sql, find_sql,
                                     edit_sql,  delete_sql, note_sql};

int sqlite_writer_open(struct sqlite_writer *writer, const char *path, struct bytes *why)
{
    *writer = (struct sqlite_writer){.conn = {.db = sqlite_db_open_writer(path, why)}};
    if (writer->conn.db == NULL) {
        return -1;
    }
    int result = sqlite_rooms_init(&writer->rooms, writer->conn.db, ROOMS_BYTES_MAX);
    for (size_t i = 0; i < sizeof needed / sizeof needed[0] && result == 0; i++) {
        result = sqlite_conn_get(&writer->conn, needed[i]) != NULL ? 0 : -1;
    }
    if (result != 0) {
        sqlite_db_explain(why, path, "unexpected schema: %s", sqlite3_errmsg(writer->conn.db));
        sqlite_writer_close(writer);
    }
    return result;
}

void sqlite_writer_close(struct sqlite_writer *writer)
{
    sqlite_rooms_finish(&writer->rooms);
    sqlite_conn_close(&writer->conn);
}

int sqlite_writer_begin(struct sqlite_writer *writer)
{
    return sqlite_db_step(sqlite_conn_get(&writer->conn, begin_sql));
}

int sqlite_writer_commit(struct sqlite_writer *writer)
{
    return sqlite_db_step(sqlite_conn_get(&writer->conn, commit_sql));
}

/* Some errors have rolled back already. */
void sqlite_writer_roll_back(struct sqlite_writer *writer)
{
    if (!sqlite3_get_autocommit(writer->conn.db)) {
        (void)sqlite_db_run(writer->conn.db, "ROLLBACK");
    }
    sqlite_rooms_clear(&writer->rooms);
}

/* What an action needs to know of the message that it names. */
struct found {
    uint64_t number; /* messages.message_id; 0: there is none */
    uint64_t offset, changed;
    int64_t timestamp_ms;
    bool here; /* in the room that the action names */
    bool own;  /* of the user who acts */
    bool deleted;
};

static int find(struct sqlite_writer *writer, const struct message *m, struct found *found)
{
    sqlite3_stmt *statement = sqlite_conn_get(&writer->conn, find_sql);
    uint8_t id[ID_BYTES];

    *found = (struct found){0};
    sqlite_bind_id(statement, 1, m->id, id);
    int result = sqlite3_step(statement);
    if (result == SQLITE_ROW) {
        *found = (struct found){
            .number = (uint64_t)sqlite3_column_int64(statement, 0),
            .offset = (uint64_t)sqlite3_column_int64(statement, 1),
            .here = span_eq(sqlite_column(statement, 2), m->room),
            .own = span_eq(sqlite_column(statement, 3), m->user_id),
            .deleted = sqlite3_column_int(statement, 4) != 0,
            .changed = (uint64_t)sqlite3_column_int64(statement, 5),
            .timestamp_ms = sqlite3_column_int64(statement, 6),
        };
    }
    (void)sqlite3_reset(statement);
    return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

static int settle(struct message *m, enum message_fate fate, uint64_t offset)
{
    m->fate = (uint8_t)fate;
    m->offset = offset;
    return SQLITE_OK;
}

/* Where in the room a message goes. */
static uint64_t place_of(const struct message *m, const struct sqlite_room *room)
{
    return m->placed != 0 ? m->placed : room->newest + 1;
}

static int settle_at(struct message *m, struct sqlite_room *room, uint64_t place)
{
    room->newest = place > room->newest ? place : room->newest;
    return settle(m, MESSAGE_STORED, place);
}

static int insert(struct sqlite_writer *writer, const struct sqlite_room *room, struct message *m)
{
    sqlite3_stmt *statement = sqlite_conn_get(&writer->conn, insert_sql);
    uint8_t id[ID_BYTES];

    sqlite_bind_u64(statement, 1, room->number);
    sqlite_bind_u64(statement, 2, place_of(m, room));
    sqlite_bind_id(statement, 3, m->id, id);
    sqlite_bind_text(statement, 4, m->user_id);
    sqlite_bind_text(statement, 5, m->username);
    sqlite_bind_text(statement, 6, m->type);
    sqlite_bind_u64(statement, 7, (uint64_t)m->timestamp_ms);
    sqlite_bind_text(statement, 8, m->content);
    sqlite_bind_text(statement, 9, m->sent_at);
    sqlite_bind_text(statement, 10, m->raw);
    sqlite_bind_text(statement, 11, m->client_id);
    sqlite_bind_text(statement, 12, m->recipient);
    sqlite_bind_u64(statement, 13, m->dialect);
    return sqlite_db_step(statement);
}

/* The id is there already, or else another message is at its place: the log has been cut off and
 * written anew behind our back. */
static int repeat(struct sqlite_writer *writer, struct message *m)
{
    struct found found;
    int result = find(writer, m, &found);

    if (result != SQLITE_OK) {
        return result;
    }
    if (found.number == 0) {
        return settle(m, MESSAGE_INVALID, 0);
    }
    m->timestamp_ms = found.timestamp_ms;
    return settle(m, MESSAGE_REPEATED, found.offset);
}

static int say(struct sqlite_writer *writer, struct message *m)
{
    struct sqlite_room *room = sqlite_rooms_get(&writer->rooms, m->room, m->recipient.len > 0);

    if (room == NULL) {
        return sqlite3_errcode(writer->conn.db);
    }
    int result = insert(writer, room, m);
    if (result != SQLITE_OK) {
        return result;
    }
    return sqlite3_changes(writer->conn.db) == 0 ? repeat(writer, m)
                                                 : settle_at(m, room, place_of(m, room));
}

static int write_change(struct sqlite_writer *writer, uint64_t number, uint64_t offset,
                        const struct message *m)
{
    bool edit = m->action == MESSAGE_EDIT;
    sqlite3_stmt *statement = sqlite_conn_get(&writer->conn, edit ? edit_sql : delete_sql);
    sqlite3_stmt *note = sqlite_conn_get(&writer->conn, note_sql);

    sqlite_bind_u64(statement, 1, number);
    sqlite_bind_u64(statement, 2, offset);
    if (edit) {
        sqlite_bind_text(statement, 3, m->content);
        sqlite_bind_text(statement, 4, m->raw);
        sqlite_bind_u64(statement, 5, (uint64_t)m->timestamp_ms);
    }
    int result = sqlite_db_step(statement);
    sqlite_bind_u64(note, 1, number);
    return result != SQLITE_OK ? result : sqlite_db_step(note);
}

/* Edits or deletes. What comes again from a journal must find what it found the first time: not a
 * message that was said after it, and not its own change. */
static int change(struct sqlite_writer *writer, struct message *m)
{
    struct sqlite_room *room;
    struct found found;
    int result = find(writer, m, &found);

    if (result != SQLITE_OK) {
        return result;
    }
    if (!found.here || (m->placed != 0 && m->placed <= found.offset)) {
        return settle(m, MESSAGE_MISSING, 0);
    }
    if (!found.own) {
        return settle(m, MESSAGE_FORBIDDEN, 0);
    }
    m->said = found.offset;
    if (m->placed != 0 && m->placed <= found.changed) {
        return settle(m, MESSAGE_REPEATED, m->placed);
    }
    if (found.deleted) {
        return m->action == MESSAGE_DELETE ? settle(m, MESSAGE_REPEATED, found.changed)
                                           : settle(m, MESSAGE_MISSING, 0);
    }
    if ((room = sqlite_rooms_get(&writer->rooms, m->room, false)) == NULL) {
        return sqlite3_errcode(writer->conn.db);
    }
    uint64_t place = place_of(m, room);
    result = write_change(writer, found.number, place, m);
    return result != SQLITE_OK ? result : settle_at(m, room, place);
}

static int mark(struct sqlite_writer *writer, struct message *m)
{
    struct sqlite_mark mark = {.room = m->room,
                               .user_id = m->user_id,
                               .offset = m->said,
                               .message_id = m->id,
                               .placed = m->placed};
    int result = sqlite_marks_put(writer, &mark);

    m->said = mark.meant;
    return result != SQLITE_OK ? result
                               : settle(m,
                                        mark.meant == 0 ? MESSAGE_MISSING
                                        : mark.changed  ? MESSAGE_STORED
                                                        : MESSAGE_REPEATED,
                                        0);
}

int sqlite_writer_append(struct sqlite_writer *writer, struct message *m)
{
    if (m->placed > INT64_MAX) {
        return settle(m, MESSAGE_INVALID, 0);
    }
    return m->action == MESSAGE_SAY    ? say(writer, m)
           : m->action == MESSAGE_MARK ? mark(writer, m)
                                       : change(writer, m);
}
