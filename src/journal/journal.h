/* Port: the journal takes each message before it is acknowledged and makes it durable.
 *
 *   loop: append ──> queue ──> sink or broker ──> one task per loop and batch ──> op->on_done
 *   broker ──> what anybody appended, in the order of the log ──> listener
 *
 * A back-end is a struct journal_ops, found by name:
 *   direct    writes to a sink (the store) in group commits: everything that arrived while the last
 *             batch was written goes into the next
 *   none      acknowledges without keeping anything
 *   kafka     a topic; messages are acknowledged once all in-sync replicas have them, and each node
 *             follows what all of them append
 *   rabbitmq  an exchange; messages are acknowledged once the broker confirms them
 * All of them pass tests/contract/journal_contract.c.
 *
 * If append fails, op->on_done never runs; otherwise it runs exactly once, later, on the executor
 * that the caller gave. When it reports no error the message is durable (not with `none`) and
 * op->message.offset is its place in the room (0 with `none` and `rabbitmq`, which know none).
 * Places grow within a room in the order of appends from one thread, and completions of a room
 * reach a loop in the order of their places. Appending an id again, of those that were appended
 * lately through this node, completes as MESSAGE_REPEATED with the place and the time of the first:
 * at once, or with that one if it is under way. What the log shows to have been appended through
 * another node counts likewise.
 *
 * Where places come from:
 *   direct    the sink: 1, 2, 3 ... in each room
 *   kafka     a room is a part of one partition of the topic; its records' places are those of the
 *             partition (feed.h), with holes between them
 *
 * Kafka and RabbitMQ keep a log and know nothing of what is stored (ops->blind): whether an edit or
 * a deletion finds its message, and whose that is, the caller has to see before he appends it; its
 * fate is MESSAGE_STORED. With `said` he tells the place of the message that is meant.
 *
 * Following (ops->listen): all nodes see one log, and each tells its members what happened in its
 * order. A completion with op->in_turn is the next in that order. One without is not: other nodes'
 * records come first, and it comes to the listener among them. So what is appended is told exactly
 * once, either by a completion in turn or by the listener. An id that comes again, from whichever
 * node, is not told again if it was seen lately.
 *
 * After an error the message may or may not come to be stored; the sender may repeat it under the
 * same id. Only after JOURNAL_ESIZE it is not, and repeating it is of no use.
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
    JOURNAL_EAWAY = -3, /* the broker has been away for too long; try again later */
    JOURNAL_ESIZE = -4, /* larger than what the store or broker ever takes: it is not stored */
};

const char *journal_strerror(int error);

/* An append under way. The caller sets on_done; append fills the rest. */
struct journal_append {
    void (*on_done)(struct journal_append *op);
    int error; /* 0, JOURNAL_ESINK or JOURNAL_ESIZE */
    bool in_turn;
    struct message message;

    struct executor *executor; /* for the journal, as the rest */
    struct journal_append *next;
    union {
        struct task task;
        struct turn_hook hook;
    };
};

/* Where `direct` writes to. Stores all messages durably or none, sets offset in each; 0 or a
 * negative error, then with the fate MESSAGE_INVALID in those that it can never keep. Blocks;
 * called on the journal's own thread. */
struct journal_sink {
    int (*write)(void *arg, struct message *const *messages, size_t count);
    void *arg;
};

/* Who is told what the log holds, in its order; all on the executor of the options. */
struct journal_listener {
    /* One record, which is lent for the call, with its place. */
    void (*on_record)(void *arg, const struct message *m);
    /* The log has lost records that nobody here was told of, by its retention: what is known of
     * rooms ends before what comes now. */
    void (*on_gap)(void *arg);
    void *arg;
};

/* A question for where the log is. */
struct journal_fence {
    void (*on_done)(struct journal_fence *fence);
    struct span room;
    uint64_t until; /* waits until the log has come to that place; 0: answers at once */

    bool late;      /* the log has not come to `until` within some seconds */
    uint64_t place; /* of the room no record with this place or a smaller one is to be told any
                       more: those of this executor have been posted to it before the answer */

    struct executor *executor; /* for the journal, as the rest */
    struct task task;
    struct journal_fence *next;
};

/* What is told beside the messages, to whoever reads those topics; best effort. */
enum journal_side { JOURNAL_PRESENCE, JOURNAL_PUSH };

struct journal_kafka_options;
struct journal_rabbitmq_options;

struct journal_options {
    struct journal_sink sink;  /* direct */
    size_t queue_messages_max; /* waiting and under way; 0: 65,536 */
    size_t queue_bytes_max;    /* of the same, message_bytes; 0: 64 MiB */
    size_t batch_max;          /* direct: messages in one write; 0: 1024 */

    struct executor
        *executor; /* kafka, rabbitmq: where their events come in; it need not run yet */
    const struct journal_kafka_options *kafka;
    const struct journal_rabbitmq_options *rabbitmq;
    /* The broker went away, or is back: on the executor. line tells of what happened, for the log,
     * and may come again in the same state. May be NULL. */
    void (*on_state)(void *arg, bool is_up, const char *line);
    void *on_state_arg;
};

/* For metrics; any thread. */
struct journal_figures {
    size_t queue_messages, queue_bytes; /* appended and not completed */
    uint64_t refused;                   /* appends, because of a queue at its limit */
    uint64_t refused_away;              /* or of a broker that is away */
    uint64_t failed;                    /* appends that completed with an error */
    uint64_t repeated;                  /* records that were not told again */
    uint64_t malformed;                 /* records that nobody can read */
    uint64_t gaps;
    uint64_t side_lost; /* of what is told beside the messages */
    bool is_up;
};

struct journal {
    const struct journal_ops *ops;
};

struct journal_ops {
    const char *name;
    bool blind;
    /* Any thread; blocks until the broker has been asked what is needed. Returns NULL and one line
     * in *why (cleared first) that names the place and the cause. */
    struct journal *(*open)(const struct journal_options *options, struct bytes *why);
    /* Starts an append. Copies *message, not what it points to. Returns 0 or an enum journal_error.
     * On the executor's own thread; never blocks on sink or broker. */
    int (*append)(struct journal *journal, const struct message *message, struct executor *executor,
                  struct journal_append *op);
    /* Before the executor runs, at most once; NULL: the back-end does not follow. */
    void (*listen)(struct journal *journal, const struct journal_listener *listener);
    /* Starts a question; room, until and on_done are set. NULL where there is no listen. On the
     * executor's own thread. */
    void (*fence)(struct journal *journal, struct executor *executor, struct journal_fence *fence);
    /* Where the log is for a room: the greatest place of its partition up to which records have
     * been told, or of which an append has completed; before anybody hears of it. NULL where there
     * is no listen. Any thread. */
    uint64_t (*place)(struct journal *journal, struct span room, unsigned *partition);
    /* Sends a JSON object to those who read a side topic; key and value are copied. What finds no
     * place is dropped and counted. NULL: nobody reads those. Any thread. */
    void (*tell)(struct journal *journal, enum journal_side side, struct span key,
                 struct span value);
    /* NULL: all are 0. */
    void (*figures)(struct journal *journal, struct journal_figures *figures);
    /* Writes what is queued, posts the callbacks, frees the journal. Blocks, with a broker that is
     * away for no longer than its time limit; no other call may be under way or follow. The
     * executors must outlive it and run what they were posted. */
    void (*close)(struct journal *journal);
};

extern const struct journal_ops journal_direct, journal_none, journal_kafka, journal_rabbitmq;

/* The back-end of that name, or NULL. */
const struct journal_ops *journal_ops_by_name(const char *name);

MUST_USE static inline int journal_append(struct journal *journal, const struct message *message,
                                          struct executor *executor, struct journal_append *op)
{
    return journal->ops->append(journal, message, executor, op);
}

/* Is what others append told here too? */
static inline bool journal_follows(const struct journal *journal)
{
    return journal->ops->listen != NULL;
}

/* NULL is harmless. */
static inline void journal_close(struct journal *journal)
{
    if (journal != NULL) {
        journal->ops->close(journal);
    }
}

#endif
