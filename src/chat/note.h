/* Note: what the nodes of a cluster tell each other of what is said in a room, beside the event for
 * servers that are none of ours (struct rookery_elsewhere). A JSON array:
 *
 *   ["say", id, room, userId, username, type, clientId, recipient, dialect, timestamp, edited,
 *    offset, changed, content, sentAt, raw]           also "edit", "delete"; see base/message.h
 *   ["typing", room, userId, username]                also "typing_stop"
 *   ["direct_typing", room, userId, username, isOn]
 *   ["read", room, userId, username, messageId]
 *   ["logged"]                                        see following.h
 *
 * Times are milliseconds since the Epoch; content, sentAt and raw are the JSON values themselves or
 * null. Other notes are unknown: a node ignores those that it does not know.
 *
 * A note comes from a peer: whatever is in it is checked as if a client had sent it.
 *
 * Pure. Threads: any. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_NOTE_H
#define CHAT_NOTE_H

#include "src/base/message.h"
#include "src/chat/person.h"

enum { NOTE_BYTES_MAX = 4 << 20 };

enum note_kind {
    NOTE_MESSAGE,       /* message */
    NOTE_TYPING,        /* room, who */
    NOTE_TYPING_STOP,   /* room, who */
    NOTE_DIRECT_TYPING, /* room, who, is_on */
    NOTE_READ,          /* room, who, message.id */
    NOTE_LOGGED,        /* a message, which who reads the journal's log has from there */
};

struct note {
    enum note_kind kind;
    struct message message; /* its action says what is done */
    struct span room;       /* without NOTE_MESSAGE */
    struct identity who;    /* likewise */
    bool is_on;
};

enum note_error {
    NOTE_EUNKNOWN = -1, /* of a kind that this node does not know */
    NOTE_EINVALID = -2, /* not as it should be */
};

/* Appends the note. */
void note_write(const struct note *n, struct bytes *out);

/* Returns 0 and fills *out, whose texts are borrowed from text and *texts (which is cleared first);
 * or an enum note_error. */
MUST_USE int note_read(struct span text, struct bytes *texts, struct note *out);

#endif
