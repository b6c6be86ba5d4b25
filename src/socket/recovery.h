/* Recovery: a client whose connection has broken comes back, to this node or another, and has the
 * socket that it had: id, rooms, info, and what was said to it meanwhile. A server that is alone
 * keeps that itself (keeper.h); in a cluster an adapter does (adapter.h, `recovers`).
 *
 *   CONNECT {pid, offset} -> the session is restored -> middlewares -> what they took time for ->
 * joins | it cannot
 *                              +-> an ordinary new session, without a word
 *
 * What has been missed is read twice, and nothing in between: the second time, what has been said
 * while middlewares decided. If they decide at once, or are skipped, the socket connects in the
 * very task that ends the first reading, and there is no second. If the second fails the connection
 * ends, and its client comes back once more: middlewares have seen the socket as the former one,
 * and cannot be told that it is not. A middleware itself can say so (rookery_begin_anew); who has
 * been asked before it goes by what he saw.
 *
 * A session is taken from where it is saved by who restores it. If its client goes before it has
 * joined, it is saved again.
 *
 * What was said in forms (rookery_broadcast_forms) and missed cannot be said again: what form it
 * takes is the application's. A client that has missed such begins anew, so that it knows. The
 * keeper has them as they were sent.
 *
 * Threads: the socket's loop; callbacks of an adapter on loop 0. */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_RECOVERY_H
#define SOCKET_RECOVERY_H

#include "src/socket/socket.h"

enum { RECOVERY_MISSED_BYTES_MAX = 4 << 20 }; /* as it is queued; a client with more begins anew */

struct returning;

/* Of each socket, while sessions are recovered. */
struct recovery {
    char pid[SOCKET_ID_LEN];  /* secret: who knows it may take the session */
    struct rookery_str *mark; /* see struct adapter_session; NULL: it was not restored */
    bool recovered;
    struct returning *returning; /* while it is CONNECTING, if it may be recovered; or NULL */
};

/* The private id; empty without recovery. */
static inline struct span recovery_pid(const struct rookery_socket *s)
{
    return s->recovery == NULL ? span_of(NULL, 0) : span_of(s->recovery->pid, SOCKET_ID_LEN);
}

/* For socket_create and its end. */
void recovery_open(struct rookery_socket *s);
void recovery_finish(struct rookery_socket *s);

/* A socket that is CONNECTING: restores it if that is asked for, then asks the middlewares. */
void recovery_admit(struct rookery_socket *s);

/* The middlewares let it in: connects it, once nothing is missing. */
void recovery_connect(struct rookery_socket *s);

/* They do not: the former session ends. Before socket_abandon. */
void recovery_give_up(struct rookery_socket *s);

/* For socket_connect: queues what has been missed. */
void recovery_send_missed(struct rookery_socket *s);

/* For socket_abandon: it is GONE. */
void recovery_abandon(struct rookery_socket *s);

/* For socket_leave: keeps the session, if its client may come back after such an end. */
void recovery_save(struct rookery_socket *s, const char *reason);

#endif
