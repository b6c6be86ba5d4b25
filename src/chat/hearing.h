/* Hearing: the facts of other nodes (fact.h), and of nodes and Redis themselves, on their way in.
 *
 *   batch (loop 0): of which node? ──> each fact: home of its room ──> crew.h, direct.h
 *   a node is gone, Redis is back  ──> all loops: each room that somebody here is in
 *
 * Threads: before the loops run; the rest as said. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_HEARING_H
#define CHAT_HEARING_H

struct chat;

void hearing_add_handlers(struct chat *chat);

#endif
