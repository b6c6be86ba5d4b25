/* Limits: what an operator sets for the chat. Immutable; a change is another struct of them.
 * Threads: any. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_LIMITS_H
#define CHAT_LIMITS_H

#include <stddef.h>
#include <stdint.h>

/* chat_limits_init gives the defaults named here. 0 stands for "no limit" where it is allowed. */
struct chat_limits {
    size_t content_units_max;      /* 5000: of a message, in UTF-16 units */
    unsigned history_max;          /* 100 messages for who joins; 1 .. 100 */
    unsigned rooms_per_socket;     /* 1000 */
    unsigned members_per_room;     /* 0 */
    unsigned rooms_max;            /* 0: that somebody is in, on this node */
    uint64_t rooms_made_max;       /* 100000: by create_room, in the store; 0: any number */
    unsigned sockets_max;          /* 0: on this node; more are told SERVER_FULL */
    unsigned typing_timeout_ms;    /* 5000 */
    unsigned presence_interval_ms; /* 500; see announce.h */
    /* How often within a minute: */
    unsigned messages_per_user;       /* 60 of send_message {roomId} */
    unsigned typing_per_user;         /* 300 */
    unsigned joins_per_user;          /* 600 */
    unsigned queries_per_user;        /* 600: history, search, lists, marks, edits */
    unsigned connections_per_address; /* 0 */
    unsigned logins_per_address;      /* 600, registrations too */
};

void chat_limits_init(struct chat_limits *limits);

#endif
