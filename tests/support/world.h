/* World: a whole Socket.IO layer in one thread for its tests: up to WORLD_LOOPS_MAX fake loops, a
 * real engine on each, and peers that talk to it over transports in memory.
 *
 *     world_start(2);
 *     struct peer *a = peer_join(0, "/");       // on loop 0
 *     peer_send(a, "2[\"hello\"]");             // within the present turn of its loop
 *     world_settle();                           // turns of all loops until nothing is left to do
 *     check_peer(a, "|42[\"hello back\"]");     // all it has got since the last look
 *     world_end();
 *
 * There can be several worlds at a time, one for each server of a cluster, under one clock:
 *
 *     world_start(1);
 *     struct world *first = world_switch(NULL);
 *     world_start(1);                           // a second one, the present one from now on
 *     struct world *second = world_switch(first);
 *     ...
 *     world_end();                              // the first
 *     (void)world_switch(second);
 *     world_end();
 *
 * What takes a peer means the peer's world; world_settle and world_advance mean all; everything
 * else means the present one. One thread. */
#ifndef TESTS_SUPPORT_WORLD_H
#define TESTS_SUPPORT_WORLD_H

#include <stdio.h>
#include <string.h>

#include "src/api/rookery.h"
#include "src/base/stats.h"
#include "src/engine/session.h"
#include "tests/support/fake_executor.h"
#include "tests/support/memory_transport.h"
#include "tests/support/str.h"

enum { WORLD_LOOPS_MAX = 3 };

struct world;

struct peer {
    struct memory_transport transport;
    struct world *world;
    unsigned loop;
    char id[64]; /* of the socket of its last CONNECT that was answered */
    struct peer *next;
};

extern struct rookery *world; /* the present one's, for the functions of the API */

/* Options are those of world_options. */
extern struct io_options world_options;

void world_start(unsigned loops);
/* Ends all connections, runs what is left, frees everything; there is no present world then. */
void world_end(void);
/* Makes another one the present one (NULL: none) and returns the one that was. The calling thread
 * is loop 0 of it from now on. */
struct world *world_switch(struct world *w);

/* The calling thread is that loop's from now on; -1: no loop's. world_start enters loop 0. */
void world_enter(int loop);
/* One turn of that loop. */
void world_turn(unsigned loop);
/* Turns of all loops of all worlds until no task is left. */
void world_settle(void);
/* Lets time pass for all of them, turn by turn. */
void world_advance(unsigned ms);

/* That loop's, for whoever has something of his own there. */
struct executor *world_executor(unsigned loop);

uint64_t world_stat(enum stat_id which);

/* A connection without sockets. */
struct peer *peer_open(unsigned loop);
/* The same from that address, with further fields ("name: value\r\n"...) in its handshake. */
struct peer *peer_open_as(unsigned loop, const char *fields, const char *address);
/* A client of Engine.IO 3; what it has got since is not forgotten. */
struct peer *peer_open_eio3(unsigned loop);
/* A connection that has joined the namespace; the turn is over, what it got is forgotten. */
struct peer *peer_join(unsigned loop, const char *nsp);
/* CONNECT on a connection that is there; likewise. */
void peer_join_more(struct peer *p, const char *nsp);

/* The peer sends a Socket.IO packet, or an attachment; handled at once. */
void peer_send(struct peer *p, const char *packet);
void peer_send_binary(struct peer *p, const char *data);
/* Its connection ends. */
void peer_vanish(struct peer *p);
bool peer_is_open(const struct peer *p);

/* All it has got since the last call: each packet behind a '|', text with Engine.IO's '4', binary
 * in <>. Good until the next call. */
const char *peer_got(struct peer *p);

/* Together with tests/support/tap.h. */
#define check_peer(p, want) check_str(peer_got(p), want)

#endif
