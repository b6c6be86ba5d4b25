// SPDX-License-Identifier: MIT
#include "src/store/sqlite_rooms.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/random.h>

#include "src/base/memory.h"
#include "src/store/sqlite_schema.h"

static const char find_sql[] =
    "SELECT room_id, " SQLITE_NEWEST("rooms.room_id") " FROM rooms WHERE name = ?1";
static const char create_sql[] = "INSERT INTO rooms (name, direct) VALUES (?1, ?2)";

static struct span room_name(const void *value)
{
    const struct sqlite_room *room = value;
    return span_of(room->name, room->name_len);
}

static void unlink_room(struct sqlite_rooms *rooms, struct sqlite_room *room)
{
    *(room->newer != NULL ? &room->newer->older : &rooms->newest) = room->older;
    *(room->older != NULL ? &room->older->newer : &rooms->oldest) = room->newer;
}

static void link_newest(struct sqlite_rooms *rooms, struct sqlite_room *room)
{
    room->newer = NULL;
    room->older = rooms->newest;
    *(room->older != NULL ? &room->older->newer : &rooms->oldest) = room;
    rooms->newest = room;
}

static size_t room_bytes(const struct sqlite_room *room)
{
    return sizeof *room + room->name_len;
}

static void forget(struct sqlite_rooms *rooms, struct sqlite_room *room)
{
    unlink_room(rooms, room);
    rooms->bytes -= room_bytes(room);
    (void)map_remove(&rooms->by_name, room_name(room));
    free(room);
}

int sqlite_rooms_init(struct sqlite_rooms *rooms, sqlite3 *db, size_t bytes_max)
{
    uint64_t secret[2];

    if (getentropy(secret, sizeof secret) != 0) {
        abort(); /* no kernel that runs this lacks it */
    }
    *rooms = (struct sqlite_rooms){.db = db, .bytes_max = bytes_max, .made = -1};
    map_init(&rooms->by_name, room_name, secret);
    rooms->find = sqlite_db_prepare(db, find_sql);
    rooms->create = sqlite_db_prepare(db, create_sql);
    return rooms->find != NULL && rooms->create != NULL ? 0 : -1;
}

void sqlite_rooms_finish(struct sqlite_rooms *rooms)
{
    sqlite_rooms_clear(rooms);
    map_finish(&rooms->by_name);
    (void)sqlite3_finalize(rooms->find);
    (void)sqlite3_finalize(rooms->create);
}

void sqlite_rooms_clear(struct sqlite_rooms *rooms)
{
    while (rooms->newest != NULL) {
        forget(rooms, rooms->newest);
    }
    rooms->made = -1;
    assert(rooms->bytes == 0 && rooms->by_name.count == 0);
}

/* Reads number and newest offset. Returns SQLITE_ROW, SQLITE_DONE if there is no such room, or what
 * went wrong. */
static int load(struct sqlite_rooms *rooms, struct span name, uint64_t *number, uint64_t *newest)
{
    sqlite_bind_text(rooms->find, 1, name);
    int result = sqlite3_step(rooms->find);
    if (result == SQLITE_ROW) {
        *number = (uint64_t)sqlite3_column_int64(rooms->find, 0);
        *newest = (uint64_t)sqlite3_column_int64(rooms->find, 1);
    }
    (void)sqlite3_reset(rooms->find);
    return result;
}

static int create(struct sqlite_rooms *rooms, struct span name, bool direct, uint64_t *number)
{
    sqlite_bind_text(rooms->create, 1, name);
    sqlite_bind_u64(rooms->create, 2, direct);
    int result = sqlite_db_step(rooms->create);
    *number = (uint64_t)sqlite3_last_insert_rowid(rooms->db);
    return result;
}

static struct sqlite_room *remember(struct sqlite_rooms *rooms, struct span name, uint64_t number,
                                    uint64_t newest)
{
    struct sqlite_room *room = xmalloc(sizeof *room + name.len);

    *room = (struct sqlite_room){.number = number, .newest = newest, .name_len = name.len};
    if (name.len > 0) {
        memcpy(room->name, name.data, name.len);
    }
    map_add(&rooms->by_name, room);
    link_newest(rooms, room);
    rooms->bytes += room_bytes(room);
    while (rooms->bytes > rooms->bytes_max && rooms->oldest != room) {
        forget(rooms, rooms->oldest);
    }
    return room;
}

int sqlite_rooms_find(struct sqlite_rooms *rooms, struct span name, struct sqlite_room **room)
{
    uint64_t number = 0, newest = 0;

    *room = map_get(&rooms->by_name, name);
    if (*room != NULL) {
        unlink_room(rooms, *room);
        link_newest(rooms, *room);
        return SQLITE_OK;
    }
    int result = load(rooms, name, &number, &newest);
    if (result == SQLITE_ROW) {
        *room = remember(rooms, name, number, newest);
    }
    return result == SQLITE_ROW || result == SQLITE_DONE ? SQLITE_OK : result;
}

struct sqlite_room *sqlite_rooms_get(struct sqlite_rooms *rooms, struct span name, bool direct)
{
    struct sqlite_room *room;
    uint64_t number;

    if (sqlite_rooms_find(rooms, name, &room) != SQLITE_OK || room != NULL) {
        return room;
    }
    if (create(rooms, name, direct, &number) != SQLITE_OK) {
        return NULL;
    }
    return remember(rooms, name, number, 0);
}
