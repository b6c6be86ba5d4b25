/* Direct: the one-to-one messages of dialect 3.
 *
 * Its sockets are in rooms of the chat's own, whose names clients cannot give: all of them in the
 * lobby, where comings and goings are announced, and each in the room of its user, to which what
 * is sent to him goes. So a direct message has a home, an order and a place in the journal like any
 * other; and who comes back gets what he missed as who joins a room does (join.c).
 *
 *     sent ──(a socket of the recipient is here, or joins)──> delivered ──(mark_read)──> read
 *
 * A registered user is known by his id: a name that is his is looked up, so that what is sent to
 * either comes in one order; where tokens are required a name that is another's id counts as that.
 * Whom no token names is in a room of his id, in one of his name, and in that of the registered
 * user who has his name (arrive.c).
 *
 * What is given to a recipient is marked in the store a moment later. Until that is done nobody
 * else reads what he has not got yet (struct delivery), so that he does not get it twice. If he is
 * gone before he has it, it stays undelivered.
 *
 * Threads: as said with each. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_DIRECT_H
#define CHAT_DIRECT_H

#include "src/chat/chat_loop.h"

#define DIRECT_LOBBY SPAN("\x01lobby")

/* The room of a user, by his id or name. */
struct user_room {
    char name[2 + NAME_BYTES_MAX];
};

/* Its name, which lies in *room. */
struct span direct_room_name(struct user_room *room, struct span user);

static inline struct span direct_room_user(struct span room)
{
    return span_skip(room, 2);
}

/* What messages to him may be addressed to: his id, his name, the id of the owner of that name,
 * each once. The texts are the person's. On his socket's loop. */
enum { ADDRESSES_MAX = 3 };
size_t direct_addresses(const struct person *person, struct span out[ADDRESSES_MAX]);

/* A socket has entered a room: if that is the lobby, it goes on into its user's. On its loop. */
void direct_entered(struct chat_loop *cl, struct rookery_socket *s, struct span room);

/* A socket that was in the lobby comes back (comeback.h): the same way again, without a word to it
 * unless that ends. Who cannot arrive is in none of these rooms afterwards. On its loop. */
void direct_come_back(struct chat_loop *cl, struct rookery_socket *s);
void direct_stay_out(struct chat_loop *cl, struct rookery_socket *s);

/* He has got a page of what was sent to him while he was away: reads the next, unless the room is
 * his no more. On the socket's loop. */
struct past;
void direct_go_on(struct chat_loop *cl, struct rookery_socket *s, const struct past *past);

/* The message is durable: gives it to the sockets of its recipient and its sender, and with a note
 * (NULL: no) to those on other nodes. On the home of the recipient's room; sets m->state. */
struct note;
void direct_deliver(struct chat_room *room, struct message *m, const struct note *note);

/* Another node has said that a message was delivered or read (FACT_DIRECT). On the home of the room
 * of its recipient. */
struct fact;
void direct_take_state(struct chat_loop *home, const struct fact *f);

/* The user of that room has arrived at another node: it is told what was not delivered to him yet.
 * On the room's home. */
void direct_forward(struct chat_loop *home, struct span room);

/* Messages that are being given to a recipient. */
struct delivery;

/* On the home of his room, which stays until the delivery ends. */
struct delivery *delivery_begin(struct chat_room *room);
/* This one is given to him now; sets m->state. On the loop that cl is, as the next. */
void delivery_add(struct delivery *d, struct chat_loop *cl, struct message *m);
/* Those were all. */
void delivery_end(struct delivery *d, struct chat_loop *cl);

#endif
