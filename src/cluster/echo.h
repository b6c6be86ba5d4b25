/* Echo: what this node says to all, on its way through the stream and back to its own sockets, when
 * sessions are recovered. Everybody here gets what is in the stream in the stream's order, whoever
 * has put it there; so the offset of the last thing that a client has got says what it has got.
 * (Node.js delivers its own as soon as XADD has answered, which may be before what has got there
 * earlier from elsewhere: its clients then miss that when they come back, or get things twice.)
 *
 *     said ──> XADD ... n=7 ──> stream ──> 7 has come: it is delivered, with the entry's id
 *
 * An entry carries a number of ours, in a field that Node.js leaves alone: one that comes twice
 * since the bus has repeated it, in an outage, is recognized.
 *
 * What could not be put into the stream (the bus has dropped it, or Redis has refused it) is
 * delivered without an offset; what is in it and has not come back within ECHO_WAIT_MS (the stream
 * was deleted) with its own. How much waits is bounded by the bus, which has it as well.
 *
 * Threads: loop 0. */
// SPDX-License-Identifier: MIT
#ifndef CLUSTER_ECHO_H
#define CLUSTER_ECHO_H

#include "src/base/list.h"
#include "src/base/timers.h"
#include "src/bus/bus.h"
#include "src/socket/adapter.h"

enum { ECHO_WAIT_MS = 10000, ECHO_NUMBER_MAX = 24 };

struct cluster;

struct echoes {
    struct list_queue waiting; /* struct echo, in the order in which they were said */
    struct timer timer;        /* of the first, if it is in the stream */
    uint64_t last;             /* number */
};

void echoes_init(struct cluster *c);

/* It is about to be appended with that call; its number as text goes to number[]. */
struct bus_call *echo_expect(struct cluster *c, struct adapter_echo *said,
                             char number[ECHO_NUMBER_MAX]);

/* An entry of our own with that number has come. */
void echo_came(struct cluster *c, struct span number, struct span id);

/* What waits is dropped. Before the bus is closed. */
void echoes_stop(struct cluster *c);

#endif
