/* A chat message as journals and stores see it: neutral to every dialect that clients speak.
 *
 * A room is a log: saying, editing and deleting each take the next offset; where a journal gives
 * the places (journal.h) they grow, with holes between them. A message keeps the
 * offset at which it was said; `changed` is that of its latest edit or of its deletion, so whoever
 * knows the room up to some offset finds what he missed by both (see store.h).
 *
 * All spans are borrowed; whoever hands a message over says how long they live. */
// SPDX-License-Identifier: MIT
#ifndef BASE_MESSAGE_H
#define BASE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/bytes.h"

/* What is appended to a room. */
enum message_action {
    MESSAGE_SAY,    /* a new message */
    MESSAGE_EDIT,   /* id names the message, content is its new one, user_id who does it */
    MESSAGE_DELETE, /* id names the message, user_id who does it */
    MESSAGE_MARK,   /* user_id has read the room up to the message that id or said names. Takes no
                       place in the room, and is no message read back */
};

/* What became of an append that did not fail. Only what is stored takes an offset. */
enum message_fate {
    MESSAGE_STORED,
    MESSAGE_REPEATED,  /* SAY: the id is there already; DELETE: it is deleted already; MARK: he has
                          come that far; placed: it has been applied. offset, and of SAY
                          timestamp_ms, are those of the first time */
    MESSAGE_MISSING,   /* EDIT, DELETE, MARK: there is no such message in the room; offset is 0 */
    MESSAGE_FORBIDDEN, /* EDIT, DELETE: it is another user's; offset is 0 */
    MESSAGE_INVALID,   /* the store cannot keep it, now or ever */
};

/* How far a direct message has come. */
enum message_state { MESSAGE_SENT, MESSAGE_DELIVERED, MESSAGE_READ };

struct message {
    struct span id;        /* who repeats an id repeats the message; our own are ids.h texts */
    struct span room;      /* any bytes, as the room's members know it */
    uint64_t offset;       /* place within the room: 1, 2, 3 ...; 0: none */
    uint64_t changed;      /* read back: offset of its latest edit or of its deletion; 0: none */
    uint64_t said;         /* by an append of EDIT or DELETE: offset of what is changed */
    uint64_t placed;       /* in an append: the place that a journal has given it; 0: the store's
                              next of the room */
    struct span user_id;   /* of the sender */
    struct span username;  /* as it was when the message was sent */
    struct span content;   /* the JSON text of a value, as the sender wrote it; empty: deleted */
    struct span type;      /* plain text: "text", "image" ... */
    struct span sent_at;   /* JSON text of the sender's own timestamp; empty: he gave none */
    struct span raw;       /* JSON object as he sent it, where his dialect carries that; or empty */
    struct span client_id; /* his own name for it; empty: none */
    struct span recipient; /* user id, of a direct message; empty: it is the room's */
    int64_t timestamp_ms;  /* since the Epoch, of the server */
    int64_t edited_ms;     /* likewise of its latest edit; 0: never */
    uint8_t dialect;       /* of the sender: see base/sound.h */
    uint8_t action;        /* enum message_action; read back: MESSAGE_DELETE if it was deleted */
    uint8_t fate;          /* enum message_fate, by an append */
    uint8_t state;         /* read back, of a direct message: enum message_state */
};

/* The texts of a message, so that whoever copies or measures one need not name them. */
enum { MESSAGE_TEXTS = 10 };

/* The i-th of them: id, room, user_id, username, content, type, sent_at, raw, client_id, recipient.
 */
struct span *message_text(struct message *m, unsigned i);

/* The bytes that a message's spans hold together. */
size_t message_bytes(const struct message *m);

/* Copies the texts to `memory`, of message_bytes(m) bytes, and lets m point there. */
void message_keep(struct message *m, void *memory);

/* Messages read back: one allocation with everything that their spans point to, for the receiver to
 * free(). */
struct message_page {
    size_t count;
    struct message messages[];
};

#endif
