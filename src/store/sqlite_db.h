/* Connections of store_sqlite, and what all of its parts do with them.
 *
 * The files are in WAL mode: one connection writes, others read beside it. A connection belongs to
 * one thread at a time. */
// SPDX-License-Identifier: MIT
#ifndef STORE_SQLITE_DB_H
#define STORE_SQLITE_DB_H

#include <sqlite3.h>

#include "protocol/bytes.h"

enum { SQLITE_KEPT_MAX = 40 };

struct sqlite_kept {
    const char *sql;
    sqlite3_stmt *statement;
};

/* A connection with the statements that it has been asked for. Zeroed it is closed. */
struct sqlite_conn {
    sqlite3 *db;
    struct sqlite_kept kept[SQLITE_KEPT_MAX];
    unsigned kept_count;
};

/* The statement of that SQL, which must be one of few constants: it is known again by its address.
 * NULL: SQLite refused it, and its error tells why. */
sqlite3_stmt *sqlite_conn_get(struct sqlite_conn *conn, const char *sql);

/* Frees the statements and closes the connection; harmless on one that is closed. */
void sqlite_conn_close(struct sqlite_conn *conn);

/* Opens the writing connection, creates the file and brings its schema up to date. Returns NULL and
 * one line in *why. */
sqlite3 *sqlite_db_open_writer(const char *path, struct bytes *why);

/* Opens a connection that only reads, after the writer is open. */
sqlite3 *sqlite_db_open_reader(const char *path, struct bytes *why);

/* Opens a connection and runs SQL on it. Returns NULL and one line in *why. */
sqlite3 *sqlite_db_open(const char *path, const char *settings, struct bytes *why);

/* One line: the path and what is wrong with it; the second takes that from the connection, which
 * may be NULL. */
__attribute__((format(printf, 3, 4))) void sqlite_db_explain(struct bytes *why, const char *path,
                                                             const char *format, ...);
void sqlite_db_explain_failure(struct bytes *why, const char *path, sqlite3 *db);

/* A statement that is kept for long, or NULL; free it with sqlite3_finalize. */
sqlite3_stmt *sqlite_db_prepare(sqlite3 *db, const char *sql);

/* Runs SQL without results to its end; returns what SQLite does. */
int sqlite_db_run(sqlite3 *db, const char *sql);

/* Runs a bound statement that gives no rows and resets it. Returns SQLITE_OK or what went wrong. */
int sqlite_db_step(sqlite3_stmt *statement);

/* Runs a bound statement for one number, 0 if there is none, and resets it. Returns SQLITE_OK or
 * what went wrong. */
int sqlite_db_read_number(sqlite3_stmt *statement, uint64_t *number);

/* The only number that a query gives, or -1. */
int64_t sqlite_db_number(sqlite3 *db, const char *sql);

/* Binding to parameter n, from 1; what the span points to must live until the statement is reset.
 * They cannot fail: n is right and nothing is copied. */
void sqlite_bind_text(sqlite3_stmt *statement, int n, struct span text);
void sqlite_bind_blob(sqlite3_stmt *statement, int n, struct span blob);
void sqlite_bind_u64(sqlite3_stmt *statement, int n, uint64_t number);

/* A message id: a UUID in the form that id_format gives back is kept as its 16 bytes, in buffer. */
void sqlite_bind_id(sqlite3_stmt *statement, int n, struct span id, uint8_t buffer[16]);

/* The text or blob of column n, from 0; good until the next step. */
struct span sqlite_column(sqlite3_stmt *statement, int n);

#endif
