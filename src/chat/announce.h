/* Announce: tells the members of a room what has happened, each in the form of his own dialect. A
 * notice is encoded once for each dialect that is in the room, or is that of somebody who may come
 * back (comeback.h).
 *
 * Comings and goings. In a room of up to PRESENCE_AT_ONCE_MAX sockets they are told at once. In a
 * larger one they are gathered for `presence_interval_ms` and told together, and who went and came
 * back within that time is not mentioned at all: when a thousand lose their connection and return,
 * nobody is told a thousand times a thousand things.
 *
 * Other nodes of a cluster announce to their members what they are told by notes (note.h) and facts
 * (fact.h): here it is said to the sockets of this node only.
 *
 * Threads: the room's home loop, where nothing else is said. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_ANNOUNCE_H
#define CHAT_ANNOUNCE_H

#include "src/chat/room.h"

enum {
    PRESENCE_AT_ONCE_MAX = 64,
    PEOPLE_MAX = 1000, /* that a list of who is in a room names */
};

struct note;

/* To all members on this node; and, with a note (NULL: no), to those on other nodes: ours are told
 * that, others the event as the sender's dialect has it. Without a cluster no note is written. */
void announce(struct chat_room *room, const struct notice *n, const struct note *note);

/* To those members of a room who speak one of the dialects (bit mask of 1 << enum dialect_id), but
 * for the socket `from`, which may be NULL; on any loop. With a note as above; others are told as
 * dialect 4 has it, or dialect 3, whichever is among the dialects. */
void announce_from(struct chat_loop *cl, struct span room, uint32_t dialects,
                   const struct notice *n, struct rookery_socket *from, const struct note *note);

/* What dialect 3 says, to the members of all these rooms of users, each socket once; on any loop.
 * With a note as above, which a node that has members of several of them gets as often. */
void announce_direct(struct chat_loop *cl, const struct rookery_str *rooms, size_t count,
                     const struct notice *n, const struct note *note);

/* To the members of n->room on other nodes only, as above; on any loop. */
void announce_elsewhere(struct chat_loop *cl, const struct notice *n, const struct note *note);

/* A user has come (NOTICE_JOINED) or gone (NOTICE_LEFT, NOTICE_GONE). He is not told of himself, by
 * the first of his sockets at least. sent_at is the event's, or empty. */
void announce_presence(struct chat_room *room, enum notice_kind kind,
                       const struct roster_member *who, struct span sent_at);

/* Forgets what was to be told later, when its time has come or the loops run no more. */
void announce_forget(struct chat_room *room);

#endif
