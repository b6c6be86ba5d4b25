/* Outq: what a connection has still to send, as pointers into shared frames; and cork: the buffer
 * that collects what a whole group of connections gets within one turn.
 *
 * A room's first broadcast of a turn puts one segment on the queue of each member, which begins at
 * the end of the room's corked frame and has no end yet. Every further broadcast of that turn to
 * that room is one append to the frame, whatever the number of members:
 *
 *   frame of the cork   | m1 | m2 | m3 |
 *   queue of member A   [0 ............ open
 *   queue of member B   [0 .... m2] [ack] [m2 .. open      something for B alone came after m2
 *
 * Putting anything behind an open segment ends that segment, so that the order in which things
 * were queued is the order in which they are sent; the cork remembers such queues and opens a new
 * segment on each before it takes the next append. At the end of the turn the cork is sealed: its
 * length is final, and open segments end there.
 *
 * An idle queue holds no memory. Bounds are the owner's: see outq_bytes.
 * Threads: a queue, a cork and the queues that it serves belong to one loop. */
// SPDX-License-Identifier: MIT
#ifndef BASE_OUTQ_H
#define BASE_OUTQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "src/base/frame.h"
#include "src/base/twin.h"

/* Embedded; a zeroed struct is an empty queue. */
struct outq {
    struct outq_segment *segments;
    uint16_t first; /* index of the oldest segment */
    uint16_t count;
    uint16_t cap;
};

enum { OUTQ_SEGMENTS_MAX = 32768 };

static inline bool outq_empty(const struct outq *q)
{
    return q->count == 0;
}

/* Queues the whole frame; holds a reference until it is sent. False, and nothing queued, when
 * OUTQ_SEGMENTS_MAX segments wait: the owner treats that as a full queue. */
MUST_USE bool outq_push(struct outq *q, struct frame *f);

/* Bytes queued. An open segment counts up to the present end of its frame. O(segments). */
size_t outq_bytes(const struct outq *q);

/* Describes up to max segments, oldest first, for one writev; returns how many. */
int outq_iovec(const struct outq *q, struct iovec *iov, int max);

/* Forgets the first n bytes (n <= outq_bytes), which have been sent. */
void outq_consume(struct outq *q, size_t n);

/* The oldest segment's bytes, and the frame that they are in; the queue must not be empty. For
 * transports that re-frame: what they take they outq_consume, whole segments at a time. */
struct span outq_front(const struct outq *q, const struct frame **frame);

/* Puts those of the oldest max segments into another form for which choose, called with a segment's
 * frame and bytes, returns a twin (see twin.h); at NULL, and at a twin that is no different, they
 * stay. What has been sent in part must not be given a twin any more. No cork may be live. */
void outq_convert(struct outq *q, int max,
                  const struct twin *(*choose)(void *arg, struct frame *f, size_t len), void *arg);

/* Moves the oldest segment to the back of `to`. False, and nothing moved, as outq_push. No live
 * cork may have that segment open. */
MUST_USE bool outq_shift(struct outq *q, struct outq *to);

/* Moves everything to the empty queue `to`. No live cork may have a segment open on q. */
void outq_move(struct outq *q, struct outq *to);

/* Drops all that is queued and the queue's memory. */
void outq_clear(struct outq *q);

/* One group's collected output of one turn. */
struct cork {
    struct frame *frame;
    struct outq **broken; /* queues whose open segment has been ended by something else */
    unsigned broken_count, broken_cap;
};

/* Beyond this many bytes a cork should be sealed and a new one begun, so that one slow connection
 * keeps no more than that alive. */
enum { CORK_BYTES_MAX = 64 * 1024 };

void cork_init(struct cork *c);

/* Opens a segment on q at the present end of the cork. False as outq_push. The cork is sealed
 * before q goes. */
MUST_USE bool cork_open(struct cork *c, struct outq *q);

/* Appends content for every queue that the cork serves, except those in skip. A queue that is full
 * when its segment has to be opened again is told to on_full, which must not touch the cork: the
 * owner ends that connection later in the turn. */
void cork_append(struct cork *c, struct span content, struct outq *const *skip, size_t skip_count,
                 void (*on_full)(struct outq *q));

/* The length is final from here on: nothing may be appended, and no queue is remembered. */
void cork_seal(struct cork *c);

#endif
