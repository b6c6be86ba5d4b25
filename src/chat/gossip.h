/* Gossip: facts (fact.h) on their way to the other nodes of the cluster. Those of a loop are
 * gathered for GOSSIP_MS, or until there are GOSSIP_BYTES of them, and sent together.
 *
 * What is sent while Redis is away is the adapter's to keep or to drop: when it is back all is
 * asked anew (crew.h).
 *
 * Threads: a loop's is used on that loop. Without a cluster nothing is written or kept. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_GOSSIP_H
#define CHAT_GOSSIP_H

#include "src/chat/fact.h"
#include "src/chat/room.h"

#define GOSSIP_EVENT "rookery:chat"

enum {
    GOSSIP_MS = 20,
    GOSSIP_BYTES = 32 << 10,
    GOSSIP_MEMBERS = 100, /* of a room, in one fact */
};

/* Not of FACT_HERE. */
void gossip_tell(struct chat_loop *cl, const struct fact *f);

/* Who of this node is in the room (NULL: nobody), for the node of that id. On the room's home. */
void gossip_answer(struct chat_loop *home, struct span name, const struct chat_room *room,
                   struct span node);

/* What a member of the room is to others. */
struct fact_member gossip_member(const struct roster_member *m);

void gossip_finish(struct chat_loop *cl);

#endif
