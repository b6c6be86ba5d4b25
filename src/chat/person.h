/* Person: what the chat keeps of one socket: who its user is.
 *
 * An open chat believes what it is told: the user is `auth.userId`, else the `userId` that came
 * with the latest join, else the id of the socket. His name is `auth.username`, else that userId,
 * else "Anonymous". Of a socket that was told neither nothing is kept, and one allocation of
 * about 16 to 60 bytes holds all of it: there is one for each connection.
 *
 * Ownership: the socket's (rookery_socket_set_data). Threads: the socket's loop. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_PERSON_H
#define CHAT_PERSON_H

#include "protocol/bytes.h"
#include "src/api/rookery.h"

struct person;

/* Who somebody is to the others. Borrowed from person and socket. */
struct identity {
    struct span user_id;
    struct span username;
};

/* A person for a user; both texts may be empty (unknown) and are at most NAME_BYTES_MAX long.
 * by_auth: the id came with the connection, and no join changes it. */
struct person *person_create(struct span user_id, bool by_auth, struct span username);

/* What takes the place of old (may be NULL) when its user joins with a userId: old itself if that
 * changes nothing. The caller frees old if it is another. */
struct person *person_with_user(struct person *old, struct span user_id);

/* Takes NULL. */
void person_destroy(void *person);

/* person may be NULL. */
struct identity person_identity(const struct person *person, struct span socket_id);

#endif
