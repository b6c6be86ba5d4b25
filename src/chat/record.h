/* Record: a message of its own: what a room's log holds, and what is on its way into it.
 *
 * Ownership: counted; it never changes once it is shared. Threads: any. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_RECORD_H
#define CHAT_RECORD_H

#include <stdatomic.h>

#include "src/base/message.h"

struct record {
    atomic_uint refs;
    struct message message; /* its texts lie behind */
    uint8_t texts[];
};

/* A copy with one reference. */
struct record *record_create(const struct message *m);

static inline struct record *record_hold(struct record *r)
{
    atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
    return r;
}

void record_release(struct record *r);

/* The place in the room's log of what a record, or an entry of struct store_changes, tells. */
static inline uint64_t message_place(const struct message *m)
{
    return m->action == MESSAGE_SAY ? m->offset : m->changed;
}

/* Bytes of memory. */
static inline size_t record_bytes(const struct record *r)
{
    return sizeof *r + message_bytes(&r->message);
}

#endif
