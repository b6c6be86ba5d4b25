/* Crew: the members of rooms by other nodes of the cluster. Of each room that has a member here
 * they are in its roster (roster.h), with the number of their node; so whoever asks who is in a
 * room is told of all, and a user who is there by two nodes has come once.
 *
 *   here:   first member ──> ask ──> others: here [...]
 *           joined, left, gone, status ──> others
 *   others: the same ──> loop 0: which node ──> home of the room: into the roster, announced
 *
 * Each node says what happens at its own, and announces to its own members what that changes for
 * them. Those whom an answer names are announced as if they had come then: the list that somebody
 * has been given on joining and what he is told later are together who is there. With the last
 * member here the others are forgotten.
 *
 * A node that is gone (rookery_on_node) takes its members with it, as if their connections had
 * ended. While Redis is away everybody stays; when it is back each node asks the others for all,
 * and lets them ask it: whom an answer does not name any more has gone. What a node still says
 * after it was declared gone is not believed until it is declared back.
 *
 * Bounds: CREW_ROOM_MAX others in a room, CREW_MAX in all rooms, NODES_MAX nodes (nodes.h). Who is
 * beyond them is not listed and not announced, and counted.
 *
 * Threads: as said; the table of nodes is loop 0's. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_CREW_H
#define CHAT_CREW_H

#include "src/chat/nodes.h"
#include "src/chat/room.h"

enum {
    CREW_ROOM_MAX = 10000,
    CREW_MAX = 200000,
};

struct chat;
struct fact;

struct crew {
    struct nodes nodes;  /* loop 0's */
    atomic_uint alive;   /* other nodes that are known to live */
    atomic_uint members; /* of other nodes, in all rosters */
};

/* Before the loops run, and after that. */
void crew_init(struct chat *chat);
void crew_finish(struct chat *chat);

/* A socket of this node is in the room's roster now, or is so as another. On the room's home. */
void crew_came(struct chat_room *room, const struct roster_member *m, struct span sent_at);

/* That member has been taken out; kind as with leave_begin. Likewise. */
void crew_went(struct chat_room *room, const struct roster_member *gone, enum notice_kind kind,
               struct span sent_at);

/* Asks the node of that id (empty: each) who is in the room; with all, it answers though nobody is.
 * Likewise. */
void crew_ask(struct chat_room *room, struct span node, bool all);

/* If nobody of this node is in the room, and nobody asks who is, the others are forgotten. */
void crew_unused(struct chat_room *room);

/* Takes in what the node of that number says of its members: FACT_JOINED to FACT_STATUS, or
 * FACT_HERE, for which *texts has room. Likewise. */
void crew_take(struct chat_room *room, uint8_t node, const struct fact *f, struct bytes *texts);

/* That node is gone. Likewise. */
void crew_lose(struct chat_room *room, uint8_t node);

/* Is somebody of this node in the room, and others told so? Likewise. */
bool crew_is_of(const struct chat_room *room);

/* How many other nodes are known to live; on any loop. */
unsigned crew_node_count(const struct chat *chat);

/* The user of a socket in that room is away, or back; on any loop. */
void crew_status(struct chat_loop *cl, struct span room, const char *socket_id);

#endif
