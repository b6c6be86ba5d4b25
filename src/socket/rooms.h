/* Rooms: who of a namespace and a loop is in which room, and what a room gets within one turn.
 *
 * Each membership carries a tag, and a room has a section for each tag that there is, so that a
 * sender can give each tag its own encoding of what he says. Most rooms have one section:
 *
 *   room   first: tag 0 {a, b, c}  ->  tag 3 {d}  ->  tag 1 {e, f}
 *
 * Member and membership point at each other by index, so that joining and leaving are O(1) whatever
 * the size of the room and the number of rooms that a socket is in:
 *
 *   section->members[m]         {socket, slot}       of the section's array
 *   socket->memberships[slot]   {section, index m}   of the socket's
 *
 * A room is made by its first member and goes with its last; so does a section, but for the first,
 * which is a part of the room and waits for the next tag. The room of everybody in the namespace
 * (share->everybody) is one of them, without a name, and stays.
 *
 * Output: the first room_send of a turn opens a cork (see outq.h) on the queue of every member of a
 * section, the further ones append to it. The cork is sealed at the end of the turn, at
 * CORK_BYTES_MAX, and before anybody joins or leaves the section or stops receiving. As nobody is
 * in two sections, each gets everything in the order in which it was sent.
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

struct section {
    struct room *room;
    struct section *next; /* of the room's */
    struct member *members;
    uint32_t count, cap;
    uint32_t tag;
    uint32_t receivers;      /* of the live cork */
    struct cork cork;        /* live while cork.frame is set */
    struct list_node corked; /* of the loop's while it is */
};

struct room {
    struct share *share;
    struct section first; /* this one may be empty */
    uint32_t count;       /* members of all sections */
    uint32_t name_len;
    char name[];
};

/* Masks of tags: bit t stands for tag t. */
enum { TAGS_ALL = (1 << ROOKERY_TAGS_MAX) - 1 };

static inline bool section_tagged(const struct section *section, uint32_t tags)
{
    return (tags >> section->tag & 1) != 0;
}

/* A few members that a room_send leaves out, and where they are. */
enum { ROOM_SKIPS_MAX = 8 };

struct room_skips {
    struct outq *queues[ROOM_SKIPS_MAX];
    const struct section *sections[ROOM_SKIPS_MAX];
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
void room_add(struct room *room, struct rookery_socket *s, unsigned tag);

/* Where the room is among s's memberships, or -1. */
int64_t room_slot(const struct room *room, const struct rookery_socket *s);

/* Joins the room of that name with tag 0, unless s is in it. */
void rooms_join(struct rookery_socket *s, struct span name);

/* Joins the room of that name with that tag, or changes the tag that s has there. */
void rooms_join_as(struct rookery_socket *s, struct span name, unsigned tag);

/* Leaves the room of that name, if s is in it. */
void rooms_leave(struct rookery_socket *s, struct span name);

void rooms_leave_all(struct rookery_socket *s);

/* s is in the room of its id from now on, or not any more: tells the adapter, if it wants to know.
 */
void rooms_own_opened(const struct rookery_socket *s);
void rooms_own_closed(const struct rookery_socket *s);

/* Seals the corks of all rooms that s is in: it is about to begin or to stop receiving. */
void rooms_seal(struct rookery_socket *s);

/* Queues packet for all members that have one of the tags, but those to be skipped. */
void room_send(struct room *room, struct span packet, uint32_t tags,
               const struct room_skips *skips);

/* The turn hook of a loop: seals all live corks. */
void rooms_seal_corked(struct turn_hook *hook);

#endif
