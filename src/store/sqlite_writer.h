/* The writing side of store_sqlite: batches of messages, each one transaction.
 *
 * Threads: as its connection, one at a time. */
// SPDX-License-Identifier: MIT
#ifndef STORE_SQLITE_WRITER_H
#define STORE_SQLITE_WRITER_H

#include "src/base/message.h"
#include "src/store/sqlite_rooms.h"

struct sqlite_writer {
    sqlite3 *db; /* borrowed */
    sqlite3_stmt *begin, *commit, *insert, *find;
    struct sqlite_rooms rooms;
};

/* Returns 0, or -1 when the statements cannot be prepared; call finish in either case. */
MUST_USE int sqlite_writer_init(struct sqlite_writer *writer, sqlite3 *db);
void sqlite_writer_finish(struct sqlite_writer *writer);

/* Stores all messages or none, and fills offset in each. Returns SQLITE_OK or the first error, and
 * then why[why_size] holds SQLite's text for it. */
MUST_USE int sqlite_writer_append(struct sqlite_writer *writer, struct message *const *messages,
                                  size_t count, char *why, size_t why_size);

#endif
