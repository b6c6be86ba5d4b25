/* Room: what the home loop of a chat room knows of it. A room's home is a loop, by its name's hash;
 * there its messages get their order, its members are counted and its presence is announced.
 *
 * It exists as long as somebody is in it, something is under way in it, or its tail is in memory.
 * The tails of a loop have a budget of bytes: those of the rooms where nothing has happened for the
 * longest time go first, but for rooms that somebody is joining just now (join.c relies on it).
 *
 * Names that begin with the character U+0001 are the chat's own: clients cannot name such rooms.
 * They carry the direct messages of dialect 3 (direct.c).
 *
 * Threads: its home loop only. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_ROOM_H
#define CHAT_ROOM_H

#include "src/base/list.h"
#include "src/base/map.h"
#include "src/chat/roster.h"
#include "src/chat/tail.h"

struct chat_loop;
struct gathering;

/* Whose comings and goings are announced how. */
enum room_kind {
    ROOM_TALK,  /* a room of clients */
    ROOM_LOBBY, /* all sockets of dialect 3 */
    ROOM_USER,  /* the sockets of one user of dialect 3 */
};

struct chat_room {
    struct chat_loop *home;
    uint64_t hash;
    struct roster roster;
    struct tail tail;
    struct chat_room *newer, *older; /* among the rooms of this loop that have a tail */
    struct doubts *doubts;           /* appends that have failed, see doubts.h; NULL: none */
    struct list sends;               /* struct sending that the journal has not answered */
    struct list_queue held;          /* those of them that it has not been given yet */
    unsigned joins;                  /* under way that look at the tail later */
    unsigned deliveries;             /* under way, see direct.h */
    struct list waiting;             /* struct past that waits for the end of those */
    struct gathering *gathering;     /* presence to be announced later; NULL: none */
    uint16_t name_len;
    char name[];
};

/* The rooms whose home a loop is. */
struct chat_rooms {
    struct map by_name;
    struct chat_room *newest, *oldest; /* of those that have a tail */
    size_t tail_bytes, tail_bytes_max;
};

void chat_rooms_init(struct chat_rooms *rooms, const uint64_t secret[2], size_t tail_bytes_max);
void chat_rooms_finish(struct chat_rooms *rooms);

/* The room of that name, or NULL. */
struct chat_room *chat_room_find(struct chat_loop *home, struct span name);

/* The same, made if it is new; unless something holds it then, let chat_room_settle free it. */
struct chat_room *chat_room_get(struct chat_loop *home, struct span name);

/* A socket of this node is about to be added to the roster, or has been taken out: counts the rooms
 * of clients (ROOM_TALK) that somebody is in. */
void chat_room_enter(struct chat_room *room);
void chat_room_left(struct chat_room *room);

/* Something has left the room or is done in it: frees it if nothing holds it any more. */
void chat_room_settle(struct chat_room *room);

/* What is known of rooms ends before what comes now. */
void chat_rooms_forget_tails(struct chat_rooms *rooms);

/* The record is the latest that has happened in the room. */
void chat_room_remember(struct chat_room *room, struct record *r);

static inline struct span chat_room_name(const struct chat_room *room)
{
    return span_of(room->name, room->name_len);
}

enum room_kind chat_room_kind(struct span name);

#endif
