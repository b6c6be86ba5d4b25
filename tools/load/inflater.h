/* Inflater: compressed WebSocket messages of a server that takes no context over (RFC 7692).
 *
 * What goes to a room comes to each of its members in the same bytes. So the last messages are
 * kept, and a message that is among them is not inflated again: the generator must cost less than
 * the servers it measures. One thread. */
// SPDX-License-Identifier: MIT
#ifndef TOOLS_LOAD_INFLATER_H
#define TOOLS_LOAD_INFLATER_H

#include "protocol/bytes.h"

enum { INFLATER_KEPT = 64, INFLATER_BYTES_MAX = 8 << 20 };

struct z_stream_s;

struct inflater {
    struct z_stream_s *stream; /* made when it is needed */
    struct {
        struct bytes packed;
        struct bytes plain;
    } kept[INFLATER_KEPT]; /* the oldest is replaced */
    unsigned next;         /* the one after that which was wanted last */
    unsigned oldest;
    uint64_t inflated; /* messages, without those that were kept */
};

/* A zeroed struct is ready for use. */
void inflater_finish(struct inflater *i);

/* The message, which is good until the next call; 0, or -1 if it is none or too long. */
MUST_USE int inflater_run(struct inflater *i, struct span packed, struct span *plain);

#endif
