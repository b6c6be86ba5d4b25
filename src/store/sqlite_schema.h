/* The tables of store_sqlite, and the steps that lead to them.
 *
 *   rooms     room_id -> name                      names once, since each message has one
 *             title, created_by, created_ms        of those that are made (1), not just written to
 *             direct                               1: of direct messages, in no list
 *   messages  message_id -> the message            in the order of arrival
 *             unique (room_id, offset)             the order in which pages read them
 *             (room_id, changed)                   of those that were edited or deleted
 *             (recipient, message_id)              of direct messages that are not delivered
 *             unique id                            16 bytes, or the text when it is not a UUID
 *   changes   change_id -> message_id              edits and deletions in their order, for the
 *                                                  search (sqlite_search.h)
 *   members   (room_id, user_id) -> joined, read   read: up to that offset
 *   logs      (name, partition) -> base, position  of journals, as struct store_log has them
 *   users     unique id, email, login_name         login_name: the user name, if it was chosen
 *
 * Keyed by (room_id, offset) the messages of a page would lie together, but each commit would
 * rewrite a large page for each of its rooms: with 5000 rooms and all else equal that stored 31,000
 * messages a second at a p99 of 19 ms, this 49,000 at 10 ms. A page of 50 takes 0.2 ms this way,
 * 0.1 ms that.
 *
 * PRAGMA user_version counts the migrations that a file has been through. */
// SPDX-License-Identifier: MIT
#ifndef STORE_SQLITE_SCHEMA_H
#define STORE_SQLITE_SCHEMA_H

/* An expression for the offset of the latest that happened in a room; 0: nothing. */
#define SQLITE_NEWEST(room)                                                       \
    "max(ifnull((SELECT max(offset) FROM messages WHERE room_id = " room "), 0)," \
    " ifnull((SELECT max(changed) FROM messages WHERE room_id = " room " AND changed > 0), 0))"

/* Each is applied once, in this order, in a transaction of its own; never change one that has been
 * released. */
extern const char *const sqlite_migrations[];
extern const int sqlite_schema_version; /* their number */

#endif
