/* Chat loop: what the files of this folder share: the chat's part on each loop, and how an event is
 * answered.
 *
 * A room has a home loop, by its hash. With a journal all its messages are appended, and once
 * durable broadcast, by that loop, so that they leave in one order; joins with a history go over it
 * too (join.c says why).
 *
 * Threads: a chat loop is used on its own loop only. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_CHAT_LOOP_H
#define CHAT_CHAT_LOOP_H

#include "src/base/ids.h"
#include "src/chat/chat.h"
#include "src/chat/payload.h"
#include "src/chat/person.h"
#include "src/chat/policy.h"
#include "src/chat/traffic.h"

struct chat_loop {
    struct chat *chat;
    struct executor *executor;
    struct rookery_loop *loop;
    struct id_source ids;
    struct bytes out;                 /* JSON that is being sent */
    struct bytes room, user_id, type; /* fields of an event that had to be decoded */
    struct traffic traffic;           /* of the rooms whose home is here */
    struct list joinings;             /* under way for sockets of this loop */
};

struct chat {
    struct rookery_namespace *nsp;
    struct journal *journal;
    struct store *store;
    uint64_t hash_secret[2];
    unsigned loop_count;
    struct chat_loop loops[];
};

static inline struct chat_loop *chat_loop_of(struct chat *chat, const struct rookery_socket *s)
{
    return &chat->loops[rookery_loop_index(rookery_socket_loop(s))];
}

static inline struct chat_loop *chat_home_of(struct chat *chat, uint64_t room_hash)
{
    return &chat->loops[room_hash % chat->loop_count];
}

static inline struct identity chat_identity(const struct rookery_socket *s)
{
    struct rookery_str id = rookery_socket_id(s);
    return person_identity(rookery_socket_data(s), span_of(id.data, id.len));
}

/* Sends what is in out to everybody in the room. */
void chat_broadcast(struct chat_loop *cl, struct rookery_str event, struct span room);

/* Sends what is in out to that socket alone. */
void chat_emit(struct chat_loop *cl, struct rookery_socket *s, struct rookery_str event);

/* Says no: by the answer if the client wants one, else by the event `error`. */
void chat_refuse(struct chat_loop *cl, struct rookery_socket *s, const struct rookery_event *e,
                 const struct refusal *r);

/* The same for an answer taken earlier; ack may be NULL and is given up. */
void chat_refuse_later(struct chat_loop *cl, struct rookery_socket *s, struct rookery_ack *ack,
                       const struct refusal *r);

/* Finds the room that an event is about; its text is borrowed from event and cl. NULL, or why not.
 */
MUST_USE const struct refusal *chat_read_room(struct chat_loop *cl, const struct payload *p,
                                              struct span *room);

/* Handlers; arg is the chat. */
void chat_on_send(struct rookery_socket *s, const struct rookery_event *e, void *arg);
void chat_on_join(struct rookery_socket *s, const struct rookery_event *e, void *arg);
void chat_on_leave(struct rookery_socket *s, const struct rookery_event *e, void *arg);

#endif
