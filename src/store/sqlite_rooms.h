/* The writer's memory of rooms: number and newest offset, loaded when a room is first written to.
 *
 * A cache of the database as the writer's transaction sees it, bounded in bytes: the room that was
 * used longest ago leaves first. After a rollback it must be cleared. One thread. */
// SPDX-License-Identifier: MIT
#ifndef STORE_SQLITE_ROOMS_H
#define STORE_SQLITE_ROOMS_H

#include "src/base/map.h"
#include "src/store/sqlite_db.h"

struct sqlite_room {
    struct sqlite_room *newer, *older;
    uint64_t number; /* rooms.room_id */
    uint64_t newest; /* offset of the latest that happened; 0: nothing yet */
    size_t name_len;
    char name[];
};

struct sqlite_rooms {
    sqlite3 *db;
    sqlite3_stmt *find, *create;
    struct map by_name;
    struct sqlite_room *newest, *oldest; /* by use */
    size_t bytes, bytes_max;
    int64_t made; /* by room_put; -1: not counted yet */
};

/* Returns 0, or -1 when the statements cannot be prepared; call finish in either case. */
MUST_USE int sqlite_rooms_init(struct sqlite_rooms *rooms, sqlite3 *db, size_t bytes_max);
void sqlite_rooms_finish(struct sqlite_rooms *rooms);

/* The room of that name, made if there is none, and then for direct messages if `direct`; good
 * until the next call. NULL: the database failed, and its error tells why. */
struct sqlite_room *sqlite_rooms_get(struct sqlite_rooms *rooms, struct span name, bool direct);

/* The same without making one. Returns SQLITE_OK and sets *room, NULL if there is none, or what
 * went wrong. */
MUST_USE int sqlite_rooms_find(struct sqlite_rooms *rooms, struct span name,
                               struct sqlite_room **room);

/* Forgets all. */
void sqlite_rooms_clear(struct sqlite_rooms *rooms);

#endif
