/* Frame: a run of bytes that many connections send, on any loop, without copying it.
 *
 * Once shared, the bytes that a reader has been told of never change. Only a frame that belongs to
 * a live cork (see outq.h) still grows at its end, on one loop, and is sealed before anything is
 * sent.
 *
 * What is in it: one or more packets in WebSocket framing as a server sends them (unmasked), which
 * is also the form from which the polling transport makes its payloads.
 *
 * Threads: hold and release from any thread; the last release frees. */
// SPDX-License-Identifier: MIT
#ifndef BASE_FRAME_H
#define BASE_FRAME_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "protocol/bytes.h"

struct cork;
struct twin;

struct frame {
    atomic_uint refs;
    uint32_t len; /* bytes in use */
    uint32_t cap;
    bool no_compress;  /* its sender asked for that, or it is compressed */
    struct cork *cork; /* whose frame this is while that is live, else NULL; its loop only */
    struct twin *_Atomic twins; /* the same messages in other forms, see twin.h */
    uint8_t *data;              /* `own`, or a block of its own once a cork has outgrown that */
    uint8_t own[];
};

enum { FRAME_BYTES_MAX = 1 << 30 };

/* An empty frame with room for cap bytes and one reference, the caller's. */
struct frame *frame_create(uint32_t cap);

/* A frame with these bytes and one reference. */
struct frame *frame_copy(struct span content);

static inline struct frame *frame_hold(struct frame *f)
{
    atomic_fetch_add_explicit(&f->refs, 1, memory_order_relaxed);
    return f;
}

void frame_release(struct frame *f);

/* Appends while the frame is still its creator's alone, or a live cork's. */
void frame_append(struct frame *f, struct span content);

#endif
