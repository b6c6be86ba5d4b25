/* Limits: what an operator sets for the chat. Immutable; a change is another struct of them. Their
 * defaults and ranges are those of the daemon's options. Threads: any. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_LIMITS_H
#define CHAT_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* 0 stands for "no limit" where it is allowed. */
struct chat_limits {
    size_t content_units_max;      /* of a message, in UTF-16 units; not 0 */
    unsigned history_max;          /* messages for who joins; 1 .. HISTORY_MESSAGES_MAX */
    unsigned rooms_per_socket;     /* not 0 */
    unsigned members_per_room;     /* sockets */
    unsigned rooms_max;            /* that somebody is in, on this node */
    uint64_t rooms_made_max;       /* by create_room, in the store */
    unsigned sockets_max;          /* on this node; more are told SERVER_FULL */
    unsigned typing_timeout_ms;    /* not 0 */
    unsigned presence_interval_ms; /* 0: at once; see announce.h */
    /* How often within a minute: */
    unsigned messages_per_user;       /* send_message {roomId} and edit_message */
    unsigned sends_per_user;          /* messages of the other dialects, and those to one user */
    unsigned typing_per_user;         /* typing, either way */
    unsigned joins_per_user;          /* leaves too */
    unsigned queries_per_user;        /* history, search, lists, marks, deletions, new rooms */
    unsigned presence_per_user;       /* set_presence */
    unsigned connections_per_address; /* connections */
    unsigned logins_per_address;      /* registrations too */
};

#endif
