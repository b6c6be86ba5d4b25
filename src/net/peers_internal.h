/* Peers, inside: what peers.c (requests) and peer_tunnel.c (WebSockets) share. */
// SPDX-License-Identifier: MIT
#ifndef NET_PEERS_INTERNAL_H
#define NET_PEERS_INTERNAL_H

#include "src/base/list.h"
#include "src/net/dialer.h"
#include "src/net/peers.h"

/* One loop's part. */
struct peer_loop {
    struct peers *peers;
    struct loop *loop;
    struct dialer *dialer;
    struct list idle; /* struct peer_link without a request; the latest first */
    struct list busy;
    struct list tunnels; /* struct peer_tunnel */
    unsigned idle_count;
    unsigned sought; /* searches under way */
    unsigned count;  /* of connections, tunnels included */
    bool closing;    /* nothing more is passed on */
};

struct peers {
    struct peers_options options;
    struct peer_loop *loops;
    unsigned loop_count;
};

struct peer_loop *peer_loop_of(struct peers *p, const struct executor *ex);

/* A node that is being looked for: it is asked for again whenever the timer, its owner's, fires. */
struct peer_search {
    unsigned node; /* 0: there is no search */
    unsigned looks;
};

/* Finds the node, and room for a connection to it or for one more search. */
enum peer_found peer_find(struct peer_loop *pl, unsigned node, struct peer_address *to);

void peer_search_start(struct peer_loop *pl, struct peer_search *search, unsigned node,
                       struct timer *timer);

/* Of an owner that goes, whether it has a search or not. */
void peer_search_end(struct peer_loop *pl, struct peer_search *search);

/* After PEER_SOUGHT the timer runs again; else the search is over. */
enum peer_found peer_search_go_on(struct peer_loop *pl, struct peer_search *search,
                                  struct timer *timer, struct peer_address *to);

void peer_dial(struct peer_loop *pl, struct stream *s, const struct peer_address *to);

/* Writes a request's head as it is passed on, up to its empty line. */
struct peer_request {
    struct span head;
    const char *address;
    bool secure;
    bool upgrade;
    size_t body_bytes;
};
void peer_write_head(const struct peer_loop *pl, const struct peer_request *r, struct bytes *out);

void peer_tunnels_close(struct peer_loop *pl);

#endif
