/* Engine: the Engine.IO endpoint of one path on one loop: its sessions by id, and what a request
 * to that path means.
 *
 * Session ids: 20 characters of the base64url alphabet (15 bytes): 3 bytes say node and loop
 * (masked by other bytes of the id, so that ids look alike nothing), 12 are random. Whoever holds
 * an id can tell which node, and which loop there, to hand a request to.
 *
 * Threads: its loop only, except engine_sid_place. */
// SPDX-License-Identifier: MIT
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "src/base/executor.h"
#include "src/base/list.h"
#include "src/base/map.h"
#include "src/base/stats.h"
#include "src/engine/session.h"

struct engine_options {
    unsigned ping_interval_ms;
    unsigned ping_timeout_ms;
    unsigned upgrade_timeout_ms;
    size_t payload_bytes_max;
    size_t queue_bytes_max;
    bool allow_polling;
    bool allow_websocket;
    bool allow_upgrades;
    bool allow_eio3;              /* clients of revision 3 too: those that do not say EIO=4 */
    unsigned undecided_max;       /* handshakes that the application has not decided about */
    unsigned decision_timeout_ms; /* for such a decision */
    /* This node's number in the cluster; 0: there is none. A node may find, while it runs, that
     * another has its number, and take a new one: from then on requests for sessions of the old
     * number go to the other node. From any thread. */
    _Atomic uint16_t node;
};

struct rookery_handshake;

/* The layer above. No callback may free the session; all but on_close may close it. */
struct engine_app {
    /* The open packet is queued, nothing else. */
    void (*on_open)(struct session *s, void *arg);
    void (*on_text)(struct session *s, struct span text);
    void (*on_binary)(struct session *s, struct span data);
    void (*on_close)(struct session *s, enum session_reason reason);
    /* Decides about a handshake, at once or later (handshake.h). NULL: all are let in. */
    void (*allow)(struct rookery_handshake *h, void *arg);
    void *arg;
};

struct engine {
    struct executor *executor;
    const struct engine_options *options; /* shared by all loops, immutable but for node */
    const struct engine_app *app;
    struct stats *stats;
    struct map sessions;    /* struct session by sid */
    struct list handshakes; /* that the application has been asked about */
    unsigned undecided;     /* how many those are */
    struct frame *ping;     /* the ping packet, shared by everybody */
    struct bytes scratch;   /* of the call under way */
    struct span post_head;  /* of the POST whose packets are being handled; empty: of none */
    bool closing;           /* shutting down: no new sessions */
};

/* What a request to the engine's path asks for, as net has read it from the head. */
struct engine_request {
    struct span method;
    struct span query;  /* without '?', not decoded */
    struct span origin; /* of the Origin field; empty when absent */
    bool is_upgrade;    /* asks for a WebSocket */
};

/* The `code` of an error answer. */
enum engine_error {
    ENGINE_OK = -1,
    ENGINE_UNKNOWN_TRANSPORT = 0,
    ENGINE_UNKNOWN_SID = 1,
    ENGINE_BAD_METHOD = 2,
    ENGINE_BAD_REQUEST = 3,
    ENGINE_FORBIDDEN = 4,
    ENGINE_UNSUPPORTED_VERSION = 5,
};

const char *engine_error_text(enum engine_error error);

/* The answer to a refused request: {"code":1,"message":"Session ID unknown"}; no message stands for
 * engine_error_text. */
void engine_error_body(struct bytes *out, enum engine_error error, struct span message);

void engine_init(struct engine *e, struct executor *ex, const struct engine_options *options,
                 const struct engine_app *app, struct stats *stats);

/* All sessions must be closed and their turn be over. */
void engine_finish(struct engine *e);

/* The sid of a query, or an empty span. No valid sid needs decoding. */
struct span engine_query_sid(struct span query);

/* Does a request with that query speak revision 3, and may it? A session keeps its revision. */
bool engine_speaks_3(const struct engine *e, struct span query);

/* Where the session with that id is, if there is one: the node, and the index of the loop there.
 * False: it is no session id. */
bool engine_sid_place(struct span sid, unsigned *node, unsigned *loop);

/* The open session with that id, or NULL. */
struct session *engine_find(struct engine *e, struct span sid);

/* Decides about a request, on the loop that owns the session (or on any for one without a sid).
 * ENGINE_OK with *session set: it is for that session (a poll, a POST, or an upgrade).
 * ENGINE_OK with *session NULL: a handshake; see engine_asks, engine_handshake. */
enum engine_error engine_check(struct engine *e, const struct engine_request *request,
                               struct session **session);

/* Is the application asked about handshakes (by handshake_ask)? */
static inline bool engine_asks(const struct engine *e)
{
    return e->app->allow != NULL;
}

/* Opens a session on t: its open packet is queued, app->on_open called, heartbeat started. Holds
 * the request. preamble (may be NULL) is queued before the open packet as it is, so that a
 * WebSocket's 101 leaves in the same write. */
struct session *engine_handshake(struct engine *e, struct transport *t,
                                 struct rookery_request *request, struct frame *preamble);

/* A WebSocket has come for an open session. 0: it is the session's probe from now on; -1: the
 * session does not want it (it has upgraded or is doing so), and the caller closes it. */
MUST_USE int engine_probe(struct session *s, struct transport *t);

/* Ends all sessions with REASON_SERVER_SHUTDOWN and takes no new ones. */
void engine_shutdown(struct engine *e);

/* Ends all that are left at once, for an engine that is about to be finished. */
void engine_drop_all(struct engine *e);

#endif
