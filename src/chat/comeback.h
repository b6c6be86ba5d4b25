/* Comeback: sockets whose clients come back to the session that they had (rookery_recovery). Such a
 * socket has its Socket.IO rooms from the beginning, with the dialects that are their tags, and has
 * been given what it missed; what the chat itself knew of it has ended with its connection.
 *
 *   disconnecting: who it is goes into its info ──> out of the rosters, announced
 *       away: what is said is written in the words of its dialects too, though nobody hears them
 *   CONNECT: [the token] ──> the same user? else it begins anew ──> a turn later it connects
 *   connection: into the rosters of its rooms again, announced; it is told nothing itself
 *
 * It is a member of the Socket.IO rooms all the time, so what is said comes live or is among what
 * it has missed, once. But direct messages that nobody is there for are left to the store, which
 * gives them to who arrives (direct.h), in whichever way he does.
 *
 * It waits for a turn because its way out of the rosters may have been posted to this loop by the
 * one where it was: who is found out to be back after that posting comes behind it.
 *
 * Who it is. With tokens required it is the token's user. In an open chat the handshake and later
 * events have said it; if the handshake names whom it named then, or nobody as then, what the
 * events have said still holds. If it names another the client has become another user, whom the
 * rooms of the former, and what was said in them, do not concern: then it begins anew.
 *
 * Only where a server is alone. Without recovery nothing here costs more than a look at a number.
 *
 * Threads: the socket's loop, or as said. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_COMEBACK_H
#define CHAT_COMEBACK_H

#include "src/chat/chat_loop.h"

/* Whether clients can come back at all. */
static inline bool comeback_is_possible(const struct chat *chat)
{
    return chat->recovery_ms != 0;
}

/* The dialects of sockets that may come back: bit mask of 1 << enum dialect_id. On any loop. */
uint32_t comeback_dialects(const struct chat_loop *cl);

/* ---- it goes ---- */

/* It is disconnecting: remembers who it is, and what it speaks. */
void comeback_keep(struct chat_loop *cl, struct rookery_socket *s);

/* An event names another user than former, who was its person till now. */
void comeback_renamed(struct chat_loop *cl, struct rookery_socket *s, const struct person *former);

/* ---- it comes back: for the middleware (admission.c) ---- */

/* Nobody is asked for a token once more: it is who it was. */
void comeback_resume(struct rookery_socket *s);

/* Its handshake has been looked at: is it the same user? Then its person is as it was; else it is
 * to begin anew. */
bool comeback_is_same(struct chat_loop *cl, struct rookery_socket *s);

/* Lets it in, later. */
void comeback_pass(struct chat_loop *cl, struct rookery_next *next);

/* ---- it is back ---- */

/* Into the rosters of the rooms that it is in. */
void comeback_enter(struct chat_loop *cl, struct rookery_socket *s);

#endif
