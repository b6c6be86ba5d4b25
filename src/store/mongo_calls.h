/* What each call of store.h does with MongoDB, by entity:
 *
 *   mongo_pages.c     history, changes, find, directs, direct_state
 *   mongo_search.c    search
 *   mongo_rooms.c     rooms, room_get; room_put
 *   mongo_members.c   reads; member_put, read_mark
 *   mongo_people.c    user_get; user_add, user_password
 *   mongo_logs.c      positions
 *
 * All return 0, or an enum store_error with its cause in conn->error when the database failed; a
 * refusal is call->error. Results are set only without an error. One thread each. */
// SPDX-License-Identifier: MIT
#ifndef STORE_MONGO_CALLS_H
#define STORE_MONGO_CALLS_H

#include "src/store/mongo_db.h"
#include "src/store/store_page.h"

typedef int (*mongo_call_fn)(struct mongo_conn *conn, struct store_call *call);

MUST_USE int mongo_read_history(struct mongo_conn *conn, struct store_call *call);
MUST_USE int mongo_read_changes(struct mongo_conn *conn, struct store_call *call);
MUST_USE int mongo_read_find(struct mongo_conn *conn, struct store_call *call);
MUST_USE int mongo_read_directs(struct mongo_conn *conn, struct store_call *call);
MUST_USE int mongo_read_search(struct mongo_conn *conn, struct store_call *call);
MUST_USE int mongo_read_rooms(struct mongo_conn *conn, struct store_call *call);
MUST_USE int mongo_read_room_get(struct mongo_conn *conn, struct store_call *call);
MUST_USE int mongo_read_reads(struct mongo_conn *conn, struct store_call *call);
MUST_USE int mongo_read_user_get(struct mongo_conn *conn, struct store_call *call);
MUST_USE int mongo_read_positions(struct mongo_conn *conn, struct store_call *call);

MUST_USE int mongo_write_direct_state(struct mongo_conn *conn, struct store_call *call);
MUST_USE int mongo_write_room_put(struct mongo_conn *conn, struct store_call *call);
MUST_USE int mongo_write_member_put(struct mongo_conn *conn, struct store_call *call);
MUST_USE int mongo_write_read_mark(struct mongo_conn *conn, struct store_call *call);
MUST_USE int mongo_write_user_add(struct mongo_conn *conn, struct store_call *call);
MUST_USE int mongo_write_user_password(struct mongo_conn *conn, struct store_call *call);

/* What calls about a room want to know of it. */
struct mongo_room_state {
    bool there, made;
    uint64_t newest; /* 0: nothing happened there yet */
};

MUST_USE int mongo_room_find(struct mongo_conn *conn, struct span name,
                             struct mongo_room_state *room);

#endif
