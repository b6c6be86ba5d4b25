/* Chat: rooms in which people talk, as an application on the public API. Its events are described
 * in README.md beside this file.
 *
 *     chat_create ──> rookery_run ... ──> server_drop_all ──> journal_close, store_close
 *                 ──> rookery_destroy ──> chat_destroy
 *
 * With a journal, a message is durable before anybody sees it or its sender is told so, and the
 * members of a room get its messages in the order of their offsets, whatever the number of loops.
 * Without one (NULL, NULL) nothing is kept, messages have no offsets, histories are empty, and each
 * sender's messages arrive in the order in which they were sent.
 *
 * Ownership: none of the options' pointers is taken over. Threads: create and destroy while no loop
 * runs; the rest happens on the loops. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_CHAT_H
#define CHAT_CHAT_H

#include "src/api/rookery.h"
#include "src/journal/journal.h"
#include "src/store/store.h"

struct chat;

struct chat_options {
    struct executor *const *executors; /* executors[i] is that of the server's loop i */
    struct journal *journal;           /* both or neither */
    struct store *store;
};

/* Puts the chat's handlers into the namespace "/" of io. */
struct chat *chat_create(struct rookery *io, const struct chat_options *options);

/* Takes NULL. */
void chat_destroy(struct chat *chat);

#endif
