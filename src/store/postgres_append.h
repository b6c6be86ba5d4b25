/* Appends of store_postgres: a batch is two trips to the server, in one transaction.
 *
 *   1  makes the rooms, locks them (if they give the places), reads what the batch names
 *      (decide: postgres_batch.h)
 *   2  inserts, changes, marks; commits
 *
 * Places that a journal gave need no lock. Otherwise each room's row is locked, in the order of
 * their numbers, and so several nodes give its places one after the other. When another one has
 * stored the same meanwhile it is done again, and finds it. */
// SPDX-License-Identifier: MIT
#ifndef STORE_POSTGRES_APPEND_H
#define STORE_POSTGRES_APPEND_H

#include "src/base/message.h"
#include "src/store/postgres_conn.h"

/* As store_ops; connects if need be. */
MUST_USE int postgres_append(struct postgres_conn *conn, struct message *const *messages,
                             size_t count);

#endif
