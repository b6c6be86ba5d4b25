/* The tables of store_postgres, and the steps that lead to them. They are those of a chat with
 * users, rooms, room_members and messages; names and texts are bytea, since clients may put any
 * bytes into them, and views show them as text:
 *
 *   rooms             room_id -> name              names once, since each message has one
 *                     title, created_by, made      of those that are made, not just written to
 *                     direct                       of direct messages, in no list
 *   messages          message_id -> the message    in the order of arrival
 *                     unique (room_id, place)      the order in which pages read them
 *                     (room_id, changed)           of those that were edited or deleted
 *                     (recipient, message_id)      of direct messages that are not delivered
 *                     unique id                    0 and a UUID's 16 bytes, or 1 and a text
 *                     words                        of the search (store_words.h)
 *   room_members      (room_id, user_id) -> joined, read up to that offset
 *   users             unique id, email, login_name login_name: the user name, if it was chosen
 *   journal_logs      (name, partition) -> base, position      see struct store_log
 *   rookery_schema    how many of the steps were taken
 *   *_text            views for people
 *
 * Several nodes may open a database at once: steps are taken under an advisory lock. */
// SPDX-License-Identifier: MIT
#ifndef STORE_POSTGRES_SCHEMA_H
#define STORE_POSTGRES_SCHEMA_H

#include "src/store/postgres_conn.h"

/* Advisory locks of this database's. */
#define POSTGRES_LOCK_SCHEMA "8241150436310081"
#define POSTGRES_LOCK_ROOMS  "8241150436310082"

/* An expression for the offset of the latest that happened in a room; 0: nothing. */
#define POSTGRES_NEWEST(room)                                                   \
    "greatest(coalesce((SELECT place FROM messages WHERE room_id = " room       \
    " ORDER BY place DESC LIMIT 1), 0), coalesce((SELECT changed FROM messages" \
    " WHERE room_id = " room " AND changed > 0 ORDER BY changed DESC LIMIT 1), 0))"

/* Brings the database up to date on a connection that has begun, and looks whether all is there
 * (postgres_check.h): if not, nothing has happened. Returns 0, or -1 and a line in conn->why. */
MUST_USE int postgres_migrate(struct postgres_conn *conn);

#endif
