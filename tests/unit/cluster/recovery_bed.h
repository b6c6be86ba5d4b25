/* Recovery bed: a client that wanders between nodes that share a stream, on a cluster bed.
 *
 *     start();                    two nodes; v has come to the first, and is in the room "r"
 *     leave(&v);
 *     say(0, "r", "missed");
 *     come(&v, 1, 0);
 *     check(welcomed(&v));        it has its session again...
 *     check_str(v.got, "|42[\"missed\",\"@\"]");              ...and what it missed; @: an offset
 *     cluster_bed_end();
 *
 * Its handlers: "tell" is answered by "told" with the same arguments, "quit" by a disconnect. There
 * is one bed at a time. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_UNIT_CLUSTER_RECOVERY_BED_H
#define TESTS_UNIT_CLUSTER_RECOVERY_BED_H

#include "tests/support/cluster_bed.h"
#include "tests/support/tap.h"

/* A client, wherever it is connected. */
struct visitor {
    struct peer *peer;
    char sid[24], pid[24], offset[64];
    char got[8192]; /* at its last look, without CONNECT's answer */
};

extern struct visitor v;

/* With decides_later the middleware leaves it to the test: `deciding`. */
extern bool decides_later;
extern struct rookery_next *deciding;

/* Of the last that has connected or been asked for. */
extern bool recovered;
extern char rooms[256]; /* each with a space behind it */
extern bool noted;      /* has a note come? */

void start(void);
/* The rest is as always. */
void start_with(struct cluster_bed_setup setup);

/* Opens a connection and sends CONNECT, with what the visitor knows of his session. */
void knock(struct visitor *who, unsigned node, unsigned loop);
/* The same, and time for an answer. */
void come(struct visitor *who, unsigned node, unsigned loop);
/* Cuts CONNECT's answer, which is the last, off what has come; whether the session is the former.
 */
bool welcomed(struct visitor *who);
void leave(struct visitor *who);

/* Takes the offsets out of what has come, and remembers the last. */
void look(struct visitor *who);
/* Looks, and that is all there is. */
void check_got(struct visitor *who, const char *want);

void say_as(unsigned node, const struct rookery_target *to, const char *event,
            const struct rookery_broadcast *how);
/* To a room, or (an empty one) to all; once it has come. */
void say(unsigned node, const char *room, const char *event);

#endif
