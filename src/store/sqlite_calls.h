/* What each call of store.h does in SQL, by entity:
 *
 *   sqlite_messages.c   history, changes, find, directs, direct_state
 *   sqlite_places.c     rooms, room_get, reads; room_put, member_put
 *   sqlite_marks.c      read_mark
 *   sqlite_logs.c       positions; adopt, mark
 *   sqlite_people.c     user_get; user_add, user_password
 *   sqlite_query.c      search
 *
 * Reads run on a reader's connection within a transaction, so that all of a read sees one state;
 * writes on the writer's within the one that is open. All return SQLITE_OK, or what went wrong with
 * SQLite; a refusal is call->error. One thread each. */
// SPDX-License-Identifier: MIT
#ifndef STORE_SQLITE_CALLS_H
#define STORE_SQLITE_CALLS_H

#include "src/store/sqlite_writer.h"
#include "src/store/store.h"

typedef int (*sqlite_read_fn)(struct sqlite_conn *conn, struct store_call *call);
typedef int (*sqlite_write_fn)(struct sqlite_writer *writer, struct store_call *call);

/* What somebody writes who waits for it. */
struct sqlite_work {
    int (*write)(struct sqlite_writer *writer, struct sqlite_work *work);
    size_t messages; /* of it, for whoever is told that it failed */

    int error; /* it is refused: then nothing of it is stored */
};

MUST_USE int sqlite_read_history(struct sqlite_conn *conn, struct store_call *call);
MUST_USE int sqlite_read_changes(struct sqlite_conn *conn, struct store_call *call);
MUST_USE int sqlite_read_find(struct sqlite_conn *conn, struct store_call *call);
MUST_USE int sqlite_read_directs(struct sqlite_conn *conn, struct store_call *call);
MUST_USE int sqlite_read_search(struct sqlite_conn *conn, struct store_call *call);
MUST_USE int sqlite_read_rooms(struct sqlite_conn *conn, struct store_call *call);
MUST_USE int sqlite_read_room_get(struct sqlite_conn *conn, struct store_call *call);
MUST_USE int sqlite_read_reads(struct sqlite_conn *conn, struct store_call *call);
MUST_USE int sqlite_read_positions(struct sqlite_conn *conn, struct store_call *call);
MUST_USE int sqlite_read_user_get(struct sqlite_conn *conn, struct store_call *call);

MUST_USE int sqlite_write_direct_state(struct sqlite_writer *writer, struct store_call *call);
MUST_USE int sqlite_write_room_put(struct sqlite_writer *writer, struct store_call *call);
MUST_USE int sqlite_write_member_put(struct sqlite_writer *writer, struct store_call *call);
MUST_USE int sqlite_write_read_mark(struct sqlite_writer *writer, struct store_call *call);
MUST_USE int sqlite_write_user_add(struct sqlite_writer *writer, struct store_call *call);
MUST_USE int sqlite_write_user_password(struct sqlite_writer *writer, struct store_call *call);

#endif
