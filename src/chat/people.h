/* People: who is in a room, asked of its home.
 *
 * Threads: the loop that asks; on_done runs there. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_PEOPLE_H
#define CHAT_PEOPLE_H

#include "src/chat/chat.h"
#include "src/chat/inquest.h"
#include "src/chat/person.h"

/* room and on_done are set. What is found is borrowed until on_done returns. */
struct chat_people_request {
    void (*on_done)(struct chat_people_request *request);
    struct span room; /* lives until then */

    struct identity *people; /* of all nodes, each once, in the order in which they came */
    bool *away;              /* likewise */
    size_t count;            /* at most 1000 */

    struct chat *chat; /* for chat_people, as the rest */
    struct task task;
    struct inquest_wait wait;
    unsigned loop;
    struct person **held;
};

/* loop_index: that of the loop that asks. on_done runs exactly once, perhaps before this returns.
 */
void chat_people(struct chat *chat, unsigned loop_index, struct chat_people_request *request);

#endif
