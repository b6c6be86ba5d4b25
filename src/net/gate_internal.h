/* Gate, inside: its states and its struct, for gate.c (life, answers, callbacks) and gate_read.c
 * (requests). See gate.h for the diagram. */
// SPDX-License-Identifier: MIT
#ifndef NET_GATE_INTERNAL_H
#define NET_GATE_INTERNAL_H

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <evhtp.h>

#include "src/net/gate.h"

enum gate_state {
    GATE_WAIT,    /* nothing of a request is there */
    GATE_HEAD,    /* some of its head is */
    GATE_BODY,    /* its head has been accepted, its body has not been read to the end */
    GATE_HELD,    /* the answer is being thought about */
    GATE_SEND,    /* it is on its way */
    GATE_LINGER,  /* it was the last; what the client still sends is thrown away until it closes */
    GATE_CLOSED,  /* freed at the end of the turn */
    GATE_PREFACE, /* TLS or a PROXY header comes before the first request */
};

struct gate_preface;

struct gate {
    struct list_node node;  /* in server->gates */
    struct list_node place; /* in server->fresh, while it is fresh */
    uint64_t accepted_ms;
    struct http_server *server;
    evhtp_connection_t *evhtp;
    struct http_request *request; /* from GATE_BODY on, until it is answered or refused */
    struct gate_preface *preface; /* in GATE_PREFACE */
    struct timer deadline;
    struct turn_hook later; /* frees it when it is closed, else reads on */
    size_t scanned;         /* bytes of a head that were there when it was last looked at */
    size_t left;            /* GATE_BODY: bytes still to come. GATE_SEND: unsent a deadline ago */
    uint8_t state;
    bool fresh;       /* its first request has not come; counted in handshakes */
    bool counted;     /* in connections */
    bool reading;     /* read_on is on the stack */
    bool paused;      /* does not read, since enough has been pipelined */
    bool keep_alive;  /* after the answer that is on its way */
    bool half_closed; /* the client will send nothing more */
    bool secure;      /* TLS; or a proxy says that its client's connection is */
};

static inline struct executor *gate_executor(const struct gate *g)
{
    return &g->server->loop->executor;
}

static inline struct evbuffer *gate_input(const struct gate *g)
{
    return bufferevent_get_input(g->evhtp->bev);
}

static inline void gate_set_deadline(struct gate *g, unsigned delay_ms)
{
    executor_timer_start(gate_executor(g), &g->deadline, delay_ms);
}

static inline void gate_count(const struct gate *g, enum stat_id which)
{
    stats_add(&g->server->loop->stats, which, 1);
}

/* NULL: without TLS. */
struct ssl_st *gate_ssl(const struct gate *g);

/* Who it is that asks. */
static inline struct http_peer gate_peer(const struct gate *g)
{
    return (struct http_peer){.address = g->evhtp->saddr, .ssl = gate_ssl(g), .secure = g->secure};
}

/* Asserts that the diagram has such a step. */
void gate_set_state(struct gate *g, enum gate_state to);

/* The first request has come, or will not. */
void gate_handshake_done(struct gate *g);

/* Answers with that status and no body, and closes. origin: whose page asks, as far as that is
 * known; may be a slice of the request. */
void gate_refuse(struct gate *g, int status, struct span origin);

/* Sends what the socket takes, and leaves the rest to the bufferevent. */
void gate_send(struct gate *g, struct span head, struct span body);

/* Goes as far with the requests in the input as it can. */
void gate_read_on(struct gate *g);

/* libevent calls the gate back for this bufferevent from now on. */
void gate_listen_to(struct gate *g, struct bufferevent *bev);

/* Begins with GATE_PREFACE, reads on as it can, and ends with GATE_WAIT or closes the gate. */
void gate_preface_begin(struct gate *g, const struct http_port *port);

/* Frees what a preface has. NULL is harmless. */
void gate_preface_end(struct gate *g);

#endif
