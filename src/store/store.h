/* Port: the store keeps what the chat must still know after a restart.
 *
 *                open ──> append (one thread at a time)      ──> close
 *                    └──> history (any loop, concurrently) ──┘
 *
 * A back-end is a struct store_ops, found by name; store_sqlite is the embedded one. All of them
 * pass tests/contract/store_contract.c.
 *
 * Start calls: if one fails, its callback never runs; otherwise it runs exactly once, later, on the
 * executor that the caller gave.
 *
 * Messages of a room have the offsets 1, 2, 3 ... in the order in which they were appended, without
 * gaps; an id is stored once, and whoever appends it again gets the offset of the first time.
 *
 * Ownership: a page belongs to whoever it is handed to (free()); requests and their spans stay the
 * caller's and must live until the callback. */
// SPDX-License-Identifier: MIT
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "protocol/bytes.h"
#include "src/base/executor.h"
#include "src/base/message.h"

enum store_error {
    STORE_EBUSY = -1, /* too many reads are waiting: try again later */
    STORE_EIO = -2,   /* the back-end failed; nothing of this call is stored */
    STORE_EFULL = -3, /* no space left; nothing of this call is stored */
};

const char *store_strerror(int error);

enum {
    STORE_PAGE_MAX = 1000, /* messages in one page */
};

struct store_options {
    const char *path;        /* store_sqlite: the database file; created if missing */
    unsigned readers;        /* threads that serve reads; 0: 2 */
    unsigned read_queue_max; /* reads that may wait; 0: 4096 */
    /* Told one line about each failure while the store is open, on a thread of the store or on the
     * one that called append; may be NULL. */
    void (*on_problem)(void *arg, const char *line);
    void *on_problem_arg;
};

/* A read under way; fill the first part, the store fills the second. */
struct store_history {
    struct span room;
    uint64_t before;  /* messages with a smaller offset; 0: from the newest */
    unsigned limit;   /* 1 .. STORE_PAGE_MAX */
    size_t bytes_max; /* ends the page once it holds that much, with a message at least; 0: none */
    void (*on_done)(struct store_history *request);

    int error;                 /* 0 or enum store_error */
    struct message_page *page; /* newest first, never NULL unless error; on_done takes it over */

    struct executor *executor; /* for the store */
    struct task task;
    struct store_history *next;
};

struct store {
    const struct store_ops *ops;
};

struct store_ops {
    const char *name;
    /* Opens, creating or migrating what is there. Returns NULL and one line in *why (cleared first)
     * that names the place and the cause. Blocks; any thread. */
    struct store *(*open)(const struct store_options *options, struct bytes *why);
    /* Stores all messages durably in the order given, or none, and fills offset in each. Returns 0
     * or an enum store_error. Blocks; any thread, but one at a time. After a failure the store
     * stays usable. */
    int (*append)(struct store *store, struct message *const *messages, size_t count);
    /* Starts reading a page of a room that sees at least what was appended before this call.
     * Returns 0 or STORE_EBUSY. On the executor's own thread; requests finish in any order. */
    int (*history)(struct store *store, struct executor *executor, struct store_history *request);
    /* Finishes the reads that were started, posts their callbacks, frees the store. Blocks; no
     * other call may be under way or follow. */
    void (*close)(struct store *store);
};

extern const struct store_ops store_sqlite;

/* The back-end of that name, or NULL. */
const struct store_ops *store_ops_by_name(const char *name);

MUST_USE static inline int store_append(struct store *store, struct message *const *messages,
                                        size_t count)
{
    return store->ops->append(store, messages, count);
}

MUST_USE static inline int store_history(struct store *store, struct executor *executor,
                                         struct store_history *request)
{
    return store->ops->history(store, executor, request);
}

/* NULL is harmless. */
static inline void store_close(struct store *store)
{
    if (store != NULL) {
        store->ops->close(store);
    }
}

#endif
