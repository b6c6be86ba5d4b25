/* Port: the journal takes each message before it is acknowledged and makes it durable.
 *
 *   loop: append ──> queue ──> sink (or broker) ──> one task per loop and batch ──> op->on_done
 *
 * A back-end is a struct journal_ops, found by name:
 *   direct   writes to a sink (the store) in group commits: everything that arrived while the last
 *            batch was written goes into the next
 *   none     acknowledges without keeping anything
 * All of them pass tests/contract/journal_contract.c.
 *
 * If append fails, op->on_done never runs; otherwise it runs exactly once, later, on the executor
 * that the caller gave. When it reports no error the message is durable (not with `none`) and
 * op->message.offset is its place in the room. Offsets grow within a room in the order of appends
 * from one thread, and completions of a room reach a loop in the order of their offsets. Appending
 * an id again gives the offset of the first time.
 *
 * After an error the message may or may not come to be stored; the sender may repeat it under the
 * same id.
 *
 * Ownership: the op is embedded in something of the caller's, and it and the bytes that the
 * message's spans point to must live until on_done, which may free them. */
// SPDX-License-Identifier: MIT
#ifndef JOURNAL_JOURNAL_H
#define JOURNAL_JOURNAL_H

#include "protocol/bytes.h"
#include "src/base/executor.h"
#include "src/base/message.h"

enum journal_error {
    JOURNAL_EBUSY = -1, /* the queue is at its limit: try again later */
    JOURNAL_ESINK = -2, /* the store or broker behind the journal failed */
};

const char *journal_strerror(int error);

/* An append under way. The caller sets on_done; append fills the rest. */
struct journal_append {
    void (*on_done)(struct journal_append *op);
    int error; /* 0 or JOURNAL_ESINK */
    struct message message;

    struct executor *executor; /* for the journal */
    struct journal_append *next;
    union {
        struct task task;
        struct turn_hook hook;
    };
};

/* Where `direct` writes to. Stores all messages durably or none, sets offset in each; 0 or a
 * negative error. Blocks; called on the journal's own thread. */
struct journal_sink {
    int (*write)(void *arg, struct message *const *messages, size_t count);
    void *arg;
};

struct journal_options {
    struct journal_sink sink;
    size_t queue_messages_max; /* waiting and under way; 0: 65,536 */
    size_t queue_bytes_max;    /* of the same, message_bytes; 0: 64 MiB */
    size_t batch_max;          /* messages in one write; 0: 1024 */
};

struct journal {
    const struct journal_ops *ops;
};

struct journal_ops {
    const char *name;
    /* Any thread. */
    struct journal *(*open)(const struct journal_options *options);
    /* Starts an append. Copies *message, not what it points to. Returns 0 or JOURNAL_EBUSY. On the
     * executor's own thread; never blocks on the sink. */
    int (*append)(struct journal *journal, const struct message *message, struct executor *executor,
                  struct journal_append *op);
    /* Writes what is queued, posts the callbacks, frees the journal. Blocks; no other call may be
     * under way or follow. The executors must outlive it and run what they were posted. */
    void (*close)(struct journal *journal);
};

extern const struct journal_ops journal_direct, journal_none;

/* The back-end of that name, or NULL. */
const struct journal_ops *journal_ops_by_name(const char *name);

MUST_USE static inline int journal_append(struct journal *journal, const struct message *message,
                                          struct executor *executor, struct journal_append *op)
{
    return journal->ops->append(journal, message, executor, op);
}

/* NULL is harmless. */
static inline void journal_close(struct journal *journal)
{
    if (journal != NULL) {
        journal->ops->close(journal);
    }
}

#endif
