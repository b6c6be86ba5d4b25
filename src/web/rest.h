/* REST: what the dialects have beside their events, and the plain pages of GROUPS. The bodies are
 * those that the clients of each dialect know.
 *
 *   dialect    file                paths
 *   CHATROOM   rest_chatroom.c     / /rooms /active-users/:id /chat-history/:id
 *   SCALABLE   rest_scalable.c     /auth/register /auth/login /auth/health /register /login
 *                                  /messages/history/:room /messages/health /history/:room
 *   GROUPS     rest_groups.c       /group /join /chat/:roomid (pages)
 *   DIRECT     rest_direct.c       /api/auth/register /api/auth/login /api/services
 *   NATIVE     rest_native.c       /api/rooms /api/rooms/:id/messages /api/rooms/:id/members
 *                                  /api/rooms/:id/reads
 *                                  /api/search /api/config /api/session
 *
 * All of them read one store, so each shows what was said in the others. At / browsers (Accept:
 * text/html) get the page, everybody else the sentence that clients of CHATROOM know. The rooms
 * that are the chat's own (chat/room.h), those of direct messages among them, are not there: 404,
 * and nobody can make one.
 *
 * One more path is a line in the table of such a file; router.h says what a line holds.
 *
 *     rest_create ──> rest_add_routes ──> rookery_run, server_drop_all ──> rest_stop
 *                 ──> auth_close, store_close ──> rookery_destroy ──> rest_destroy
 *
 * Threads: create, stop and destroy while no loop runs; everything else on the loops, without
 * locks. What is under way when the server stops is answered within rookery_destroy. */
// SPDX-License-Identifier: MIT
#ifndef WEB_REST_H
#define WEB_REST_H

#include "src/chat/people.h"
#include "src/net/cors.h"
#include "src/web/files.h"

struct auth;

/* A server in the list of services. */
struct rest_service {
    struct span name, node_id;
    struct span address; /* host:port */
    uint64_t connections;
    uint64_t uptime_ms;
    int64_t heard_wall_ms; /* its last heartbeat */
};
typedef void (*rest_service_fn)(const struct rest_service *service, void *arg);

/* Everything is borrowed until rest_destroy. */
struct rest_options {
    struct store *store; /* NULL: histories are empty, and nobody can register */
    struct auth *auth;   /* NULL: likewise, and tokens are not looked at */
    bool auth_required;  /* what rooms hold is shown and changed with a valid token only */

    struct chat *chat;
    /* chat_people, or NULL: nobody is anywhere. */
    void (*people)(struct chat *chat, unsigned loop_index, struct chat_people_request *request);

    const char *path; /* of Socket.IO, for the pages */

    const struct cors_policy *cors; /* NULL: no page of another origin may read answers */
    const struct web_files *page;   /* what browsers get at /; NULL: no page */

    /* May somebody at that address try a password once more, or make a user? From any loop; NULL:
     * always. */
    bool (*may_login)(void *arg, const char *address);
    void *may_login_arg;

    /* What the lists of services show. The id and the port are read when somebody asks, since they
     * may be known only once the server listens. */
    const char *service_id;
    const char *host;
    const unsigned *port;
    unsigned (*connections)(void *server); /* from any thread, as the next */
    /* Calls fn for each server of the cluster; for none, or NULL, where this one is alone. */
    void (*services)(void *server, rest_service_fn fn, void *arg);
    void *server;
};

/* What may change while the server runs. */
struct rest_limits {
    uint64_t users_max;         /* nobody can register once there are that many; 0: any number */
    uint64_t rooms_made_max;    /* likewise rooms, by POST */
    uint64_t message_units_max; /* what the native client is told, as the next */
    uint64_t typing_timeout_ms;
};

struct rest;

struct rest *rest_create(const struct rest_options *options);

/* Takes NULL. */
void rest_destroy(struct rest *rest);

/* Calls add with the route of each first segment, and of "/". The routes' strings are those of
 * rest. */
void rest_add_routes(struct rest *rest, web_add_route_fn add, void *server);

/* A route for every path that nobody serves: 404, in words that pages of other origins may read
 * too. To be asked last. */
struct http_route rest_last_route(struct rest *rest);

/* These hold from now on; at first all are 0. From any thread. */
void rest_set_limits(struct rest *rest, const struct rest_limits *limits);

/* Nothing is asked of store, auth and chat from here on. */
void rest_stop(struct rest *rest);

#endif
