/* Following: what the journal's log holds, told to this node's members in its order, by whichever
 * node it was appended. Where journals follow (journal.h) this is how messages come from one node
 * to another; notes between nodes (remote.h) carry what is not in the log.
 *
 *   log ──> listener (loop 0): has this node that room? ──> the room's home: told, remembered
 *
 * The rooms that are in memory, of any loop, are counted in a table by their hash, so that what is
 * said in others costs one look at it. A room that is entered is in the table before its joiner
 * asks where the log is (journal_fence, past.c): so what he does not read comes to the room.
 *
 * Threads: create before the loops run; the counting on any loop; the rest on loop 0. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_FOLLOWING_H
#define CHAT_FOLLOWING_H

#include "src/chat/chat_loop.h"

/* Listens to the chat's journal, if that is one which follows. */
void following_begin(struct chat *chat);
void following_finish(struct chat *chat);

/* A room with this hash of its name is in memory, or is not any more. */
void following_add(struct chat *chat, uint64_t hash);
void following_remove(struct chat *chat, uint64_t hash);

#endif
