// SPDX-License-Identifier: MIT
#include "src/chat/room.h"

#include <assert.h>

#include "src/base/memory.h"
#include "src/chat/announce.h"
#include "src/chat/chat_loop.h"
#include "src/chat/direct.h"
#include "src/chat/doubts.h"
#include "src/chat/following.h"

static struct span key_of(const void *value)
{
    return chat_room_name(value);
}

void chat_rooms_init(struct chat_rooms *rooms, const uint64_t secret[2], size_t tail_bytes_max)
{
    *rooms = (struct chat_rooms){.tail_bytes_max = tail_bytes_max};
    map_init(&rooms->by_name, key_of, secret);
}

/* ---- tails, by their age ---- */

static void unlink_tail(struct chat_rooms *rooms, struct chat_room *room)
{
    *(room->newer != NULL ? &room->newer->older : &rooms->newest) = room->older;
    *(room->older != NULL ? &room->older->newer : &rooms->oldest) = room->newer;
    rooms->tail_bytes -= room->tail.bytes;
}

static void link_tail(struct chat_rooms *rooms, struct chat_room *room)
{
    room->newer = NULL;
    room->older = rooms->newest;
    *(room->older != NULL ? &room->older->newer : &rooms->oldest) = room;
    rooms->newest = room;
    rooms->tail_bytes += room->tail.bytes;
}

static void drop_tail(struct chat_room *room)
{
    unlink_tail(&room->home->rooms, room);
    tail_clear(&room->tail);
}

static void keep_budget(struct chat_rooms *rooms)
{
    struct chat_room *room = rooms->oldest;

    while (rooms->tail_bytes > rooms->tail_bytes_max && room != NULL && room != rooms->newest) {
        struct chat_room *newer = room->newer;
        if (room->joins == 0) {
            drop_tail(room);
            chat_room_settle(room);
        }
        room = newer;
    }
}

void chat_rooms_forget_tails(struct chat_rooms *rooms)
{
    struct chat_room *room = rooms->newest;

    while (room != NULL) {
        struct chat_room *older = room->older;
        drop_tail(room);
        room->tail.newest = 0;
        chat_room_settle(room);
        room = older;
    }
}

void chat_room_remember(struct chat_room *room, struct record *r)
{
    struct chat_rooms *rooms = &room->home->rooms;

    if (room->tail.count > 0) {
        unlink_tail(rooms, room);
    }
    tail_push(&room->tail, r, chat_follows(room->home->chat));
    link_tail(rooms, room);
    keep_budget(rooms);
}

/* ---- rooms ---- */

struct chat_room *chat_room_find(struct chat_loop *home, struct span name)
{
    return map_get(&home->rooms.by_name, name);
}

struct chat_room *chat_room_get(struct chat_loop *home, struct span name)
{
    struct chat_room *room = chat_room_find(home, name);

    if (room == NULL) {
        room = xcalloc(1, sizeof *room + name.len);
        room->home = home;
        room->hash = map_hash(home->chat->hash_secret, name);
        room->name_len = (uint16_t)name.len;
        memcpy(room->name, name.data, name.len);
        map_add(&home->rooms.by_name, room);
        following_add(home->chat, room->hash);
    }
    return room;
}

/* The chat's own rooms are as many as users of dialect 3: they are no rooms to who sets a limit. */
static bool is_counted(const struct chat_room *room)
{
    return room->roster.here == 0 && chat_room_kind(chat_room_name(room)) == ROOM_TALK;
}

void chat_room_enter(struct chat_room *room)
{
    if (is_counted(room)) {
        atomic_fetch_add_explicit(&room->home->chat->rooms, 1, memory_order_relaxed);
    }
}

void chat_room_left(struct chat_room *room)
{
    if (is_counted(room)) {
        atomic_fetch_sub_explicit(&room->home->chat->rooms, 1, memory_order_relaxed);
    }
}

static void destroy(struct chat_room *room)
{
    following_remove(room->home->chat, room->hash);
    roster_finish(&room->roster);
    doubts_finish(&room->doubts);
    free(room);
}

void chat_room_settle(struct chat_room *room)
{
    if (room->roster.here > 0 || room->sends.first != NULL || room->joins > 0 ||
        room->deliveries > 0 || room->tail.count > 0 || room->gathering != NULL) {
        return;
    }
    (void)map_remove(&room->home->rooms.by_name, chat_room_name(room));
    destroy(room);
}

void chat_rooms_finish(struct chat_rooms *rooms)
{
    struct chat_room *room;

    for (uint32_t i = 0; (room = map_next(&rooms->by_name, &i)) != NULL;) {
        assert(room->sends.first == NULL && room->joins == 0);
        announce_forget(room);
        tail_clear(&room->tail);
        destroy(room);
    }
    map_finish(&rooms->by_name);
}

enum room_kind chat_room_kind(struct span name)
{
    if (name.data[0] != ROOM_OWN_MARK) {
        return ROOM_TALK;
    }
    return span_eq(name, DIRECT_LOBBY) ? ROOM_LOBBY : ROOM_USER;
}
