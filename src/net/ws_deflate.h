/* permessage-deflate (RFC 7692) for the WebSockets of a loop, by zlib.
 *
 * No context is taken over in either direction (see ws_extensions.h). So a connection keeps nothing
 * of zlib's: the loop's few streams serve all of them, one message after the other. And what is
 * compressed is the same for all who get it: each frame that is shared has its messages compressed
 * at most once per window size, by the first connection that sends it, into a twin (twin.h) that
 * the queues of all others then point into.
 *
 *   queues      plain  -> [frame of the cork] --twins--> [its messages compressed] <- deflating
 *
 * A message stays as it is if it is shorter than the threshold, and if its sender asked for that
 * (frame.no_compress).
 *
 * Memory of a loop, not of a connection: 270 KB once it has compressed (and 900 KB more at
 * most for the smaller windows that clients may ask for), 40 KB once it has inflated, and up to
 * WS_DEFLATE_KEPT_BYTES for each direction. What waits in the queue of a client without compression
 * keeps its twins while it waits.
 *
 * Threads: its loop; twins may be made by several loops at a time. */
// SPDX-License-Identifier: MIT
#ifndef NET_WS_DEFLATE_H
#define NET_WS_DEFLATE_H

#include "src/base/outq.h"
#include "src/base/stats.h"

enum { WS_DEFLATE_KEPT_BYTES = 64 * 1024, WS_DEFLATE_LEVEL_MAX = 9 };

struct ws_deflate;

/* level: 1 (fast) to WS_DEFLATE_LEVEL_MAX (small). Takes no memory to speak of until it is used. */
struct ws_deflate *ws_deflate_create(unsigned level, struct stats *stats);
void ws_deflate_destroy(struct ws_deflate *d);

/* Compresses what is in the oldest max segments of the queue for a client that has agreed on
 * window_bits. No cork may be live on the queue. */
void ws_deflate_queue(struct ws_deflate *d, struct outq *q, int max, unsigned window_bits,
                      size_t threshold);

/* Inflates a message of at most bytes_max into *out, which is good until ws_deflate_forget, which
 * has to be called before the next one. 0; or WS_ETOOBIG (no more than a byte beyond the limit has
 * been inflated then) or WS_EDEFLATE, and there is nothing to forget. */
MUST_USE int ws_deflate_inflate(struct ws_deflate *d, struct span packed, size_t bytes_max,
                                struct span *out);

void ws_deflate_forget(struct ws_deflate *d);

#endif
