/* Rooms: who of a namespace and a loop is in which room, and what a room gets within one turn.
 *
 * Member and membership point at each other by index, so that joining and leaving are O(1) whatever
 * the size of the room and the number of rooms that a socket is in:
 *
 *   room->members[m]            {socket, slot}    of the room's array
 *   socket->memberships[slot]   {room, index m}   of the socket's
 *
 * A room is made by its first member and goes with its last. The room of everybody in the namespace
 * (share->everybody) is one of them, without a name, and stays.
 *
 * Output: the first room_send of a turn opens a cork (see outq.h) on the queue of every member, the
 * further ones append to it. The cork is sealed at the end of the turn, at CORK_BYTES_MAX, and
 * before anybody joins or leaves the room or stops receiving.
 *
 * Threads: their loop only. */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_ROOMS_H
#define SOCKET_ROOMS_H

#include "src/api/rookery.h"
#include "src/base/outq.h"
#include "src/socket/share.h"

struct member {
    struct rookery_socket *socket;
    uint32_t slot;
};

struct room {
    struct share *share;
    struct member *members;
    uint32_t count, cap;
    uint32_t receivers;      /* of the live cork */
    struct cork cork;        /* live while cork.frame is set */
    struct list_node corked; /* of the loop's while it is */
    size_t name_len;
    char name[];
};

/* A few members that a room_send leaves out. */
enum { ROOM_SKIPS_MAX = 8 };

struct room_skips {
    struct outq *queues[ROOM_SKIPS_MAX];
    size_t count;
};

/* Without members, and not yet in share->rooms. */
struct room *room_create(struct share *share, struct span name);
void room_destroy(struct room *room);

static inline struct span room_name(const struct room *room)
{
    return span_of(room->name, room->name_len);
}

/* The room of that name, or NULL. Not the room that a socket's id names. */
struct room *rooms_find(const struct share *share, struct span name);

/* s joins the room (which it is not in). */
void room_add(struct room *room, struct rookery_socket *s);

/* Where the room is among s's memberships, or -1. */
int64_t room_slot(const struct room *room, const struct rookery_socket *s);

/* Joins the room of that name, unless s is in it. */
void rooms_join(struct rookery_socket *s, struct span name);

/* Leaves the room of that name, if s is in it. */
void rooms_leave(struct rookery_socket *s, struct span name);

void rooms_leave_all(struct rookery_socket *s);

/* Seals the corks of all rooms that s is in: it is about to begin or to stop receiving. */
void rooms_seal(struct rookery_socket *s);

/* Queues packet for all members but those to be skipped. */
void room_send(struct room *room, struct span packet, const struct room_skips *skips);

/* The turn hook of a loop: seals all live corks. */
void rooms_seal_corked(struct turn_hook *hook);

#endif
