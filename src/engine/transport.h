/* Transport: how a session's packets travel. src/net implements two, WebSocket and polling; tests
 * implement one in memory.
 *
 * A transport belongs to one session on one loop. Direction of calls:
 *
 *   session -> transport    the ops below
 *   transport -> session    session_receive_text/_binary, session_transport_gone (session.h)
 *
 * Life: a session gets a transport by engine_handshake or engine_probe. They part in one of two
 * ways:
 *   - the transport calls session_transport_gone (its connection has ended), or
 *   - the session sets t->session to NULL and calls ops->close or ops->abort.
 * After either, neither calls the other again. The transport frees itself in its own time, never
 * inside a call of the session's. In an orderly close (session_close) the session calls ops->close
 * with t->session still set, and the transport calls session_transport_gone when it is through. */
// SPDX-License-Identifier: MIT
#ifndef ENGINE_TRANSPORT_H
#define ENGINE_TRANSPORT_H

#include <stdbool.h>

#include "src/base/outq.h"

struct transport;

enum transport_kind {
    TRANSPORT_POLLING,
    TRANSPORT_WEBSOCKET,
};

struct transport_ops {
    enum transport_kind kind;

    /* Called at the end of a turn in which q got something, and whenever the transport itself asked
     * by session_flush_soon. Sends what it can and takes that out of q. A transport that can send
     * nothing at present (polling without a waiting request; a full socket) leaves q alone and
     * calls session_flush_soon when it can go on. May find the connection broken: then it calls
     * session_transport_gone. */
    void (*flush)(struct transport *t, struct outq *q);

    /* Would something queued now leave at once? Decides about volatile packets; q is empty. */
    bool (*writable)(const struct transport *t);

    /* Sends what is in q, then closes in the protocol's orderly way: WebSocket (which takes q over
     * and leaves it empty) by a Close frame without a code, polling by a close packet at the end of
     * the waiting poll, or of the next one if the session waits for that (t->session is set). Until
     * that comes q, the session's, is left as it is. Gives up after the close timeout. */
    void (*close)(struct transport *t, struct outq *q);

    /* Drops the connection at once. */
    void (*abort)(struct transport *t);

    /* Polling only, while a WebSocket probes: answer the waiting poll with a noop packet, or the
     * next one as soon as it comes, so that the client gets on with the upgrade. NULL for others.
     */
    void (*release_poll)(struct transport *t);

    /* Cuts the TCP connection under it as a broken network would, if there is one just now. */
    bool (*cut)(struct transport *t);
};

struct session;

struct transport {
    const struct transport_ops *ops;
    struct session *session; /* NULL once the session has let go of it */
};

#endif
