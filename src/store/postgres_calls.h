/* The calls of store_postgres: each is run on a connection that has begun, returns 0 or an enum
 * store_error when the database failed, and sets call->error if the call itself is refused.
 *
 * A write that leaves a transaction open has it rolled back by its caller. */
// SPDX-License-Identifier: MIT
#ifndef STORE_POSTGRES_CALLS_H
#define STORE_POSTGRES_CALLS_H

#include "src/store/postgres_conn.h"
#include "src/store/store.h"

typedef int (*postgres_call_fn)(struct postgres_conn *conn, struct store_call *call);

MUST_USE int postgres_read_history(struct postgres_conn *conn, struct store_call *call);
MUST_USE int postgres_read_changes(struct postgres_conn *conn, struct store_call *call);
MUST_USE int postgres_read_find(struct postgres_conn *conn, struct store_call *call);
MUST_USE int postgres_read_directs(struct postgres_conn *conn, struct store_call *call);
MUST_USE int postgres_read_search(struct postgres_conn *conn, struct store_call *call);
MUST_USE int postgres_read_positions(struct postgres_conn *conn, struct store_call *call);
MUST_USE int postgres_read_rooms(struct postgres_conn *conn, struct store_call *call);
MUST_USE int postgres_read_room_get(struct postgres_conn *conn, struct store_call *call);
MUST_USE int postgres_read_reads(struct postgres_conn *conn, struct store_call *call);
MUST_USE int postgres_read_user_get(struct postgres_conn *conn, struct store_call *call);

MUST_USE int postgres_write_direct_state(struct postgres_conn *conn, struct store_call *call);
MUST_USE int postgres_write_room_put(struct postgres_conn *conn, struct store_call *call);
MUST_USE int postgres_write_member_put(struct postgres_conn *conn, struct store_call *call);
MUST_USE int postgres_write_read_mark(struct postgres_conn *conn, struct store_call *call);
MUST_USE int postgres_write_user_add(struct postgres_conn *conn, struct store_call *call);
MUST_USE int postgres_write_user_password(struct postgres_conn *conn, struct store_call *call);

#endif
