/* Marker: what a message says about itself, inside its own text.
 *
 *   bytes    0      8        16       24       32               48
 *            rkRRRRRRSSSSSSSSQQQQQQQQFFFFFFFFTTTTTTTTTTTTTTTTxxxxxxxx...
 *            |       |        |        |        |               filler up to the text's length
 *            |       |        |        |        time, ns since the run began
 *            |       |        |        flight (place in the table of messages under way)
 *            |       |        sequence number, from 0, per sender
 *            |       sender (index of the user)
 *            magic: "rk" and six digits of this run, so that a history of earlier runs is no
 * delivery
 *
 * All numbers are hexadecimal of fixed width: nothing in it is ever escaped in JSON, and a delivery
 * is understood without parsing the JSON around it. Pure; any thread may call anything here. */
// SPDX-License-Identifier: MIT
#ifndef TOOLS_LOAD_MARKER_H
#define TOOLS_LOAD_MARKER_H

#include "protocol/bytes.h"

enum { MARKER_BYTES = 48 };

struct marker {
    uint32_t sender;
    uint32_t seq;
    uint32_t flight;
    uint64_t time_ns;
};

/* The magic of a run: "rk" and the low 24 bits of `run`, as the eight bytes in memory order. */
uint64_t marker_magic(uint32_t run);

void marker_write(uint8_t out[MARKER_BYTES], uint64_t magic, const struct marker *m);

/* Finds a marker in `text`. *hint is where the last one was found (0 at first): a server puts it at
 * the same place nearly always. Returns false when there is none. The digits are not checked: a
 * server that changed them shows up as a sender or flight that does not exist. */
bool marker_find(struct span text, uint64_t magic, size_t *hint, struct marker *out);

#endif
