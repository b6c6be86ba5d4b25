/* Remote: what other nodes of the cluster say in rooms that have members here, by notes (note.h).
 *
 *   note (loop 0) ──> message, edit, deletion ──> home of its room: append, announce (sending.h)
 *                 ──> typing ──> announced
 *                 ──> read   ──> marked in this node's store ──> announced
 *
 * Each node has a store of its own, and a log of its own for each room: places and offsets are this
 * node's. Notes come from peers, so they are checked like what clients send.
 *
 * Threads: before the loops run; the rest is on loop 0. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_REMOTE_H
#define CHAT_REMOTE_H

struct chat;

void remote_add_handlers(struct chat *chat);

#endif
