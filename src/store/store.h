/* Port: the store keeps what the chat must still know after a restart.
 *
 *                open ──> append (one thread at a time)           ──> close
 *                    └──> the other calls (any loop, concurrently) ──┘
 *
 * A back-end is a struct store_ops, found by name; store_sqlite is the embedded one, store_mongo
 * and store_postgres are shared by all nodes of a cluster. All of them
 * pass tests/contract/store_contract.c.
 *
 * Calls: each has a struct that embeds struct store_call, and a function of the same name that
 * starts it. The caller zeroes it, fills the first part and call.on_done; the store fills what
 * stands after the blank line. A start returns 0 or STORE_EBUSY (as it does without a store), and
 * then the callback never runs; otherwise it runs exactly once, later, on the executor given.
 * Started on that executor's own thread. Calls finish in any order, but writes take effect in the
 * order in which they were started by one thread.
 *   reads    see at least what was appended, or reported as written, before the call
 *   writes   are durable when the callback reports no error
 *
 * A room's log: saying, editing and deleting take the offsets 1, 2, 3 ... in the order in which
 * they were appended, without gaps. An id is stored once, and whoever says it again gets the offset
 * of the first time. A deleted message keeps its place, without its content. See message.h.
 *
 * A log that a journal keeps (journal.h) is written to the store by persist/persister: its messages
 * have their places already (message.placed), which grow within a room, and come again after a
 * crash. What the store has had it knows by the id, of an edit or deletion by the place.
 *
 * Ownership: requests and what their spans point to stay the caller's and must live until the
 * callback. Results (pages, a user) are one allocation each, NULL in case of an error; on_done
 * takes them over and frees them with free(). */
// SPDX-License-Identifier: MIT
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "protocol/bytes.h"
#include "src/base/executor.h"
#include "src/base/message.h"

enum store_error {
    STORE_EBUSY = -1,            /* too many calls are waiting: try again later */
    STORE_EIO = -2,              /* the back-end failed; nothing of this call is stored */
    STORE_EFULL = -3,            /* no space left; nothing of this call is stored */
    STORE_EEXISTS = -4,          /* there is one already: a room of that name, a user of that id */
    STORE_EEXISTS_EMAIL = -5,    /* another user has this address */
    STORE_EEXISTS_USERNAME = -6, /* another user has chosen this name */
    STORE_EMISSING = -7,         /* what is to be changed is not there */
    STORE_ETOOMANY = -8,         /* there are as many already as may be */
    STORE_ERANGE = -9,           /* a number of the read is not within its bounds */
    STORE_EINVALID = -10,        /* the back-end cannot keep such a message, now or ever */
};

const char *store_strerror(int error);

enum {
    STORE_PAGE_MAX = 1000,        /* entries of one page */
    STORE_UNREAD_MAX = 100,       /* messages looked at for an unread count */
    STORE_WORDS_MAX = 16,         /* words of a search; further ones are ignored */
    STORE_QUERY_BYTES_MAX = 1024, /* bytes of a search; further ones are ignored */
    STORE_PREFIX_BYTES_MIN = 3,   /* of a beginning: shorter ones are those of half of all words */
};

struct store_options {
    const char *path;        /* store_sqlite: the database file; created if missing */
    const char *url;         /* store_mongo, store_postgres: of the server, with the database */
    const char *replica_url; /* store_postgres: where histories are read; NULL: at url too */
    bool *replica_fails; /* set when it is that one which keeps the store from opening, or NULL */
    unsigned timeout_ms; /* of those: for one call, and for reaching the server; 0: 5000 */
    unsigned readers;    /* threads for reads other than lists and searches; 0: 2 */
    unsigned read_queue_max;  /* reads that may wait; 0: 4096 */
    unsigned write_queue_max; /* writes other than appends that may wait; 0: 4096 */
    /* Told one line about each failure while the store is open, on a thread of the store or on the
     * one that called append; writing: an append or another write has failed, and not only a read
     * or something in the background. May be NULL. */
    void (*on_problem)(void *arg, const char *line, bool writing);
    void *on_problem_arg;
};

struct store {
    const struct store_ops *ops;
};

/* Which call it is, for back-ends: the writes come last. */
enum store_op {
    STORE_HISTORY,
    STORE_CHANGES,
    STORE_FIND,
    STORE_SEARCH,
    STORE_ROOMS,
    STORE_ROOM_GET,
    STORE_READS,
    STORE_USER_GET,
    STORE_DIRECTS,
    STORE_POSITIONS,
    STORE_ROOM_PUT,
    STORE_WRITES = STORE_ROOM_PUT,
    STORE_MEMBER_PUT,
    STORE_READ_MARK,
    STORE_USER_ADD,
    STORE_USER_PASSWORD,
    STORE_DIRECT_STATE,
};
enum { STORE_OPS = STORE_DIRECT_STATE + 1 };

/* A call under way. The caller sets on_done. */
struct store_call {
    void (*on_done)(struct store_call *call);

    int error; /* 0 or enum store_error */

    struct executor *executor; /* for the store */
    struct task task;
    struct store_call *next;
    enum store_op op;

    struct store_watch *watch; /* for store_watch.c */
    void (*on_watched)(struct store_call *call);
    uint64_t began_us;
};

/* ---- messages ---- */

/* A page of a room's messages by offset. At most one of before, after, around is set:
 *   none      the newest, newest first; with from_start the oldest, oldest first
 *   before    those with a smaller offset, newest first
 *   after     those with a greater one, oldest first
 *   around    half the page before that offset and half from it on, oldest first */
struct store_history {
    struct store_call call;
    struct span room;
    uint64_t before, after, around;
    bool from_start;
    bool with_deleted; /* else deleted messages are left out */
    unsigned limit;    /* 1 .. STORE_PAGE_MAX */
    size_t bytes_max;  /* ends the page once it holds that much, with a message at least; 0: none */

    struct message_page *page;
    bool more;        /* there are further ones behind its last; with around: newer ones */
    bool more_before; /* with around: there are older ones */
};

/* What happened in a room after an offset, for whoever knows it up to there. In the order of the
 * offsets at which it happened:
 *   MESSAGE_SAY              said after it (offset), with its present content
 *   MESSAGE_EDIT, _DELETE    said before it, and edited or deleted after it (changed)
 * What was said after it and is deleted by now is left out. To go on, `after` is that offset of the
 * last entry. */
struct store_changes {
    struct store_call call;
    struct span room;
    uint64_t after;
    unsigned limit;   /* 1 .. STORE_PAGE_MAX */
    size_t bytes_max; /* as in store_history */

    struct message_page *page;
    bool more;
    uint64_t newest; /* offset of the room's latest; 0: nothing happened yet */
};

/* The message of that id, deleted or not. */
struct store_find {
    struct store_call call;
    struct span id;

    struct message_page *page; /* 0 or 1 message */
};

/* Messages that contain all words of the query, the last of them, if it is long enough, perhaps
 * only as a beginning; without regard to case or accents; newest first. The query is text and knows
 * no operators. What was appended a moment ago may be missing: it is found within about a second.
 */
struct store_search {
    struct store_call call;
    struct span query;
    struct span room;    /* empty: all */
    struct span user_id; /* whose direct messages are searched too; empty: nobody's */
    uint64_t before;     /* 0, or `next` of the page before */
    unsigned limit;      /* 1 .. STORE_PAGE_MAX */

    struct message_page *page; /* with `next` set it may be short, or empty */
    uint64_t next;             /* opaque; 0: that was all */
};

/* Direct messages to a user that are not yet delivered, oldest first. */
struct store_directs {
    struct store_call call;
    struct span user_id;
    unsigned limit;   /* 1 .. STORE_PAGE_MAX */
    size_t bytes_max; /* as in store_history */

    struct message_page *page;
    bool more;
};

/* A direct message was delivered to, or read by, its recipient; never goes back. */
struct store_direct_state {
    struct store_call call;
    struct span id;
    struct span user_id; /* of the recipient */
    enum message_state state;

    struct message_page *page; /* the message; none: there is no such message to this user */
    bool changed;              /* it had not come that far before */
};

/* ---- journals ---- */

enum { STORE_PARTITIONS_MAX = 256 };

/* What the store has of a journal's log, that is cut into partitions each of which counts its
 * records from 0. A record's place in its room is bases[partition] + its number + 1. */
struct store_log {
    struct span name;    /* "chat-messages" */
    unsigned partitions; /* 1 .. STORE_PARTITIONS_MAX */

    uint64_t bases[STORE_PARTITIONS_MAX];
    uint64_t positions[STORE_PARTITIONS_MAX]; /* records with smaller numbers are stored */
};

/* How far the store has come, as its readers see it: with a replica, as that one has it. */
struct store_positions {
    struct store_call call;
    struct span log;
    unsigned partitions;

    uint64_t positions[STORE_PARTITIONS_MAX]; /* 0 for what the store has never heard of */
};

/* ---- rooms ---- */

struct store_room {
    struct span name; /* as in struct message */
    struct span title;
    struct span created_by; /* user id */
    int64_t created_ms;
    uint64_t number; /* greater than that of any room that was there before */
    uint64_t newest; /* offset of the latest that happened; 0: nothing yet */
    uint64_t unread; /* of the STORE_UNREAD_MAX newest messages those after the user's read mark
                        that are not his own and not deleted; 0 if he neither is a member nor has
                        read it */
    bool made;       /* by room_put; else by its first message */
    bool joined;     /* the user is a member, by member_put */
};

struct store_room_page {
    size_t count;
    struct store_room rooms[];
};

enum store_rooms_which {
    STORE_ROOMS_ALL,
    STORE_ROOMS_MADE,   /* by room_put */
    STORE_ROOMS_JOINED, /* that the user is a member of */
};

/* Rooms in the order of their names as bytes; those of direct messages are never among them. */
struct store_rooms {
    struct store_call call;
    enum store_rooms_which which;
    struct span user_id;    /* for unread and joined; empty: nobody */
    struct span after_name; /* greater names only; data NULL: from the first */
    unsigned limit;         /* 1 .. STORE_PAGE_MAX */

    struct store_room_page *page;
    bool more;
};

struct store_room_get {
    struct store_call call;
    struct span room;
    struct span user_id; /* as in store_rooms */

    struct store_room_page *page; /* 0 or 1 room */
};

/* Makes a room. One that exists without having been made (by its first message) is no hindrance. */
struct store_room_put {
    struct store_call call;
    struct span room, title;
    struct span created_by; /* user id */
    int64_t created_ms;
    bool overwrite;     /* if it was made already; else STORE_EEXISTS */
    uint64_t rooms_max; /* STORE_ETOOMANY if as many were made; 0: any number may be */
};

/* A user becomes a member of a room or ceases to be one: membership that outlasts his connections.
 * Of a room that does not exist nothing is kept: one that is only joined takes no space. */
struct store_member_put {
    struct store_call call;
    struct span room, user_id;
    bool present;
};

/* A user has read a room up to an offset, or up to a message of it; never goes back. STORE_EMISSING
 * if there is no such room or message. */
struct store_read_mark {
    struct store_call call;
    struct span room, user_id;
    uint64_t offset;        /* no more than the room's newest counts; 0: message_id tells */
    struct span message_id; /* or empty */

    uint64_t read; /* his mark now */
    bool changed;  /* it had not come that far before */
};

/* A member of a room, or somebody who has read it. */
struct store_read {
    struct span user_id;
    uint64_t offset; /* read up to it; 0: nothing */
    bool joined;     /* a member, by member_put */
};

struct store_read_page {
    size_t count;
    struct store_read reads[];
};

/* Who is a member of a room or has read it, in the order of their ids as bytes. */
struct store_reads {
    struct store_call call;
    struct span room;
    struct span after_user; /* greater ids only; data NULL: from the first */
    unsigned limit;         /* 1 .. STORE_PAGE_MAX */

    struct store_read_page *page;
    bool more;
};

/* ---- users ---- */

struct store_user {
    struct span id;
    struct span username;
    struct span email;
    struct span password_hash;
    struct span display_name;
    int64_t created_ms;
    bool username_chosen;
};

enum store_user_by {
    STORE_BY_ID,
    STORE_BY_EMAIL,
    STORE_BY_USERNAME, /* a chosen one, in any case of ASCII letters */
};

struct store_user_get {
    struct store_call call;
    enum store_user_by by;
    struct span key;

    struct store_user *user; /* NULL: there is none */
};

/* Adds a user. E-mail addresses are compared as bytes, so the caller has trimmed and lower-cased
 * them. Names that users chose are unique; one that was only derived (from an address, say) need
 * not be, and nobody is found by it. */
struct store_user_add {
    struct store_call call;
    struct span id, username;
    struct span email; /* empty: none */
    struct span password_hash, display_name;
    int64_t created_ms;
    bool username_chosen;
    uint64_t users_max; /* STORE_ETOOMANY if there are as many; 0: any number may be */
};

/* STORE_EMISSING if there is no such user. */
struct store_user_password {
    struct store_call call;
    struct span id, password_hash;
};

/* ---- back-ends ---- */

struct store_ops {
    const char *name;
    /* Opens, creating or migrating what is there. Returns NULL and one line in *why (cleared first)
     * that names the place and the cause. Blocks; any thread. */
    struct store *(*open)(const struct store_options *options, struct bytes *why);
    /* Stores all messages durably in the order given, or none, and fills offset and fate in each;
     * `said` too of edits, deletions and marks: of a mark how far it means, at most the room's
     * newest, and its offset is 0. Either all of a batch are placed or none is.
     *
     * What is placed and comes again finds what it found the first time: a change or mark only
     * what was said before its own place. With placed ones a failure may have stored some, in any
     * order: they come again. Returns 0 or an enum store_error; STORE_EINVALID: one of them can
     * never be stored (another message has its place in the room, or that is above INT64_MAX),
     * fate tells which (MESSAGE_INVALID). Blocks; any thread, but one at a time. After a failure
     * the store stays usable. */
    int (*append)(struct store *store, struct message *const *messages, size_t count);
    /* Learns which places the records of a log have, durably; ends[i] is how many records partition
     * i has had. A partition that is new to the store begins at the greatest place that any room
     * has; one with fewer records than are stored of it was made anew, and goes on where it ended,
     * or there if that is greater (messages may be stored that it was not marked for). Whoever does
     * that a second time is told the same, on any node. Returns 0 or an enum store_error. Blocks;
     * any thread. */
    int (*adopt)(struct store *store, struct store_log *log, const uint64_t *ends);
    /* All records of the partition with numbers below `position` are stored: never goes back.
     * STORE_EMISSING: it was never adopted. As append: durable, blocks, any thread. */
    int (*mark)(struct store *store, struct span log, unsigned partition, uint64_t position);
    /* Starts a call, whose op, executor and next are set and error is 0. Returns 0 or
     * STORE_EBUSY. */
    int (*start)(struct store *store, struct store_call *call);
    /* Finishes the calls that were started, or once the store is away fails those that have not
     * begun with STORE_EIO; posts their callbacks, frees the store. Blocks; no other call may be
     * under way or follow. */
    void (*close)(struct store *store);
};

extern const struct store_ops store_mongo, store_postgres, store_sqlite;

/* The back-end of that name, or NULL. */
const struct store_ops *store_ops_by_name(const char *name);

MUST_USE static inline int store_append(struct store *store, struct message *const *messages,
                                        size_t count)
{
    return store->ops->append(store, messages, count);
}

MUST_USE static inline int store_adopt(struct store *store, struct store_log *log,
                                       const uint64_t *ends)
{
    return log->partitions >= 1 && log->partitions <= STORE_PARTITIONS_MAX
               ? store->ops->adopt(store, log, ends)
               : STORE_ERANGE;
}

MUST_USE static inline int store_mark(struct store *store, struct span log, unsigned partition,
                                      uint64_t position)
{
    return store->ops->mark(store, log, partition, position);
}

/* NULL is harmless. */
static inline void store_close(struct store *store)
{
    if (store != NULL) {
        store->ops->close(store);
    }
}

/* For back-ends: are the numbers of a read within their bounds? Callers check what peers send.
 * Should one forget it, a request fails with STORE_ERANGE, and not the process. */
bool store_call_is_in_range(const struct store_call *call);

/* ---- starting calls ---- */

MUST_USE static inline int store_start(struct store *store, struct executor *executor,
                                       struct store_call *call, enum store_op op)
{
    if (store == NULL) {
        return STORE_EBUSY;
    }
    call->op = op;
    call->executor = executor;
    call->next = NULL;
    call->error = 0;
    return store->ops->start(store, call);
}

#define STORE_CALL(name, op)                                                        \
    MUST_USE static inline int name(struct store *store, struct executor *executor, \
                                    struct name *request)                           \
    {                                                                               \
        return store_start(store, executor, &request->call, op);                    \
    }

STORE_CALL(store_history, STORE_HISTORY)
STORE_CALL(store_changes, STORE_CHANGES)
STORE_CALL(store_find, STORE_FIND)
STORE_CALL(store_search, STORE_SEARCH)
STORE_CALL(store_directs, STORE_DIRECTS)
STORE_CALL(store_positions, STORE_POSITIONS)
STORE_CALL(store_direct_state, STORE_DIRECT_STATE)
STORE_CALL(store_rooms, STORE_ROOMS)
STORE_CALL(store_room_get, STORE_ROOM_GET)
STORE_CALL(store_room_put, STORE_ROOM_PUT)
STORE_CALL(store_member_put, STORE_MEMBER_PUT)
STORE_CALL(store_read_mark, STORE_READ_MARK)
STORE_CALL(store_reads, STORE_READS)
STORE_CALL(store_user_get, STORE_USER_GET)
STORE_CALL(store_user_add, STORE_USER_ADD)
STORE_CALL(store_user_password, STORE_USER_PASSWORD)

#undef STORE_CALL

#endif
