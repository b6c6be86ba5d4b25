/* Policy: what a client may send, and what it is told when it may not.
 *
 * A refusal is the answer to an acknowledged event, {"ok":false,"code","message","retryable"}, or
 * without one the event `error {code, message}`. Its message names the field that is wrong.
 *
 * Everything here is pure; any thread. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_POLICY_H
#define CHAT_POLICY_H

#include <stdbool.h>

#include "protocol/json.h"
#include "src/base/sound.h"

enum {
    HISTORY_MESSAGES_MAX = 100,
    UNIT_BYTES_MAX = 6,        /* of a content's unit, as JSON text */
    BESIDES_BYTES_MAX = 65536, /* of what a payload may have besides its content */
    TOKEN_BYTES_MAX = 8192,
};

struct refusal {
    const char *code;
    const char *message;
    bool retryable; /* the same event may well be taken later */
};

extern const struct refusal refused_payload;
extern const struct refusal refused_own_name;   /* of a room: it is the chat's own (room.h) */
extern const struct refusal refused_own_room;   /* that each socket is in */
extern const struct refusal refused_directions; /* a history before, after and around something */
extern const struct refusal refused_rate;     /* more messages than one user may send in a minute */
extern const struct refusal refused_left;     /* a join that a leave has overtaken */
extern const struct refusal refused_together; /* a join that another's refusal has, for now */
extern const struct refusal refused_busy;     /* the journal takes no more just now */
extern const struct refusal refused_away;     /* the journal's broker is away */
extern const struct refusal refused_storage;  /* the journal failed */
extern const struct refusal refused_size;     /* the journal never takes so large a message */
extern const struct refusal refused_history;  /* joined, but what was said cannot be read */
extern const struct refusal refused_resume;   /* not joined, since that cannot be read */
extern const struct refusal refused_store_busy; /* the store takes no more calls just now */
extern const struct refusal refused_store;      /* the store failed */
extern const struct refusal refused_no_store;   /* there is none: nothing is kept */
extern const struct refusal refused_exists;
extern const struct refusal refused_missing; /* no such message */
extern const struct refusal refused_author;  /* it is another user's */
extern const struct refusal refused_user;    /* the userId is not that of the token */
extern const struct refusal refused_not_in_room;
extern const struct refusal refused_room_full;
extern const struct refusal refused_rooms; /* the server has as many as it takes */
extern const struct refusal refused_server_full;
extern const struct refusal refused_rate_events;
extern const struct refusal refused_rate_connections;
extern const struct refusal refused_no_token;
extern const struct refusal refused_token;
extern const struct refusal refused_expired; /* the token */

/* Is v, as far as it is there, a string of 1 to bytes_max bytes of UTF-8? Then *out is its text:
 * between the quotes of v, or in *decoded if it had to be decoded. */
MUST_USE bool policy_text(struct json v, size_t bytes_max, struct bytes *decoded, struct span *out);

/* NULL if clients may name that room, which they have from us or from nobody: REST asks as well. */
MUST_USE const struct refusal *policy_room_name(struct span room);

/* The longest payload that is carried along as it came, by the length of its content. */
static inline size_t policy_raw_bytes_max(size_t content_units_max)
{
    return BESIDES_BYTES_MAX + UNIT_BYTES_MAX * content_units_max;
}

/* Length of a string (v.type must be JSON_STRING) as JavaScript counts it. */
size_t policy_utf16_units(struct json v);

#endif
