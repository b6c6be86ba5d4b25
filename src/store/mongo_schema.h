/* The collections of store_mongo and their indexes.
 *
 *   messages      _id: the id   room, offset, changed, arrival, user_id ... , words, undelivered
 *     room_offset     unique        the order in which pages read them; a place is taken once
 *     room_changed    changed > 0   those that were edited or deleted
 *     words_arrival                 the words of a search, newest first (store_words.h)
 *     undelivered     such only     direct messages to a recipient
 *   rooms         _id: the name   order, direct, made, title ..., number, newest, taken
 *     direct_order, made_order      lists in the order of names
 *   room_members  _id: {room, user}   room, user, user_order, joined, read
 *     room_user                     who is in a room
 *     user_joined                   what rooms a user is in
 *   users         _id: the id   login: a chosen name in lower case; email
 *     email, login    unique        those that have one
 *   logs          _id: {log, partition}   log, partition, base, position
 *   counters      _id: "arrival"   value
 *
 *   arrival   numbers messages in the order in which they came to be stored, over all rooms
 *   newest    of a room: offset of the latest that happened. It is written after the messages, so
 *             that of what is at it or before it nothing is missing: readers of a room's log look
 *             no further
 *   taken     the greatest place that was given out or come with a message; not less than newest
 */
// SPDX-License-Identifier: MIT
#ifndef STORE_MONGO_SCHEMA_H
#define STORE_MONGO_SCHEMA_H

#include "src/store/mongo_db.h"

/* Reaches the server, makes what is missing, learns what the server can. Returns 0, or -1 and one
 * line in *why that names an index that is in the way. */
MUST_USE int mongo_schema_make(struct mongo_db *db, struct bytes *why);

#endif
