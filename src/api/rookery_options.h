/* Options of a server (rookery.h), and what they are where they are not set.
 *
 * rookery_options_init fills in the defaults given here. Strings are copied by rookery_create. */
// SPDX-License-Identifier: MIT
#ifndef API_ROOKERY_OPTIONS_H
#define API_ROOKERY_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

struct rookery_cors {
    const char *origin;  /* NULL: no CORS headers; "*"; "reflect"; or comma-separated origins */
    const char *methods; /* NULL: GET,HEAD,PUT,PATCH,POST,DELETE */
    const char *allowed_headers; /* NULL: those that the preflight asks for */
    const char *exposed_headers; /* NULL: none */
    bool credentials;
    int max_age_s; /* -1: not sent */
};

/* How this server is one of several. README.md, "Several nodes", has the whole. */
struct rookery_cluster {
    const char *redis_url;       /* NULL: it is alone. redis://[user:password@]host[:port][/db] */
    const char *adapter;         /* "classic" (also NULL), "sharded", "streams" */
    const char *prefix;          /* of channels, and the stream's name: "socket.io" */
    const char *mode;            /* sharded: "dynamic" (also NULL), "static", "dynamic-private" */
    unsigned request_timeout_ms; /* 5000: for other nodes' answers */
    bool common_responses; /* classic: answers go to all (Node's default); false: to who asked */
    unsigned stream_entries_max; /* 10000 */
    size_t keep_bytes_max;       /* 64 MiB: of what is said while Redis is away, */
    unsigned keep_ms;            /* 60000: and for how long */
    unsigned heartbeat_ms;       /* 2000: nodes say that they live; after three they are missed */
    const char *secret;  /* shared by all nodes; NULL: polls are not passed on between them */
    const char *address; /* host:port at which other nodes reach this one; NULL: the first
                            port, at the address by which Redis is reached */
    const char *name;    /* of this node, for people; NULL: none */
    const char *ca_file; /* of rediss://; NULL: those of the system */
};

/* How long a client whose connection has broken may come back to the session that it had, and get
 * what it has missed. A server that is alone keeps that in its memory. In a cluster it needs the
 * "streams" kind, of which any node will do; with any other it is off.
 *
 * Events then have one more argument at clients, the last: the offset that a client names when it
 * comes back. Volatile ones and those that want answers have none; nor, in a cluster, have those
 * for this node alone, and the others reach the sockets of this node, too, by way of Redis. */
struct rookery_recovery {
    unsigned max_disconnection_ms; /* 0: never */
    size_t bytes_max;      /* 64 MiB: of the memory for it; the oldest goes first, and who has
                              missed that begins anew */
    bool skip_middlewares; /* false: those of rookery_use are asked again */
};

/* TLS (1.2 and 1.3) for ports that ask for it. Files of PEM, read by rookery_create and again by
 * rookery_reload_tls. */
struct rookery_tls {
    const char *certificate; /* NULL: no TLS; else its chain, the server's own first */
    const char *key;         /* NULL: it is in the same file */
};

struct rookery_cookie {
    const char *name; /* NULL: no cookie */
    const char *path; /* NULL: "/"; "": left out */
    bool http_only;
    bool secure;           /* sent over TLS only */
    const char *same_site; /* NULL: "Lax"; "Strict"; "None", which wants secure */
};

/* permessage-deflate on the WebSockets of Socket.IO clients that offer it. What goes to many is
 * compressed once, and no context is taken over: an idle connection costs no more than one without.
 */
struct rookery_deflate {
    bool enabled;       /* false */
    unsigned threshold; /* 1024: bytes of a message; shorter ones are sent as they are */
    unsigned level;     /* 3, of 1 (fast) to 9 (small) */
};

struct rookery_options {
    unsigned loops;                 /* 0: one per core */
    const char *path;               /* "/socket.io/"; without its last slash both are served */
    const char *parser;             /* NULL: "json"; "msgpack": all clients have socket.io-msgpack-
                                     * parser. Applications see JSON and binaries either way */
    unsigned ping_interval_ms;      /* 25000 */
    unsigned ping_timeout_ms;       /* 20000 */
    unsigned upgrade_timeout_ms;    /* 10000 */
    unsigned connect_timeout_ms;    /* 45000: for the first CONNECT of a connection */
    size_t payload_bytes_max;       /* 1000000: a WebSocket message, a POST body ("maxPayload") */
    unsigned attachments_max;       /* 10 per packet */
    unsigned json_depth_max;        /* 128 */
    bool allow_polling;             /* true */
    bool allow_websocket;           /* true */
    bool allow_upgrades;            /* true */
    bool allow_eio3;                /* false: clients of Engine.IO 3 (socket.io-client 2) too */
    unsigned compression_threshold; /* 1024 bytes of a poll's body; 0: never compressed */
    size_t queue_bytes_max;         /* 8 MiB unsent per connection, then it is dropped */
    unsigned connections_max;       /* 0: as many as there are descriptors */
    unsigned handshakes_max;        /* 64 per loop: connections that have not asked yet; and, beside
                                       those, handshakes not decided about (rookery_allow_request) */
    size_t head_bytes_max;          /* 16384 of a request head */
    unsigned request_timeout_ms;    /* 10000 for a whole request to arrive */
    unsigned idle_timeout_ms;       /* 60000 between requests of a kept-alive connection */
    unsigned close_timeout_ms;      /* 30000 for an orderly close to be taken by the client */
    unsigned drain_timeout_ms;      /* 5000 for rookery_stop to get everything out */
    bool keep_handshake; /* true: handshake data stays readable after the connection handlers */
    struct rookery_cors cors;
    struct rookery_cookie cookie;
    struct rookery_deflate deflate;
    struct rookery_cluster cluster;
    struct rookery_recovery recovery; /* 0, 64 MiB, false */
    struct rookery_tls tls;
    const char *trusted_proxies; /* NULL: none; "127.0.0.1, 10.0.0.0/8": X-Forwarded-For,
                                  * X-Real-IP and X-Forwarded-Proto from there say whose
                                  * request it is, and whether that came over TLS */
    const char *client_dir;      /* NULL: client bundles are not served; else where they are */
};

#endif
