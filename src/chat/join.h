/* Join: the way of a socket into a room; join.c says how nothing is missed. Threads: the socket's
 * loop. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_JOIN_H
#define CHAT_JOIN_H

#include "src/chat/chat_loop.h"
#include "src/chat/past.h"

struct join_request {
    struct span room;
    enum past_kind past;
    uint64_t after;      /* PAST_CHANGES, PAST_DIRECTS */
    struct span user;    /* PAST_DIRECTS */
    struct span sent_at; /* JSON text, or empty */
    bool comes_back; /* the socket has the Socket.IO room from the session that it comes back to:
                        it is told nothing, but why it is refused. With PAST_NONE */
};

/* Starts it, copying what is in the request; answers reply, and takes it over. */
void join_begin(struct chat_loop *cl, const struct join_request *request, struct chat_reply *reply);

/* Cancels the joinings of that socket that are under way, into the room or (empty) into all: they
 * will be refused with *why. Calls fn (may be NULL) for each room. */
void join_cancel(struct chat_loop *cl, const struct rookery_socket *s, struct span room,
                 const struct refusal *why, void (*fn)(struct span room, void *arg), void *arg);

/* How many are under way for it into rooms that it is not in yet. */
unsigned join_count(const struct chat_loop *cl, const struct rookery_socket *s);

/* Refuses the event: the socket is, or would be, in too many rooms. */
void join_refuse_count(const struct chat_call *call);

#endif
