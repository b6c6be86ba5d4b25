/* The writing side of store_sqlite: what is appended to rooms, within a transaction.
 *
 * Threads: as its connection, one at a time. */
// SPDX-License-Identifier: MIT
#ifndef STORE_SQLITE_WRITER_H
#define STORE_SQLITE_WRITER_H

#include "src/base/message.h"
#include "src/store/sqlite_rooms.h"

struct sqlite_writer {
    struct sqlite_conn conn;
    struct sqlite_rooms rooms;
};

/* Opens the connection, as sqlite_db_open_writer. Returns 0, or -1 and one line in *why. */
MUST_USE int sqlite_writer_open(struct sqlite_writer *writer, const char *path, struct bytes *why);

/* The last connection to close brings the WAL into the file. */
void sqlite_writer_close(struct sqlite_writer *writer);

/* A transaction; all return SQLITE_OK or the first error. After one only roll_back may follow. */
MUST_USE int sqlite_writer_begin(struct sqlite_writer *writer);
MUST_USE int sqlite_writer_commit(struct sqlite_writer *writer);
void sqlite_writer_roll_back(struct sqlite_writer *writer);

/* Stores one message within a transaction, or changes one, or how far somebody has read: fills
 * offset, said and fate. After MESSAGE_INVALID only roll_back may follow. */
MUST_USE int sqlite_writer_append(struct sqlite_writer *writer, struct message *m);

#endif
