/* The collection room_members of store_mongo: who is in a room, and how far he has read it.
 *
 * Any thread. */
// SPDX-License-Identifier: MIT
#ifndef STORE_MONGO_MEMBERS_H
#define STORE_MONGO_MEMBERS_H

#include "src/store/mongo_db.h"

/* {_id: {room, user}} */
bson_t *mongo_member_filter(struct span room, struct span user_id);

/* Adds such an id to an array, and counts. */
void mongo_put_member(bson_t *array, uint32_t *count, struct span room, struct span user_id);

/* The update, or upsert, of one who has read up to that offset. */
bson_t *mongo_mark_update(struct span room, struct span user_id, uint64_t offset);

#endif
