/* Remote: what other nodes of the cluster say in rooms that have members here, by notes (note.h).
 *
 *   note (loop 0) ──> message, edit, deletion ──> home of its room: append, announce (sending.h)
 *                 ──> typing ──> announced
 *                 ──> read   ──> marked in this node's store ──> announced
 *
 * Where each node has a store of its own, it has a log of its own for each room: places and offsets
 * are this node's. With one store for all nothing is appended here; where the journal follows its
 * log, messages come by that (following.h), and a note of one says no more than that.
 *
 * Notes come from peers, so they are checked like what clients send.
 *
 * Threads: before the loops run; the rest is on loop 0. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_REMOTE_H
#define CHAT_REMOTE_H

struct chat;

void remote_add_handlers(struct chat *chat);

#endif
