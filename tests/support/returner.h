/* Returner: what a client knows of its session, and how it comes back to it, as stock clients do.
 *
 *     struct returner c = {.peer = peer_open(0)};
 *     peer_send(c.peer, "0");
 *     world_settle();
 *     returner_joined(&c, peer_got(c.peer));    // its ids
 *     ... returner_plain(&c, peer_got(c.peer))  // events without their offsets; the last is kept
 *     peer_vanish(c.peer);
 *     returner_ask(&c, 1, "");                  // on another loop */
#ifndef TESTS_SUPPORT_RETURNER_H
#define TESTS_SUPPORT_RETURNER_H

#include "tests/support/world.h"

struct returner {
    struct peer *peer;
    char sid[24], pid[24], offset[64];
};

/* That was the answer to its CONNECT, perhaps among others: takes its ids, and it has got nothing
 * yet. False if there was none. */
bool returner_joined(struct returner *r, const char *got);

/* All that, with offsets cut off; the last one is remembered. Good until the next call. */
const char *returner_plain(struct returner *r, const char *got);

/* Asks for its session on a new connection; claims: further members of its auth, each behind a
 * comma. */
void returner_ask(struct returner *r, unsigned loop, const char *claims);

/* The same on a connection that is open already. */
void returner_ask_by(struct returner *r, struct peer *peer, const char *claims);

#endif
