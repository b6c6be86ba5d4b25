/* Chat: rooms in which people talk, as an application on the public API. Its events are described
 * in README.md beside this file.
 *
 *     chat_create ──> rookery_run ... ──> server_drop_all ──> chat_stop
 *                 ──> journal_close, store_close ──> rookery_destroy ──> chat_destroy
 *
 * With a journal, a message is durable before anybody sees it or its sender is told so. Without one
 * (NULL, NULL) nothing is kept, messages have no offsets, histories are empty.
 *
 * Ownership: none of the options' pointers is taken over. Threads: create and destroy while no loop
 * runs; the rest happens on the loops. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_CHAT_H
#define CHAT_CHAT_H

#include "src/api/rookery.h"
#include "src/chat/limits.h"
#include "src/journal/journal.h"
#include "src/keyspace/keyspace.h"
#include "src/store/store.h"

struct chat;
struct auth;
struct stats;

/* Who hears of each record of a journal's log that is followed, before anybody is told of it or
 * acknowledged; on any loop. */
struct chat_watcher {
    void (*on_record)(void *arg, struct span room, uint64_t place); /* NULL: nobody */
    void (*on_gap)(void *arg);
    void *arg;
};

struct chat_options {
    struct executor *const *executors; /* executors[i] is that of the server's loop i */
    struct stats *const *stats;        /* likewise; NULL: refusals are not counted */
    struct journal *journal;           /* both or neither */
    struct store *store;
    bool store_is_shared; /* by all nodes of the cluster */
    struct chat_watcher watcher;
    /* What all nodes share, asked for on loop 0 each time; NULL or returning NULL: nothing, any
     * more. */
    struct keyspace *(*keyspace)(void *arg);
    void *keyspace_arg;
    uint64_t dedup_ms;      /* how long ids of clients are known there; 0: not at all */
    struct auth *auth;      /* NULL: tokens are not looked at */
    bool auth_required;     /* nobody gets in without a valid token; needs auth */
    unsigned recovery_ms;   /* rookery_recovery.max_disconnection_ms; in a cluster it has to be 0 */
    bool recovery_trusts;   /* who comes back is asked for no token; the server's own
                             * skip_middlewares is not set */
    const char *service_id; /* what dialect 3 is told: not copied, read when somebody joins */
    size_t tail_bytes_max;  /* of all rooms' tails together; 0: 64 MiB */
    struct chat_limits limits;
};

/* Puts the chat's handlers into the namespace "/" of io. */
struct chat *chat_create(struct rookery *io, const struct chat_options *options);

/* Other limits from now on; from any thread. */
void chat_set_limits(struct chat *chat, const struct chat_limits *limits);

/* May somebody at that address try a password once more within his minute? Counts it. On any loop.
 */
bool chat_may_login(struct chat *chat, const char *address);

/* Journal, store and auth are not asked for anything from here on; what they still answer is taken.
 * While no loop runs; takes NULL. */
void chat_stop(struct chat *chat);

/* Takes NULL. */
void chat_destroy(struct chat *chat);

#endif
