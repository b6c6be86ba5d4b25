// SPDX-License-Identifier: MIT
#include "src/store/sqlite_db.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "src/base/ids.h"
#include "src/store/sqlite_schema.h"

enum {
    APPLICATION_ID = 0x526f6f6b, /* "Rook", so that no other program's file is taken for ours */
    BUSY_MS = 5000,              /* a backup or a shell may hold the file for a moment */
};

void sqlite_db_explain(struct bytes *why, const char *path, const char *format, ...)
{
    char text[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    bytes_clear(why);
    bytes_add_cstr(why, path);
    bytes_add_cstr(why, ": ");
    bytes_add_cstr(why, text);
}

void sqlite_db_explain_failure(struct bytes *why, const char *path, sqlite3 *db)
{
    int code = db == NULL ? SQLITE_NOMEM : sqlite3_errcode(db);

    if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
        sqlite_db_explain(why, path, "locked by another process");
    } else if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT) {
        sqlite_db_explain(why, path, "not a SQLite database, or damaged");
    } else if (code == SQLITE_READONLY) {
        sqlite_db_explain(why, path, "not writable");
    } else if (code == SQLITE_CANTOPEN && sqlite3_system_errno(db) != 0) {
        sqlite_db_explain(why, path, "cannot be opened: %s",
                          strerrordesc_np(sqlite3_system_errno(db)));
    } else {
        sqlite_db_explain(why, path, "%s", db == NULL ? "out of memory" : sqlite3_errmsg(db));
    }
}

sqlite3_stmt *sqlite_db_prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    (void)sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
    return statement;
}

int sqlite_db_run(sqlite3 *db, const char *sql)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL);
}

/* An empty text is not NULL: SQLite takes a null pointer for NULL, whatever the length. */
static const void *not_null(struct span s)
{
    return s.len == 0 ? "" : (const void *)s.data;
}

void sqlite_bind_text(sqlite3_stmt *statement, int n, struct span text)
{
    int result =
        sqlite3_bind_text64(statement, n, not_null(text), text.len, SQLITE_STATIC, SQLITE_UTF8);
    assert(result == SQLITE_OK || result == SQLITE_TOOBIG);
}

void sqlite_bind_blob(sqlite3_stmt *statement, int n, struct span blob)
{
    int result = sqlite3_bind_blob64(statement, n, not_null(blob), blob.len, SQLITE_STATIC);
    assert(result == SQLITE_OK || result == SQLITE_TOOBIG);
}

void sqlite_bind_u64(sqlite3_stmt *statement, int n, uint64_t number)
{
    int result = sqlite3_bind_int64(statement, n, (sqlite3_int64)number);
    assert(result == SQLITE_OK);
}

void sqlite_bind_id(sqlite3_stmt *statement, int n, struct span id, uint8_t buffer[16])
{
    if (id_parse(id, buffer) == 0) {
        sqlite_bind_blob(statement, n, span_of(buffer, ID_BYTES));
    } else {
        sqlite_bind_text(statement, n, id);
    }
}

struct span sqlite_column(sqlite3_stmt *statement, int n)
{
    const void *data = sqlite3_column_blob(statement, n);
    return span_of(data, (size_t)sqlite3_column_bytes(statement, n));
}

int sqlite_db_step(sqlite3_stmt *statement)
{
    (void)sqlite3_step(statement);
    return sqlite3_reset(statement);
}

int64_t sqlite_db_number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *statement = sqlite_db_prepare(db, sql);
    int64_t number = -1;

    if (statement != NULL && sqlite3_step(statement) == SQLITE_ROW) {
        number = sqlite3_column_int64(statement, 0);
    }
    (void)sqlite3_finalize(statement);
    return number;
}

int sqlite_db_read_number(sqlite3_stmt *statement, uint64_t *number)
{
    int result = sqlite3_step(statement);

    *number = result == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
    (void)sqlite3_reset(statement);
    return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

static int migrate_by_one(sqlite3 *db, int64_t from)
{
    char finish[96];

    (void)snprintf(finish, sizeof finish,
                   "PRAGMA application_id = %d; PRAGMA user_version = %" PRId64 "; COMMIT",
                   APPLICATION_ID, from + 1);
    return sqlite_db_run(db, "BEGIN IMMEDIATE") == SQLITE_OK &&
                   sqlite_db_run(db, sqlite_migrations[from]) == SQLITE_OK &&
                   sqlite_db_run(db, finish) == SQLITE_OK
               ? 0
               : -1;
}

static int migrate(sqlite3 *db, const char *path, struct bytes *why)
{
    int64_t version = sqlite_db_number(db, "PRAGMA user_version");
    int64_t tables = sqlite_db_number(db, "SELECT count(*) FROM sqlite_schema");

    if (version < 0 || tables < 0) {
        sqlite_db_explain_failure(why, path, db);
        return -1;
    }
    if (tables > 0 && sqlite_db_number(db, "PRAGMA application_id") != APPLICATION_ID) {
        sqlite_db_explain(why, path, "a database of another program");
        return -1;
    }
    if (version > sqlite_schema_version) {
        sqlite_db_explain(why, path,
                          "written by a newer version: its schema is %" PRId64 ", known is %d",
                          version, sqlite_schema_version);
        return -1;
    }
    for (; version < sqlite_schema_version; version++) {
        if (migrate_by_one(db, version) != 0) {
            sqlite_db_explain_failure(why, path, db);
            return -1;
        }
    }
    return 0;
}

sqlite3 *sqlite_db_open(const char *path, const char *settings, struct bytes *why)
{
    sqlite3 *db = NULL;
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

    if (sqlite3_open_v2(path, &db, flags, NULL) != SQLITE_OK) {
        sqlite_db_explain_failure(why, path, db);
        goto fail;
    }
    (void)sqlite3_busy_timeout(db, BUSY_MS);
    if (sqlite3_db_readonly(db, "main") == 1) { /* what SQLite falls back to by itself */
        sqlite_db_explain(why, path, "not writable");
        goto fail;
    }
    if (sqlite_db_run(db, settings) != SQLITE_OK) {
        sqlite_db_explain_failure(why, path, db);
        goto fail;
    }
    return db;

fail:
    (void)sqlite3_close(db);
    return NULL;
}

sqlite3 *sqlite_db_open_writer(const char *path, struct bytes *why)
{
    sqlite3 *db = sqlite_db_open(path,
                                 "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                                 "PRAGMA cache_size = -16384",
                                 why);
    if (db != NULL && migrate(db, path, why) != 0) {
        (void)sqlite3_close(db);
        return NULL;
    }
    return db;
}

sqlite3 *sqlite_db_open_reader(const char *path, struct bytes *why)
{
    return sqlite_db_open(path, "PRAGMA query_only = ON; PRAGMA cache_size = -8192", why);
}

sqlite3_stmt *sqlite_conn_get(struct sqlite_conn *conn, const char *sql)
{
    for (unsigned i = 0; i < conn->kept_count; i++) {
        if (conn->kept[i].sql == sql) {
            return conn->kept[i].statement;
        }
    }
    assert(conn->kept_count < SQLITE_KEPT_MAX);
    sqlite3_stmt *statement = sqlite_db_prepare(conn->db, sql);
    if (statement != NULL) {
        conn->kept[conn->kept_count++] = (struct sqlite_kept){sql, statement};
    }
    return statement;
}

void sqlite_conn_close(struct sqlite_conn *conn)
{
    for (unsigned i = 0; i < conn->kept_count; i++) {
        (void)sqlite3_finalize(conn->kept[i].statement);
    }
    (void)sqlite3_close(conn->db);
    *conn = (struct sqlite_conn){0};
}
