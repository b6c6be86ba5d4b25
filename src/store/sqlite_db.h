/* Connections of store_sqlite, and the schema that they find.
 *
 *   rooms     room_id -> name                      names once, since each message has one
 *   messages  message_id -> the message            in the order of arrival
 *             unique (room_id, offset)             the order in which pages read them
 *             unique id                            16 bytes, or the text when it is not a UUID
 *
 * Keyed by (room_id, offset) the messages of a page would lie together, but each commit would
 * rewrite a large page for each of its rooms: with 5000 rooms and all else equal that stored 31,000
 * messages a second at a p99 of 19 ms, this 49,000 at 10 ms. A page of 50 takes 0.2 ms this way,
 * 0.1 ms that.
 *
 * The file is in WAL mode: one connection writes, others read beside it. PRAGMA user_version counts
 * the migrations that it has been through. A connection belongs to one thread at a time. */
// SPDX-License-Identifier: MIT
#ifndef STORE_SQLITE_DB_H
#define STORE_SQLITE_DB_H

#include <sqlite3.h>

#include "protocol/bytes.h"

/* Opens the writing connection, creates the file and brings its schema up to date. Returns NULL and
 * one line in *why. */
sqlite3 *sqlite_db_open_writer(const char *path, struct bytes *why);

/* Opens a connection that only reads, after the writer is open. */
sqlite3 *sqlite_db_open_reader(const char *path, struct bytes *why);

/* A statement that is kept for long, or NULL; free it with sqlite3_finalize. */
sqlite3_stmt *sqlite_db_prepare(sqlite3 *db, const char *sql);

/* Runs SQL without results to its end; returns what SQLite does. */
int sqlite_db_run(sqlite3 *db, const char *sql);

/* Binding to parameter n, from 1; what the span points to must live until the statement is reset.
 * They cannot fail: n is right and nothing is copied. */
void sqlite_bind_text(sqlite3_stmt *statement, int n, struct span text);
void sqlite_bind_blob(sqlite3_stmt *statement, int n, struct span blob);
void sqlite_bind_u64(sqlite3_stmt *statement, int n, uint64_t number);

#endif
