/* Spoken: what this node has said lately in a namespace, and telling it again to nodes that were
 * cut off (catch_up.h has both sides).
 *
 *     asker ──{seen 100, lately, ask 7}──> us
 *           <── begin 7 ── 101 ... 180 ──(published)── 181 ... 240 ──(published)── end 7 ──
 *
 * An answer goes out in pieces of SPOKEN_PIECE_BYTES, each when Redis has taken the one before, so
 * that it does not push out of the bus what is kept there. It ends when it has come to the present.
 * Who asks again gets the new answer instead.
 *
 * All namespaces together remember catch_up_bytes_max, each for catch_up_ms.
 *
 * Threads: loop 0. */
// SPDX-License-Identifier: MIT
#ifndef CLUSTER_SPOKEN_H
#define CLUSTER_SPOKEN_H

#include "src/cluster/cluster_internal.h"

enum {
    SPOKEN_PIECE_BYTES = 64 * 1024,
    SPOKEN_ANSWERS_MAX = 64, /* at a time, of a namespace; who asks above that has a gap */
};

struct spoken_log;

struct spoken_log *spoken_create(struct cluster_nsp *n);
/* When the bus is closed. */
void spoken_destroy(struct spoken_log *log);

/* Gives a broadcast that is about to be published its number, unless it is volatile. */
void spoken_number(struct spoken_log *log, struct adapter_message *m);
/* The last. */
uint64_t spoken_seq(const struct spoken_log *log);

/* The wire has published it: c->payload is remembered, if it has a number. */
void spoken_remember(struct spoken_log *log, const struct adapter_message *m);

/* The bus is up again: what was said since then is published only now. */
void spoken_date(struct spoken_log *log, uint64_t since_ms);

/* Answers m, a question. */
void spoken_tell_again(struct spoken_log *log, const struct adapter_message *m);

#endif
