/* Session: one Engine.IO connection, whatever it travels on.
 *
 *   states of a session                        states of its upgrade
 *
 *     OPEN ----session_close()--> CLOSING        NONE --ws comes--> PROBING --"5"--> DONE
 *       |                           |              ^                   |
 *       | gone, timeout, garbage    | gone         +---timeout, gone---+
 *       +---------> CLOSED <--------+
 *
 * In CLOSING the layer above has been told and the id still leads here, so that a polling client
 * can fetch what is queued and the close packet, or finish an upgrade and get both over that;
 * nothing else is received or sent any more. In CLOSED the id is unknown.
 *
 * Outgoing packets wait in one queue, in WebSocket framing (see outq.h, frame.h), whatever the
 * transport; it is emptied at the end of the turn. An upgrade moves only the pointer to the
 * transport, so no packet is lost, doubled or reordered by it.
 *
 * Heartbeat: a ping ping_interval_ms after the last pong (or after the opening); the pong is due
 * ping_timeout_ms later; any other packet that comes first puts that off once per ping. Deadlines
 * are absolute, but no ping leaves less than half of ping_timeout_ms for its pong. In revision 3 it
 * is the client that pings: its next ping is due both of these times after the last one (pong_due
 * then stands for that), and nothing else puts that off.
 *
 * A session of revision 3 differs in that only; the rest is its transports' (eio3_payload.h).
 *
 * Ownership: the engine frees a session one turn after app->on_close has returned.
 * Threads: its loop only. Reference: engine.io-protocol v4. */
// SPDX-License-Identifier: MIT
#ifndef ENGINE_SESSION_H
#define ENGINE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "src/base/executor.h"
#include "src/base/outq.h"
#include "src/engine/transport.h"

enum { SID_LEN = 20 };

struct engine;
struct rookery_request;

enum session_state {
    SESSION_OPEN,
    SESSION_CLOSING, /* on_close has been called; the transport is getting the rest out */
    SESSION_CLOSED,  /* only its memory is left, for the rest of the turn */
};

/* Why a session ended, as the reference names it. */
enum session_reason {
    REASON_TRANSPORT_CLOSE,
    REASON_TRANSPORT_ERROR,
    REASON_PING_TIMEOUT,
    REASON_PARSE_ERROR,
    REASON_FORCED_CLOSE,
    REASON_SERVER_SHUTDOWN,
};

/* "transport close", "ping timeout", ... */
const char *session_reason_text(enum session_reason reason);

/* A WebSocket that tries to take over; there only while it does. */
struct upgrade;

struct session {
    char sid[SID_LEN]; /* not NUL-terminated */
    uint8_t state;     /* enum session_state */
    bool upgraded;
    bool pong_due;
    bool pong_put_off; /* some other packet has put the pong off already */
    bool overflowed;   /* its queue has no room: ends at the end of the turn */
    bool eio3;         /* speaks revision 3; never changes */
    uint32_t backlog;  /* its part in STAT_QUEUE_BYTES */
    struct engine *engine;
    struct transport *transport; /* NULL in CLOSED */
    struct upgrade *upgrade;     /* NULL unless a WebSocket is probing */
    struct outq queue;
    struct timer heartbeat;
    struct turn_hook hook; /* pending while there is something to flush; frees it in CLOSED */
    void *app;             /* of the layer above */
    struct rookery_request *request; /* held; NULL once dropped */
};

/* ---- for the layer above ---- */

static inline struct span session_sid(const struct session *s)
{
    return span_of(s->sid, SID_LEN);
}

/* Queues complete frames (see frame.h), to be sent at the end of this turn. Harmless on a closed
 * session. Over queue_bytes_max the session ends with REASON_TRANSPORT_ERROR at the end of the
 * turn. */
void session_send(struct session *s, struct frame *f);

/* Opens a segment of the cork on the session's queue (see outq.h). The caller seals the cork before
 * the TURN_FLUSH phase, and when the session closes. */
void session_send_cork(struct session *s, struct cork *c);

/* For cork_append: ends the session whose queue this is, at the end of the turn. */
void session_queue_full(struct outq *q);

/* Would a packet sent now leave at the end of this turn, with nothing before it? */
bool session_writable(const struct session *s);

/* Ends the session in the protocol's orderly way: what is queued is still sent. on_close is called
 * before it returns. Harmless on a closed session. */
void session_close(struct session *s, enum session_reason reason);

/* See transport.h; false when the session is no longer open. */
bool session_cut(struct session *s);

const char *session_transport_name(const struct session *s);

/* Lets go of the handshake request. */
void session_drop_request(struct session *s);

/* ---- for transports (of both, t says which) ---- */

struct eio_packet;

/* A packet that has been decoded; one that is still text, with its type digit; a binary message.
 * The session may be closed when it returns: the transport looks at t->session before it goes on.
 */
void session_receive_packet(struct session *s, struct transport *t,
                            const struct eio_packet *packet);
void session_receive_text(struct session *s, struct transport *t, struct span packet);
void session_receive_binary(struct session *s, struct transport *t, struct span message);

/* The peer sent something that is no packet at all (a bad payload, a bad frame's content). */
void session_receive_garbage(struct session *s, struct transport *t);

/* The connection under t has ended: an orderly end (true) or a broken one. */
void session_transport_gone(struct session *s, struct transport *t, enum session_reason reason);

/* t can send again: flush it at the end of this turn. */
void session_flush_soon(struct session *s);

#endif
