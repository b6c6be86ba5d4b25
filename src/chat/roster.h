/* Roster: the sockets in a room, of all loops, and whose they are; kept by the room's home. Those
 * of other nodes of the cluster are in it too, as far as they are known (crew.h).
 *
 * A user is in the room as long as one of his sockets is. But for dialects 0 and 2 users are a set
 * of names: each join is told, and the first socket that goes takes the name away, though others of
 * that user may still be there. They stay members and are listed no more, as on the servers that
 * these clients know.
 *
 * Small rooms are most rooms, so it is an array that is searched; a hash of each user's id keeps
 * that cheap in large ones.
 *
 * Ownership: a roster holds the persons in it. Threads: its home loop only. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_ROSTER_H
#define CHAT_ROSTER_H

#include <stdbool.h>

#include "src/chat/dialect.h"
#include "src/chat/person.h"

enum { ROSTER_SOCKET_ID_LEN = 20 };

struct roster_member {
    char socket_id[ROSTER_SOCKET_ID_LEN];
    uint16_t user_hash;
    uint8_t node;        /* ROSTER_HERE, or the number of another (crew.h) */
    uint8_t dialect : 6; /* enum dialect_id */
    bool unlisted : 1;   /* another socket of the user has taken his name away */
    bool doubted : 1;    /* of another node, which is saying anew who is there */
    struct person *person;
};

enum { ROSTER_HERE = 0 };

struct roster {
    struct roster_member *members;
    uint32_t count, cap;
    uint32_t here;                      /* of the members, those of this node */
    uint32_t by_dialect[DIALECT_COUNT]; /* of those */
};

/* What adding or removing a socket meant to the room. */
enum roster_change {
    ROSTER_USER,   /* the user has come, or has gone */
    ROSTER_SOCKET, /* he is in it by another socket as well */
    ROSTER_NONE,   /* the socket was not in it */
};

/* The member of that socket, or NULL; good until the next change. */
struct roster_member *roster_find(const struct roster *r, const char *socket_id);

/* Adds a socket of that node that is not in it. Holds person. */
enum roster_change roster_add(struct roster *r, uint8_t node, const char *socket_id,
                              struct person *person, enum dialect_id dialect);

/* Gives a member another person of the same user id, and another dialect. */
void roster_change(struct roster *r, struct roster_member *m, struct person *person,
                   enum dialect_id dialect);

/* Takes it out and fills *gone, whose person the caller releases; not with ROSTER_NONE. */
enum roster_change roster_remove(struct roster *r, const char *socket_id,
                                 struct roster_member *gone);

/* Takes out all of other nodes; nobody is told. */
void roster_forget_others(struct roster *r);

/* Is the i-th member the first that is of its user? */
bool roster_is_first(const struct roster *r, uint32_t i);

/* The identities of the users, each once, in the order in which they came: an array to be freed,
 * whose texts live as long as the members. At most max of them. */
struct identity *roster_people(const struct roster *r, size_t max, size_t *count);

/* Is that user listed in it, by whichever socket? */
bool roster_has_user(const struct roster *r, struct span user_id);

void roster_finish(struct roster *r);

#endif
