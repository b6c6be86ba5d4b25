/* Client: one user's way through Engine.IO and Socket.IO, over any transport.
 *
 *                 client_start                 '0' open           '40' + join sent
 *     CLIENT_OFF ─────────────> CLIENT_OPENING ────────> CLIENT_CONNECTING ─────> CLIENT_JOINING
 *         ^                          │ deadline, error, close   │                      │ ack or
 * event │      client_stop         v                          v                      v
 *         └──────────────────── (on_lost) <────────────────────────────────── CLIENT_JOINED
 *
 * A template without joining, or whose joining nothing confirms, goes to CLIENT_JOINED at once.
 * While joined, a packet that begins as deliveries begin goes to on_delivery unparsed, an ack to
 * on_ack; pings are answered here. A client that is lost stays lost until it is started again.
 *
 * A swarm is what all clients of a run share. Clients live in one array of the swarm's owner. One
 * thread. */
// SPDX-License-Identifier: MIT
#ifndef TOOLS_LOAD_CLIENT_H
#define TOOLS_LOAD_CLIENT_H

#include "tools/load/conn.h"
#include "tools/load/inflater.h"
#include "tools/load/options.h"

enum client_state {
    CLIENT_OFF,
    CLIENT_OPENING,    /* transport being set up; the open packet has not come */
    CLIENT_CONNECTING, /* CONNECT sent */
    CLIENT_JOINING,    /* join event sent */
    CLIENT_JOINED,
};

enum client_loss {
    CLIENT_REFUSED,       /* no TCP connection */
    CLIENT_NO_DESCRIPTOR, /* out of descriptors or ports here */
    CLIENT_TIMEOUT,       /* did not come up in time */
    CLIENT_HTTP_STATUS,   /* the handshake was refused */
    CLIENT_PROTOCOL,      /* bytes that are no HTTP, WebSocket, Engine.IO or Socket.IO */
    CLIENT_CONNECT_ERROR, /* CONNECT refused */
    CLIENT_DISCONNECTED,  /* the server ended the session in order */
    CLIENT_DROPPED,       /* the connection was closed or broke without that */
    CLIENT_LOSSES,
};

/* "refused" and so on: keys of the report. */
const char *client_loss_name(enum client_loss loss);

struct client;

struct transport {
    const char *name;
    unsigned descriptors; /* per client */
    /* Begins the handshake; 0 or -1 with errno. */
    int (*open)(struct client *c);
    /* Queues one text packet of an open session. */
    void (*send)(struct client *c, struct span packet);
    /* Ends the session as the protocol wants it (goodbye) or just drops it. */
    void (*close)(struct client *c, bool goodbye);
};

extern const struct transport transport_websocket, transport_polling;

struct client_events {
    void (*on_joined)(struct client *c);
    void (*on_delivery)(struct client *c, struct span packet);
    void (*on_ack)(struct client *c, uint64_t id);
    /* It was coming up, or joined; it is off now. */
    void (*on_lost)(struct client *c, enum client_loss why, bool was_joined);
};

struct swarm {
    struct loop loop;
    const struct load_options *options;
    const struct transport *transport;
    const struct client_events *events;
    struct {
        struct sockaddr_in address; /* the owner's to set */
        struct bytes host;          /* HTTP's Host: name:port */
    } servers[URLS_MAX];
    struct {
        struct bytes deliver; /* 42["message" : what a delivery begins with */
        struct bytes ack;     /* 43 or 43/nsp, */
    } prefixes[TEMPLATES_MAX];
    struct bytes packet;  /* being built */
    struct bytes message; /* response body being put together */
    struct inflater inflater;
    uint64_t random;          /* state of the masks' generator */
    uint64_t acks_refusing;   /* {"ok":false...}: answered, but not done */
    uint64_t packets_ignored; /* of the server, with nothing wrong about them */
};

struct client {
    struct conn conn; /* WebSocket, or the poll */
    struct conn post; /* polling: the connection for what the client sends */
    struct swarm *swarm;
    struct bytes pending; /* polling: packets for the next POST; WebSocket: fragments so far */
    char sid[64];         /* polling: of the session */
    uint64_t started_ns;  /* when the handshake began */
    uint32_t payload_bytes_max; /* of one POST, as the server announced it */
    uint32_t id;
    uint32_t seq; /* messages it has sent */
    enum client_state state;
    uint8_t template; /* which of the options'; the members of a room take turns */
    uint8_t server;   /* which of the swarm's */
    bool upgraded;    /* WebSocket: the 101 has come */
    bool deflated;    /* WebSocket: messages may come compressed */
    bool post_busy;   /* polling: a POST is not answered yet */
};

void swarm_init(struct swarm *s, const struct load_options *options,
                const struct client_events *events);
void swarm_finish(struct swarm *s);

/* A pseudo-random number: masks of frames, keys of handshakes. */
uint32_t swarm_random(struct swarm *s);

void client_init(struct client *c, struct swarm *s, uint32_t id);
void client_start(struct client *c);

/* Leaves, with a goodbye if there is a session. on_lost is not called. */
void client_stop(struct client *c);

/* Its connection is lost; on_lost is not called. */
void client_drop(struct client *c);
void client_finish(struct client *c);

/* Gives a client up from outside (its deadline passed). on_lost is called. */
void client_abandon(struct client *c, enum client_loss why);

/* Sends the template's message with this text; the ack id may be TEMPLATE_NO_ACK. */
void client_send_message(struct client *c, struct span text, uint64_t ack_id);

uint32_t client_room(const struct client *c);

static inline bool client_is_coming_up(const struct client *c)
{
    return c->state != CLIENT_OFF && c->state != CLIENT_JOINED;
}

/* --- for the transports --- */

/* Starts to connect one of its connections to its server, as conn_open does. */
MUST_USE int client_open_conn(struct client *c, struct conn *conn, const struct conn_ops *ops);

/* What it writes as HTTP's Host. */
struct span client_host(const struct client *c);

/* One text packet has come. May end the client: look at conn_is_open() after it. */
void client_on_packet(struct client *c, struct span packet);
void client_on_conn_lost(struct client *c, enum conn_loss why);

#endif
