/* Chat loop: what the files of this folder share: the chat's part on each loop, and how an event is
 * answered.
 *
 * A room has a home loop, by its name's hash (room.h). Whatever changes a room goes there, so that
 * it happens in one order: messages are appended and, once durable, broadcast by that loop, and
 * members come and go through it (join.c, send.c).
 *
 * Threads: a chat loop is used on its own loop only. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_CHAT_LOOP_H
#define CHAT_CHAT_LOOP_H

#include "src/base/ids.h"
#include "src/base/stats.h"
#include "src/chat/chat.h"
#include "src/chat/dialect.h"
#include "src/chat/room.h"

struct chat_loop {
    struct chat *chat;
    struct executor *executor;
    struct rookery_loop *loop;
    struct stats *stats; /* NULL: nothing is counted */
    struct chat_limits limits;
    struct id_source ids;
    struct bytes out;               /* JSON that is being sent */
    struct bytes note;              /* to other nodes, likewise */
    struct dialect_scratch scratch; /* of the event that is being handled */
    struct chat_rooms rooms;        /* whose home is here */
    struct map pending;             /* see pending.h */
    struct map typists;             /* see typing.h */
    struct map expiries;            /* of tokens, by socket */
    struct recent *recent;          /* of other nodes' messages; NULL: none yet */
    struct gossip *gossip;          /* for other nodes; NULL: none yet */
    struct list inquests;           /* see inquest.h */
    unsigned inquest_count;
    struct memberships *memberships; /* of rooms whose home is here; see membership.h */
};

struct chat {
    struct rookery *io;
    struct rookery_namespace *nsp;
    struct journal *journal;
    struct store *store;
    bool store_is_shared;
    struct chat_watcher watcher;
    struct following *following; /* NULL: the journal does not follow */
    struct dedup *dedup;         /* NULL: the journal knows enough, or no other node does */
    struct auth *auth;
    bool auth_required;
    bool stopped; /* see chat_stop */
    bool recovery_trusts;
    unsigned recovery_ms;                          /* 0: off; see comeback.h, as the next */
    _Atomic uint64_t away_until_ms[DIALECT_COUNT]; /* sockets that speak it may come back */
    const char *service_id;
    struct crew *crew; /* see crew.h */
    uint64_t hash_secret[2];
    struct limiter *limiter;
    atomic_uint sockets; /* connected, on all loops */
    atomic_uint rooms;   /* of clients, that somebody is in, likewise */
    unsigned loop_count;
    struct chat_loop loops[];
};

static inline struct chat_loop *chat_loop_of(struct chat *chat, const struct rookery_socket *s)
{
    return &chat->loops[rookery_loop_index(rookery_socket_loop(s))];
}

static inline struct chat_loop *chat_home_of(struct chat *chat, struct span room)
{
    return &chat->loops[map_hash(chat->hash_secret, room) % chat->loop_count];
}

/* Is this server one of several? */
static inline bool chat_is_clustered(const struct chat *chat)
{
    return rookery_node_id(chat->io).len > 0;
}

/* Have all nodes one store? Then what another node says is in it already, or comes into it by that
 * node: it is told and not appended again. */
static inline bool chat_store_is_shared(const struct chat *chat)
{
    return chat->store_is_shared;
}

/* Does the journal tell what all nodes append? See following.h. */
static inline bool chat_follows(const struct chat *chat)
{
    return chat->following != NULL;
}

/* Says what is next in the log to whoever watches it. */
static inline void chat_watched(const struct chat *chat, const struct message *m, uint64_t place)
{
    if (!chat->stopped && chat->watcher.on_record != NULL && m->action != MESSAGE_MARK) {
        chat->watcher.on_record(chat->watcher.arg, m->room, place);
    }
}

/* The store, or NULL: there is none, or it is not to be asked any more. */
static inline struct store *chat_store(const struct chat *chat)
{
    return chat->stopped ? NULL : chat->store;
}

/* The person of a socket; one named by the socket's id is made if nobody is known yet. */
struct person *chat_person(struct rookery_socket *s);

/* An event that is being handled. */
struct chat_call {
    struct chat_loop *cl;
    struct rookery_socket *socket;
    const struct rookery_event *event;
    const struct command *command;
};

/* The right to answer an event later, or to say why not; on the socket's loop. */
struct chat_reply {
    struct rookery_socket *socket; /* held */
    struct rookery_ack *ack;       /* NULL when no answer is wanted, or it is given */
    uint8_t kind, dialect;         /* of the command */
};

struct chat_reply chat_reply_take(const struct chat_call *call);
/* Answers with the one JSON value in cl->out. */
void chat_reply_send(struct chat_loop *cl, struct chat_reply *reply);
/* {"ok":true} */
void chat_reply_done(struct chat_loop *cl, struct chat_reply *reply);
/* By the answer if one is wanted, else in the words of the dialect. */
void chat_reply_refuse(struct chat_loop *cl, struct chat_reply *reply, const struct refusal *r);
/* Gives up what is left of it; the socket is let go. */
void chat_reply_finish(struct chat_reply *reply);

/* The same three within the event's handler. */
void chat_answer(const struct chat_call *call);
void chat_answer_done(const struct chat_call *call);
void chat_refuse(const struct chat_call *call, const struct refusal *r);

/* One more of those. */
static inline void chat_count(struct chat_loop *cl, enum stat_id which)
{
    if (cl->stats != NULL) {
        stats_add(cl->stats, which, 1);
    }
}

/* Notes that something is refused: all refusals come by here, and the three above do by themselves.
 */
void chat_count_refusal(struct chat_loop *cl, const struct refusal *r);

/* What a failed call of the store is to the client. */
const struct refusal *chat_store_refusal(int error);

/* Tells one socket, if its dialect has words for it. */
void chat_tell(struct chat_loop *cl, struct rookery_socket *s, enum dialect_id dialect,
               const struct notice *n);

/* Runs fn(task) on the loop `to`: at once if that is cl. */
void chat_go(struct chat_loop *cl, struct chat_loop *to, struct task *task,
             void (*fn)(struct task *task));

/* What handles each kind of command. */
typedef void (*chat_command_fn)(const struct chat_call *call);
void chat_on_join(const struct chat_call *call);
void chat_on_leave(const struct chat_call *call);
void chat_on_send(const struct chat_call *call);
void chat_on_edit(const struct chat_call *call);
void chat_on_delete(const struct chat_call *call);
void chat_on_read(const struct chat_call *call);
void chat_on_typing(const struct chat_call *call);
void chat_on_typing_stop(const struct chat_call *call);
void chat_on_presence(const struct chat_call *call);
void chat_on_arrive(const struct chat_call *call);
void chat_on_send_direct(const struct chat_call *call);
void chat_on_read_direct(const struct chat_call *call);
void chat_on_typing_direct(const struct chat_call *call);
void chat_on_history(const struct chat_call *call);
void chat_on_search(const struct chat_call *call);
void chat_on_list_rooms(const struct chat_call *call);
void chat_on_create_room(const struct chat_call *call);
void chat_on_members(const struct chat_call *call);

#endif
