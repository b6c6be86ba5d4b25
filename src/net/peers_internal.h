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
    unsigned count; /* of connections, tunnels included */
    bool closing;   /* nothing more is passed on */
};

struct peers {
    struct peers_options options;
    struct peer_loop *loops;
    unsigned loop_count;
};

struct peer_loop *peer_loop_of(struct peers *p, const struct executor *ex);

/* Finds the node, and room for a connection to it. */
bool peer_find(struct peer_loop *pl, unsigned node, struct peer_address *to);

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
