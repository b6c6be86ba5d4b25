/* A chat message as journals and stores see it: neutral to every dialect that clients speak.
 *
 * All spans are borrowed; whoever hands a message over says how long they live. */
// SPDX-License-Identifier: MIT
#ifndef BASE_MESSAGE_H
#define BASE_MESSAGE_H

#include <stddef.h>
#include <stdint.h>

#include "protocol/bytes.h"

struct message {
    struct span id;       /* who repeats an id repeats the message; our own are ids.h texts */
    struct span room;     /* any bytes, as the room's members know it */
    uint64_t offset;      /* place within the room: 1, 2, 3 ...; 0: none */
    struct span user_id;  /* of the sender */
    struct span username; /* as it was when the message was sent */
    struct span content;  /* the JSON text of a value, as the sender wrote it */
    struct span type;     /* plain text: "text", "image" ... */
    int64_t timestamp_ms; /* since the Epoch */
};

/* The bytes that a message's spans hold together. */
static inline size_t message_bytes(const struct message *m)
{
    return m->id.len + m->room.len + m->user_id.len + m->username.len + m->content.len +
           m->type.len;
}

/* Messages read back: one allocation with everything that their spans point to, for the receiver to
 * free(). */
struct message_page {
    size_t count;
    struct message messages[];
};

#endif
