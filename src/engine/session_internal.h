/* What the files of this folder share about a session, and nobody else needs. */
// SPDX-License-Identifier: MIT
#ifndef ENGINE_SESSION_INTERNAL_H
#define ENGINE_SESSION_INTERNAL_H

#include "src/engine/session.h"

/* Not yet in the engine's map; heartbeat not yet started. */
struct session *session_create(struct engine *e, const char sid[SID_LEN], struct transport *t,
                               struct rookery_request *request);

void session_heartbeat_start(struct session *s);

/* Is the pong overdue, though the timer has not been looked at yet? */
bool session_timed_out(struct session *s);

/* Ends the session at once: its id is unknown from here on, whatever the transport has still to
 * send. */
void session_end(struct session *s, enum session_reason reason);

/* ---- upgrade.c: the WebSocket that probes ---- */

struct transport *upgrade_transport(const struct upgrade *u);

/* A packet has come on it. */
void upgrade_receive(struct session *s, struct span text);

/* Closes the probing WebSocket, if there is one. */
void upgrade_cancel(struct session *s);

/* The probing WebSocket is gone by itself. */
void upgrade_forget(struct session *s);

#endif
