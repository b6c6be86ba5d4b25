/* Person: who the user of a socket is.
 *
 * An open chat believes what it is told: the user is `auth.userId`, else the valid token's, else
 * the `userId` of the latest join, else the id of the socket. Where tokens are required, theirs is
 * the only word that counts. A person never changes, but for being away and for what is found out
 * about his name; a socket whose user turns out to be another gets another person.
 *
 * Ownership: counted. A socket holds its own, and so does each room that it is in, on the room's
 * home loop. Threads: any. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_PERSON_H
#define CHAT_PERSON_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "protocol/bytes.h"

/* Who said who it is, the least believed first. */
enum person_source {
    PERSON_SOCKET, /* nobody: it is the id of the socket */
    PERSON_EVENT,  /* an event's userId */
    PERSON_AUTH,   /* the handshake's auth.userId */
    PERSON_TOKEN,  /* a valid token */
};

/* Who somebody is to the others. Borrowed from a person. */
struct identity {
    struct span user_id;
    struct span username;
};

struct person {
    int64_t expires_ms; /* when his token does, since the Epoch; 0: never */
    uint8_t *owner; /* NULL, or a length and the id of the registered user who has his name; on his
                       socket's loop only */
    atomic_uint refs;
    _Atomic bool away;
    uint8_t source; /* enum person_source */
    uint8_t user_id_len;
    uint8_t username_len; /* 0: not told */
    uint8_t text[];       /* both, one after the other */
};

/* With one reference. user_id is of 1 to NAME_BYTES_MAX bytes, username of 0 to that many. */
struct person *person_create(enum person_source source, struct span user_id, struct span username);

static inline struct person *person_hold(struct person *p)
{
    atomic_fetch_add_explicit(&p->refs, 1, memory_order_relaxed);
    return p;
}

/* Takes NULL. */
void person_release(void *person);

/* His name is the username, else the userId that was told, else "Anonymous". */
struct identity person_identity(const struct person *p);

/* The username that was told, or an empty one. */
struct span person_username(const struct person *p);

/* The id of the registered user who has his name, once it has been looked up; or empty. Only the
 * first that is set counts: names do not change hands. On the loop of his socket. */
struct span person_owner(const struct person *p);
void person_set_owner(struct person *p, struct span user_id);

/* Would p be another person if an event named this user (or name, either may be empty)? */
bool person_differs(const struct person *p, struct span user_id, struct span username);

#endif
