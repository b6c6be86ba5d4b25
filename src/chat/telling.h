/* Telling: what has happened in a room is told to its members and kept in its tail. The last step
 * on the way of a message, whether it was said here (sending.h), by another node (remote.h) or is
 * read from the journal's log (following.h).
 *
 * Threads: the room's home. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_TELLING_H
#define CHAT_TELLING_H

#include "src/chat/room.h"

/* By whom it happened, and who is told. */
enum telling {
    TELLING_OWN,    /* here: the members on all nodes */
    TELLING_OTHERS, /* by another node: those on this one */
};

/* Tells it, and remembers it if it has a place. Nobody else has the record yet: the state of a
 * direct message is set in it. now_ms: when it happened. */
void tell_members(struct chat_room *room, struct record *r, int64_t now_ms, enum telling by);

/* It was said here, and this node's members are told by the log (following.h): tells those servers
 * of the cluster that do not read it. */
void tell_elsewhere(struct chat_room *room, struct message *m, int64_t now_ms);

#endif
