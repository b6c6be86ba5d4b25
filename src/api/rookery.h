/* Rookery: a Socket.IO 5 / Engine.IO 4 server as a C library (3 and 4 if so told: allow_eio3). This
 * header is all that an application needs; see tools/examples/echo.c for a whole program. In short:
 *
 *     static void on_message(struct rookery_socket *s, const struct rookery_event *e, void *arg)
 *     {
 *         rookery_emit(s, ROOKERY_STR("message-back"), &e->args, NULL);
 *     }
 *
 *     int main(void)
 *     {
 *         struct rookery_options options;
 *         rookery_options_init(&options);
 *         struct rookery *io = rookery_create(&options);
 *         struct rookery_namespace *root = rookery_of(io, ROOKERY_STR("/"));
 *         rookery_on(root, ROOKERY_STR("message"), on_message, NULL);
 *         if (rookery_listen(io, "127.0.0.1", 3000) < 0) {
 *             return 1;
 *         }
 *         rookery_run(io);
 *         rookery_destroy(io);
 *     }
 *
 * Words. A *server* (struct rookery) has namespaces; a client joins a *namespace* over its
 * connection and is there a *socket*; sockets join *rooms*, which exist as long as somebody is in
 * them. Each socket is alone in a room named like its id, so "to one socket" is "to that room".
 *
 * Text and JSON. All text is UTF-8 with a length (struct rookery_str). The arguments of an event
 * are JSON, kept exactly as they were sent: `args.json` is what stands between the brackets of
 * ["event", ...] after the name, for example `"hello",{"a":1}`; binary values are placeholders
 * {"_placeholder":true,"num":N} in it, with the bytes in `args.bins[N]`. What a client sent can be
 * passed on as it is.
 *
 * Threads. The server runs `loops` threads. A socket lives on one of them: its handlers run there,
 * and every function that takes a struct rookery_socket may only be called there. Functions that
 * take a struct rookery or a struct rookery_namespace may be called from any thread, except where a
 * section says "before rookery_run". Callbacks with a result run on the loop that asked (from a
 * foreign thread: on loop 0). No callback may block.
 *
 * Ownership. What a callback is given is borrowed until it returns. What a call is given is copied.
 * A socket may be kept beyond a callback with rookery_socket_hold.
 *
 * Errors. Functions that can fail return 0 or a negative enum rookery_error. */
// SPDX-License-Identifier: MIT
#ifndef API_ROOKERY_H
#define API_ROOKERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rookery_options.h"

#if defined(__GNUC__)
#define ROOKERY_API __attribute__((visibility("default")))
#else
#define ROOKERY_API
#endif

struct rookery;
struct rookery_namespace;
struct rookery_socket;
struct rookery_loop;

struct rookery_str {
    const char *data; /* not NUL-terminated */
    size_t len;       /* bytes */
};

#define ROOKERY_STR(literal) ((struct rookery_str){("" literal), sizeof(literal) - 1})

struct rookery_bin {
    const void *data;
    size_t len;
};

struct rookery_args {
    struct rookery_str json; /* comma-separated JSON values, without brackets; empty: none */
    const struct rookery_bin *bins;
    size_t bin_count;
};

enum rookery_error {
    ROOKERY_EINVAL = -1,    /* not JSON, not UTF-8, a bad placeholder, a bad option */
    ROOKERY_ERESERVED = -2, /* an event name that the protocol keeps for itself */
    ROOKERY_EGONE = -3,     /* the socket is no longer connected */
    ROOKERY_ELIMIT = -4,    /* over a limit of the options */
    ROOKERY_ESYSTEM = -5,   /* the system refused (see errno), e.g. the port is taken */
    ROOKERY_ETIMEOUT = -6,  /* no answer in time */
};

/* A sentence for a person. */
ROOKERY_API const char *rookery_strerror(int error);

/* ---- The server ------------------------------------------------------------------------------ */

/* Fills in the defaults (rookery_options.h). */
ROOKERY_API void rookery_options_init(struct rookery_options *options);

/* NULL with errno when the options are unusable (EINVAL, a certificate or key too; that of
 * client_dir if it cannot be read). */
ROOKERY_API struct rookery *rookery_create(const struct rookery_options *options);

/* Adds a listening port; host is an address ("127.0.0.1", "::", "0.0.0.0"). Port 0 picks a free
 * one. Returns the port, or ROOKERY_ESYSTEM. Before rookery_run; may be called several times. */
ROOKERY_API int rookery_listen(struct rookery *io, const char *host, unsigned port);

/* The same for a port that is served in another way: several of these, added. */
enum rookery_port {
    ROOKERY_PORT_TLS = 1,     /* https and wss; the options have a certificate */
    ROOKERY_PORT_PROXIED = 2, /* connections of trusted_proxies, and of nobody else, begin with a
                                 header of the PROXY protocol, 1 or 2 */
};
ROOKERY_API int rookery_listen_as(struct rookery *io, const char *host, unsigned port,
                                  unsigned kind);

/* Reads certificate and key again: connections that begin from now on get the new ones, those that
 * are there go on. 0, or ROOKERY_EINVAL: the old ones stay. From any one thread at a time. */
ROOKERY_API int rookery_reload_tls(struct rookery *io);

/* Serves until rookery_stop; the calling thread becomes loop 0. Returns 0, or ROOKERY_ESYSTEM with
 * errno when a port cannot be accepted on: nothing has run, and only rookery_destroy may follow. */
ROOKERY_API int rookery_run(struct rookery *io);

/* Ends rookery_run in good order: stops accepting, tells every client, sends what is queued (for at
 * most drain_timeout_ms; a polling client between two polls gets a second to come back), leaves.
 * From any thread and from signal handlers. */
ROOKERY_API void rookery_stop(struct rookery *io);

/* Frees everything; after rookery_run has returned, or without it. NULL is taken. */
ROOKERY_API void rookery_destroy(struct rookery *io);

/* Asked about each handshake before it is answered. It must call exactly one of the two, once,
 * during the call or later on the same loop: to let it in, or to refuse it with that message
 * (empty: "Forbidden"; 403 for a poll, 400 for a WebSocket). The request can be read until then. A
 * client that has gone meanwhile is not waited for, nor is one for longer than request_timeout_ms:
 * that gets 503, as do handshakes beyond handshakes_max undecided ones of a loop. The decision is
 * owed all the same. Before rookery_run. */
struct rookery_handshake;
struct rookery_request;
typedef void (*rookery_allow_fn)(struct rookery_handshake *h, void *arg);
ROOKERY_API void rookery_allow_request(struct rookery *io, rookery_allow_fn fn, void *arg);
ROOKERY_API const struct rookery_request *
rookery_handshake_request(const struct rookery_handshake *h);
ROOKERY_API struct rookery_loop *rookery_handshake_loop(const struct rookery_handshake *h);
ROOKERY_API void rookery_handshake_accept(struct rookery_handshake *h);
ROOKERY_API void rookery_handshake_refuse(struct rookery_handshake *h, struct rookery_str message);

/* What the handshake request was. Values are borrowed and empty when absent. */
ROOKERY_API struct rookery_str rookery_request_url(const struct rookery_request *request);
ROOKERY_API struct rookery_str rookery_request_header(const struct rookery_request *request,
                                                      const char *name);
/* Calls fn for each header in order. */
typedef void (*rookery_pair_fn)(struct rookery_str name, struct rookery_str value, void *arg);
ROOKERY_API void rookery_request_headers(const struct rookery_request *request, rookery_pair_fn fn,
                                         void *arg);
/* Calls fn for each parameter of the query, percent-decoded. */
ROOKERY_API void rookery_request_query(const struct rookery_request *request, rookery_pair_fn fn,
                                       void *arg);
ROOKERY_API const char *rookery_request_address(const struct rookery_request *request);
ROOKERY_API bool rookery_request_secure(const struct rookery_request *request);
ROOKERY_API int64_t rookery_request_time_ms(const struct rookery_request *request); /* Epoch */

/* ---- Namespaces and handlers (all before rookery_run) ------------------------------------------
 */

/* The namespace of that name, made when it is new. Clients may connect to it from then on. */
ROOKERY_API struct rookery_namespace *rookery_of(struct rookery *io, struct rookery_str name);

/* Namespaces by POSIX extended regular expression (NULL if that is malformed) or by function: a
 * CONNECT to a name that no fixed namespace has creates one, once, if the first parent that matches
 * (in the order in which they were made) lets it. Handlers and middlewares of the parent are those
 * of its children; emitting to the parent emits to all its children. */
ROOKERY_API struct rookery_namespace *rookery_of_pattern(struct rookery *io, const char *pattern);
typedef bool (*rookery_name_fn)(struct rookery_str name, struct rookery_str auth_json, void *arg);
ROOKERY_API struct rookery_namespace *rookery_of_function(struct rookery *io, rookery_name_fn fn,
                                                          void *arg);

ROOKERY_API struct rookery_str rookery_namespace_name(const struct rookery_namespace *nsp);

struct rookery_event {
    struct rookery_str name; /* decoded; of a numeric event, its JSON text */
    struct rookery_args args;
    bool wants_ack;
    struct rookery_ack_slot *slot; /* for rookery_reply and rookery_ack_take */
};

typedef void (*rookery_socket_fn)(struct rookery_socket *s, void *arg);
typedef void (*rookery_event_fn)(struct rookery_socket *s, const struct rookery_event *event,
                                 void *arg);
typedef void (*rookery_reason_fn)(struct rookery_socket *s, const char *reason, void *arg);
typedef void (*rookery_error_fn)(struct rookery_socket *s, struct rookery_str message, void *arg);

/* A socket has joined: its CONNECT is answered, nothing else has been sent to it yet. */
ROOKERY_API void rookery_on_connection(struct rookery_namespace *nsp, rookery_socket_fn fn,
                                       void *arg);

/* An event of that name. A second handler for the same name runs after the first. */
ROOKERY_API void rookery_on(struct rookery_namespace *nsp, struct rookery_str name,
                            rookery_event_fn fn, void *arg);

/* Every event, before the handlers of its name. */
ROOKERY_API void rookery_on_any(struct rookery_namespace *nsp, rookery_event_fn fn, void *arg);

/* The socket is leaving: its rooms can still be read, and nothing can be emitted to it. */
ROOKERY_API void rookery_on_disconnecting(struct rookery_namespace *nsp, rookery_reason_fn fn,
                                          void *arg);
/* It has left. `reason` is one of those of the reference: "transport close", "ping timeout", ... */
ROOKERY_API void rookery_on_disconnect(struct rookery_namespace *nsp, rookery_reason_fn fn,
                                       void *arg);

/* A socket middleware has refused an event with that message. */
ROOKERY_API void rookery_on_error(struct rookery_namespace *nsp, rookery_error_fn fn, void *arg);

/* Middlewares run one after the other. Each must call exactly one of the two, once, during the call
 * or later on the same loop; what it is asked about is kept as long as that takes. */
struct rookery_next;
ROOKERY_API void rookery_next_pass(struct rookery_next *next);
/* data_json: JSON of the error's `data`, or empty for none (events: not used). */
ROOKERY_API void rookery_next_refuse(struct rookery_next *next, struct rookery_str message,
                                     struct rookery_str data_json);

/* Asked before a socket joins; a refusal is the client's connect_error. The socket has its id,
 * handshake and data, may join rooms, and is not in the namespace yet. */
typedef void (*rookery_middleware_fn)(struct rookery_socket *s, struct rookery_next *next,
                                      void *arg);
ROOKERY_API void rookery_use(struct rookery_namespace *nsp, rookery_middleware_fn fn, void *arg);

/* Asked before each event is handled; a refused event goes to rookery_on_error. One that decides
 * later reads through its event pointer again then: what that points to has moved to a copy, which
 * is kept until it has decided. */
typedef void (*rookery_event_middleware_fn)(struct rookery_socket *s,
                                            const struct rookery_event *event,
                                            struct rookery_next *next, void *arg);
ROOKERY_API void rookery_use_event(struct rookery_namespace *nsp, rookery_event_middleware_fn fn,
                                   void *arg);

/* ---- Sockets ----------------------------------------------------------------------------------
 */

/* 20 characters; of clients of Engine.IO 3, but in the namespace "/", its name and '#' before that.
 */
ROOKERY_API struct rookery_str rookery_socket_id(const struct rookery_socket *s);
ROOKERY_API struct rookery_namespace *rookery_socket_namespace(const struct rookery_socket *s);
ROOKERY_API struct rookery_loop *rookery_socket_loop(const struct rookery_socket *s);
ROOKERY_API bool rookery_socket_connected(const struct rookery_socket *s);
/* Its client has come back to the session that it had: the socket has the id, the rooms (on a
 * server that is alone with their tags, else with tag 0) and the info of then, for middlewares too.
 */
ROOKERY_API bool rookery_socket_recovered(const struct rookery_socket *s);
/* A middleware that is being asked about such a socket finds that it must not be the former one:
 * it gets another id and is in no room, what it has missed is not sent, nobody comes back to that
 * session any more. Harmless with any other socket. */
ROOKERY_API void rookery_begin_anew(struct rookery_socket *s);
ROOKERY_API const char *
rookery_socket_transport(const struct rookery_socket *s); /* "polling", "websocket" */

/* The `auth` of its CONNECT as JSON text, "{}" when there was none; and the handshake request, NULL
 * once dropped (see keep_handshake). */
ROOKERY_API struct rookery_str rookery_socket_auth(const struct rookery_socket *s);
ROOKERY_API const struct rookery_request *rookery_socket_request(const struct rookery_socket *s);

/* A pointer of the application's; free_data (may be NULL) gets it when the socket is freed or the
 * pointer replaced. */
ROOKERY_API void *rookery_socket_data(const struct rookery_socket *s);
ROOKERY_API void rookery_socket_set_data(struct rookery_socket *s, void *data,
                                         void (*free_data)(void *data));
/* What rookery_fetch_sockets and other nodes see as the socket's data: JSON text. */
ROOKERY_API void rookery_socket_set_info(struct rookery_socket *s, struct rookery_str json);
ROOKERY_API struct rookery_str rookery_socket_info(const struct rookery_socket *s); /* or "{}" */

ROOKERY_API struct rookery_socket *rookery_socket_hold(struct rookery_socket *s);
ROOKERY_API void rookery_socket_release(struct rookery_socket *s);

/* Leaves the namespace (the client is told); with close_connection the whole connection ends. */
ROOKERY_API void rookery_disconnect(struct rookery_socket *s, bool close_connection);

/* Cuts the connection of the present transport as a broken network would. False if there is none
 * just now (a polling client between two polls). */
ROOKERY_API bool rookery_socket_cut(struct rookery_socket *s);

/* A socket's tag in a room says which of the forms of rookery_broadcast_forms it gets. One that is
 * in the room already keeps the tag that it has there. */
ROOKERY_API void rookery_join(struct rookery_socket *s, struct rookery_str room);

enum { ROOKERY_TAGS_MAX = 16 }; /* tags are 0 .. 15; rookery_join gives 0 */

/* As rookery_join, but a socket that is in the room already changes its tag. In its own room it has
 * tag 0 whatever it is given. ROOKERY_EINVAL for a tag that is too large, ROOKERY_EGONE when the
 * socket has left. */
ROOKERY_API int rookery_join_as(struct rookery_socket *s, struct rookery_str room, unsigned tag);
/* The tag of s in that room, or -1 when it is not there. */
ROOKERY_API int rookery_room_tag(const struct rookery_socket *s, struct rookery_str room);
ROOKERY_API void rookery_leave(struct rookery_socket *s, struct rookery_str room);
ROOKERY_API bool rookery_in_room(const struct rookery_socket *s, struct rookery_str room);
/* Calls fn for each room, its own first. fn must not join or leave. */
typedef void (*rookery_room_fn)(struct rookery_str room, void *arg);
ROOKERY_API void rookery_rooms(const struct rookery_socket *s, rookery_room_fn fn, void *arg);

/* ---- Emitting ---------------------------------------------------------------------------------
 */

/* error: 0, ROOKERY_ETIMEOUT or ROOKERY_EGONE (the socket left first; args is empty then). */
typedef void (*rookery_ack_fn)(struct rookery_socket *s, int error, const struct rookery_args *args,
                               void *arg);

struct rookery_emit {
    bool is_volatile; /* dropped when the transport is not ready for it */
    bool no_compress;
    unsigned timeout_ms;   /* for on_ack; 0: until the socket leaves */
    rookery_ack_fn on_ack; /* wants an answer; called exactly once unless the emit fails */
    void *arg;
};

/* Sends an event to one socket. args and how may be NULL. */
ROOKERY_API int rookery_emit(struct rookery_socket *s, struct rookery_str event,
                             const struct rookery_args *args, const struct rookery_emit *how);

/* Answers an event that wants_ack, from within its handler; a second answer is ignored. */
ROOKERY_API int rookery_reply(struct rookery_socket *s, const struct rookery_event *event,
                              const struct rookery_args *args);

/* Takes the right to answer, for later: NULL when the client wants no answer or has got it. Answer
 * it once with rookery_ack_send or give it up with rookery_ack_drop, on the socket's loop; both
 * free it and both are fine when the socket is gone. It holds the socket. */
struct rookery_ack;
ROOKERY_API struct rookery_ack *rookery_ack_take(struct rookery_socket *s,
                                                 const struct rookery_event *event);
ROOKERY_API struct rookery_socket *rookery_ack_socket(const struct rookery_ack *ack);
ROOKERY_API int rookery_ack_send(struct rookery_ack *ack, const struct rookery_args *args);
ROOKERY_API void rookery_ack_drop(struct rookery_ack *ack);

/* Whom a broadcast or a command is for: everybody in any of the rooms (no rooms: in the namespace),
 * once each, without those in any of the except rooms. NULL stands for everybody. */
struct rookery_target {
    const struct rookery_str *rooms;
    size_t room_count;
    const struct rookery_str *except;
    size_t except_count;
    bool local; /* this node only */
};

/* All answers that came (in the order in which they came), and 0 if that is everybody's or
 * ROOKERY_ETIMEOUT. */
typedef void (*rookery_acks_fn)(int error, const struct rookery_args *answers, size_t count,
                                void *arg);

struct rookery_broadcast {
    bool is_volatile;
    bool no_compress;
    unsigned timeout_ms; /* needed with on_acks */
    rookery_acks_fn on_acks;
    void *arg;
};

/* Encoded once, whatever the number of receivers. Receivers on the calling loop have it queued when
 * this returns; those of other loops soon after. What one loop does to another (broadcasts,
 * commands, rookery_loop_post) arrives there in the order in which it was done. */
ROOKERY_API int rookery_broadcast(struct rookery_namespace *nsp, const struct rookery_target *to,
                                  struct rookery_str event, const struct rookery_args *args,
                                  const struct rookery_broadcast *how);

/* The same as rookery_broadcast without socket s ("socket.to(...)", "socket.broadcast"). */
ROOKERY_API int rookery_broadcast_from(struct rookery_socket *s, const struct rookery_target *to,
                                       struct rookery_str event, const struct rookery_args *args,
                                       const struct rookery_broadcast *how);

/* One of the ways in which a broadcast is said. */
struct rookery_form {
    uint32_t tags; /* of the members that get it: 1u << tag for each */
    struct rookery_str event;
    struct rookery_args args;
};

/* What other nodes of a cluster are told of a broadcast in forms: those whose application takes
 * notes (rookery_on_note) the note, which it makes forms of its own of, all others the event. */
struct rookery_elsewhere {
    struct rookery_str note; /* UTF-8 text; empty: everybody is told the event */
    struct rookery_str event;
    struct rookery_args args;
};

/* Says the same to a room in several forms: each member gets the form that has its tag (of several
 * such, each in their order), and nothing if none has. Each form is encoded once, and nothing is
 * sent if one of them cannot be. At most ROOKERY_TAGS_MAX forms; `to` names one room; from may be
 * NULL: a socket of the namespace and of the calling loop to leave out. elsewhere NULL: other nodes
 * are told nothing. Order and loops are as with rookery_broadcast. */
ROOKERY_API int rookery_broadcast_forms(struct rookery_namespace *nsp,
                                        const struct rookery_target *to,
                                        const struct rookery_form *forms, size_t count,
                                        struct rookery_socket *from,
                                        const struct rookery_elsewhere *elsewhere);

/* A broadcast of another node has come that carries a note: fn says it to the sockets of this node
 * (with target.local set), instead of the event. On loop 0. Before rookery_run. */
struct rookery_noted {
    const struct rookery_target *to; /* local is set */
    struct rookery_str note;
    struct rookery_str event;
    struct rookery_args args;
};
typedef void (*rookery_note_fn)(struct rookery_namespace *nsp, const struct rookery_noted *noted,
                                void *arg);
ROOKERY_API void rookery_on_note(struct rookery_namespace *nsp, rookery_note_fn fn, void *arg);

/* This node was cut off from Redis, and another has said more meanwhile than it keeps: what is
 * missing has to be had from elsewhere. On loop 0. Before rookery_run. */
typedef void (*rookery_gap_fn)(struct rookery_namespace *nsp, void *arg);
ROOKERY_API void rookery_on_gap(struct rookery_namespace *nsp, rookery_gap_fn fn, void *arg);

/* ---- Commands on many sockets ------------------------------------------------------------------
 */

struct rookery_socket_info {
    struct rookery_str id;
    const struct rookery_str *rooms;
    size_t room_count;
    struct rookery_str info_json;          /* see rookery_socket_set_info; "{}" by default */
    const struct rookery_request *request; /* NULL once dropped, and for those of other nodes */
    struct rookery_str auth_json;
    struct rookery_str handshake_json; /* an object: headers, time, address, xdomain, secure,
                                        * issued, url, query, auth, as Node.js has them */
};
/* error: 0; ROOKERY_ETIMEOUT when not all nodes have answered, ROOKERY_EGONE when Redis is away;
 * sockets are those known then. */
typedef void (*rookery_sockets_fn)(int error, const struct rookery_socket_info *sockets,
                                   size_t count, void *arg);
ROOKERY_API void rookery_fetch_sockets(struct rookery_namespace *nsp,
                                       const struct rookery_target *of, rookery_sockets_fn fn,
                                       void *arg);
ROOKERY_API void rookery_sockets_join(struct rookery_namespace *nsp,
                                      const struct rookery_target *who,
                                      const struct rookery_str *rooms, size_t room_count);
ROOKERY_API void rookery_sockets_leave(struct rookery_namespace *nsp,
                                       const struct rookery_target *who,
                                       const struct rookery_str *rooms, size_t room_count);
ROOKERY_API void rookery_disconnect_sockets(struct rookery_namespace *nsp,
                                            const struct rookery_target *who,
                                            bool close_connections);

/* ---- The cluster -------------------------------------------------------------------------------
 * Broadcasts, commands and rookery_fetch_sockets mean all nodes unless their target is local. */

/* Calls fn when what other nodes say to that room reaches this one, or cannot for now since Redis
 * is away: at once without a cluster, else later on the socket's loop. The socket is in the room,
 * and is held meanwhile; it may have left by then. */
ROOKERY_API void rookery_when_joined(struct rookery_socket *s, struct rookery_str room,
                                     rookery_socket_fn fn, void *arg);

/* An event of another server of the cluster ("serverSideEmit"). On loop 0. Before rookery_run. */
typedef void (*rookery_server_event_fn)(struct rookery_namespace *nsp,
                                        const struct rookery_event *event, void *arg);
ROOKERY_API void rookery_on_server_event(struct rookery_namespace *nsp, struct rookery_str name,
                                         rookery_server_event_fn fn, void *arg);
/* Answers it from within its handler: the first value of args. */
ROOKERY_API void rookery_server_reply(const struct rookery_event *event,
                                      const struct rookery_args *args);

/* Sends an event to the other servers. how (may be NULL): timeout_ms and on_acks, with one answer
 * of each of them; ROOKERY_EGONE as its error says that Redis is away. ROOKERY_ERESERVED also for
 * "connection", "new_namespace" and "error": the last ends a server of Node.js that has no listener
 * for it. */
ROOKERY_API int rookery_server_emit(struct rookery_namespace *nsp, struct rookery_str event,
                                    const struct rookery_args *args,
                                    const struct rookery_broadcast *how);

/* All rooms of all nodes, each once, those of single sockets included. */
typedef void (*rookery_names_fn)(int error, const struct rookery_str *names, size_t count,
                                 void *arg);
ROOKERY_API void rookery_all_rooms(struct rookery_namespace *nsp, rookery_names_fn fn, void *arg);

/* How many servers there are, this one included. */
typedef void (*rookery_count_fn)(int error, uint64_t count, void *arg);
ROOKERY_API void rookery_server_count(struct rookery_namespace *nsp, rookery_count_fn fn,
                                      void *arg);

/* A node of the cluster as the registry has it. */
struct rookery_node {
    struct rookery_str id;      /* unique and new with each start */
    struct rookery_str name;    /* options.cluster.name */
    struct rookery_str address; /* host:port */
    int64_t started_ms;         /* Epoch */
    uint64_t connections;
    bool self;
};
/* Calls fn for each node that is known to live, this one first; from any thread. */
typedef void (*rookery_node_fn)(const struct rookery_node *node, void *arg);
ROOKERY_API void rookery_nodes(const struct rookery *io, rookery_node_fn fn, void *arg);
/* This node's id; "" without a cluster. */
ROOKERY_API struct rookery_str rookery_node_id(const struct rookery *io);
/* A node has come (alive) or is gone. On loop 0. Before rookery_run. */
typedef void (*rookery_node_change_fn)(const struct rookery_node *node, bool alive, void *arg);
ROOKERY_API void rookery_on_node(struct rookery *io, rookery_node_change_fn fn, void *arg);
/* Redis has come (back), or is gone. On loop 0. Before rookery_run. */
typedef void (*rookery_cluster_fn)(bool up, void *arg);
ROOKERY_API void rookery_on_cluster(struct rookery *io, rookery_cluster_fn fn, void *arg);

/* ---- Loops: deferred work ----------------------------------------------------------------------
 */

typedef void (*rookery_task_fn)(void *arg);

/* Number of loops, and each of them, for state that is kept per loop. */
ROOKERY_API unsigned rookery_loop_count(const struct rookery *io);
ROOKERY_API struct rookery_loop *rookery_loop_at(const struct rookery *io, unsigned index);
ROOKERY_API unsigned rookery_loop_index(const struct rookery_loop *loop);

/* Runs fn on that loop soon; from any thread. */
ROOKERY_API void rookery_loop_post(struct rookery_loop *loop, rookery_task_fn fn, void *arg);
/* Runs fn on that loop after delay_ms; on that loop only. Forgotten if the server stops first. */
ROOKERY_API void rookery_loop_after(struct rookery_loop *loop, unsigned delay_ms,
                                    rookery_task_fn fn, void *arg);
ROOKERY_API int64_t
rookery_loop_wall_ms(const struct rookery_loop *loop); /* Epoch; once per turn */

/* ---- Help with JSON ----------------------------------------------------------------------------
 */

/* The index-th argument as JSON text, empty when there are not so many. */
ROOKERY_API struct rookery_str rookery_arg(const struct rookery_args *args, unsigned index);

/* Decodes a JSON string into out (NUL-terminated); returns its length in bytes, or ROOKERY_EINVAL
 * when json is no string, or ROOKERY_ELIMIT when it needs more than size - 1 bytes. */
ROOKERY_API int rookery_json_text(struct rookery_str json, char *out, size_t size);

/* The member of a JSON object as JSON text, empty when json is no object or has no such member. */
ROOKERY_API struct rookery_str rookery_json_member(struct rookery_str json, struct rookery_str key);

/* Writes text as a JSON string with its quotes into out (NUL-terminated); returns its length, or
 * ROOKERY_ELIMIT. 6 * text.len + 3 bytes are always enough. */
ROOKERY_API int rookery_json_quote(struct rookery_str text, char *out, size_t size);

#endif
