/* Dialect: the wire contract of one kind of chat client, as data.
 *
 *   event ("send_message", payload) ──dialect_read──> struct command   what is wanted
 *   struct notice, what has happened ──dialect_write──> event and payload, as a dialect has them
 *
 * Each dialect is one file in chat/dialects/: a table of the events that its clients send, with the
 * fields of their payloads, and a table of the events that they understand (dialect_table.h says
 * what tables can say). One more dialect is one more such file and a line in dialect.c.
 *
 * Where dialects have an event of the same name, the fields of the payload tell whose it is:
 *
 *   join_room     {roomid} GROUPS   {roomId, after} NATIVE        else REALTIME
 *   send_message  {recipientId} without roomId DIRECT   {roomId, clientId} NATIVE   else REALTIME
 *   mark_read     {messageId} without roomId DIRECT               else REALTIME
 *
 * An event says only what its payload shows: whoever sends leave_room {roomId} is REALTIME here,
 * though he may be in the room as NATIVE. What counts for a member is the dialect of his join.
 *
 * What clients send is taken as JavaScript would: of several members with one key the last counts,
 * null is as good as absent, unknown members are ignored. Where the ids of a dialect are often
 * numbers in practice (all but REALTIME and NATIVE), a number stands for its digits as sent.
 * Contents are never decoded: they go out with the very escapes that they came with.
 *
 * Everything here is pure. Threads: any; a struct dialect_scratch is used by one at a time. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_DIALECT_H
#define CHAT_DIALECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/bytes.h"
#include "src/api/rookery.h"
#include "src/base/message.h"
#include "src/base/sound.h"
#include "src/chat/person.h"
#include "src/chat/policy.h"

/* Of those that have words for edits, typing and read marks. */
enum { DIALECTS_WITH_EDITS = 1u << DIALECT_REALTIME | 1u << DIALECT_NATIVE };

/* ---- what clients want ---------------------------------------------------------------------- */

/* The members of struct command that are set; those with ? only if the client gave them. */
enum command_kind {
    COMMAND_IGNORE,      /* do and say nothing; an acknowledgement is {"ok":true} */
    COMMAND_JOIN,        /* room, user_id?, username?, sent_at?, after? */
    COMMAND_LEAVE,       /* room, user_id?, sent_at? */
    COMMAND_SEND,        /* room, content, type, user_id?, username?, sent_at?, raw?, client_id? */
    COMMAND_EDIT,        /* message_id, content */
    COMMAND_DELETE,      /* message_id */
    COMMAND_READ,        /* room, message_id */
    COMMAND_TYPING,      /* room, user_id? */
    COMMAND_TYPING_STOP, /* room, user_id? */
    COMMAND_ARRIVE,      /* DIRECT's join: username, user_id? */
    COMMAND_SEND_DIRECT, /* recipient (a user's id or name), content, type, client_id? */
    COMMAND_READ_DIRECT, /* message_id */
    COMMAND_TYPING_DIRECT, /* recipient, is_on */
    COMMAND_PRESENCE,      /* status: online or away */
    COMMAND_HISTORY,       /* room, before? or after? or around?, limit */
    COMMAND_SEARCH,        /* query, room?, before?, limit */
    COMMAND_LIST_ROOMS,    /* name?: of the last room of the page before */
    COMMAND_CREATE_ROOM,   /* room?, name */
    COMMAND_MEMBERS,       /* room */
    COMMAND_COUNT
};

/* Texts are decoded, of 1 to 255 bytes (type: 64) of UTF-8; one that is not there is empty. They
 * are borrowed from the payload and the scratch. */
struct command {
    enum command_kind kind;
    enum dialect_id dialect;
    struct span room;
    struct span user_id; /* GROUPS: the name, which is all that its clients know of a user */
    struct span username;
    struct span type; /* of a message; "text" unless given */
    struct span message_id;
    struct span recipient;
    struct span client_id;
    struct span status;
    struct span query;
    struct span name;
    struct span content; /* JSON text of a string; SCALABLE and GROUPS: "" if there was none */
    struct span sent_at; /* JSON text of a string or a number, at most 64 bytes */
    struct span raw;     /* SCALABLE and GROUPS: the payload as it came, JSON text of an object */
    uint64_t after, before, around;
    uint64_t limit; /* of messages, 1 to 100 */
    bool has_after, has_before, has_around;
    bool is_on;
};

struct dialect_limits {
    size_t content_units_max; /* of a content, in UTF-16 units, as JavaScript counts */
    size_t raw_bytes_max;     /* of a whole payload that is carried along as it came */
};

/* What the latest command needed room for. Zeroed it is ready for use; holds up to 24 KiB. */
struct dialect_scratch {
    struct bytes texts;
    struct refusal refusal;
    char sentence[128];
};

void dialect_scratch_finish(struct dialect_scratch *scratch);

/* The event names that dialects know, each once: for i from 0 to dialect_event_count() - 1. They
 * live as long as the program. */
size_t dialect_event_count(void);
struct rookery_str dialect_event_name(size_t i);

/* Reads what a client sent: event is a name of the above (any other gives COMMAND_IGNORE of
 * DIALECT_NONE), payload its first argument as JSON that the library has checked, or empty.
 *
 * Returns NULL and fills *out, or says why not; then *out has kind and dialect of what failed, for
 * dialect_write_refusal, and the rest is worth nothing. Both live until the next read with this
 * scratch, and not longer than the payload. */
MUST_USE const struct refusal *dialect_read(struct rookery_str event, struct rookery_str payload,
                                            const struct dialect_limits *limits,
                                            struct dialect_scratch *scratch, struct command *out);

/* ---- what clients are told ------------------------------------------------------------------ */

/* The members of struct notice that count. `message` is messages[0]. */
enum notice_kind {
    NOTICE_MESSAGE,       /* message */
    NOTICE_EDITED,        /* message, with changed and edited_ms */
    NOTICE_DELETED,       /* message: id, room, changed */
    NOTICE_HISTORY,       /* messages, newest first, none perhaps; REALTIME only */
    NOTICE_JOINED,        /* room, who, wall_ms, sent_at? */
    NOTICE_LEFT,          /* the same, by a leave */
    NOTICE_GONE,          /* room, who, who_dialect, wall_ms: by the end of a connection;
                             REALTIME hears of its own and of NATIVE as presence instead */
    NOTICE_PRESENCE,      /* room, who, status */
    NOTICE_PEOPLE,        /* room, people: who is in the room; CHATROOM (to one), GROUPS (to all) */
    NOTICE_TYPING,        /* room, who */
    NOTICE_TYPING_STOP,   /* room, who */
    NOTICE_READ,          /* room, who, message: id, offset */
    NOTICE_CONNECTED,     /* DIRECT: who, service_id, people: the answer to join */
    NOTICE_ARRIVED,       /* DIRECT: who, wall_ms */
    NOTICE_DEPARTED,      /* DIRECT: who, wall_ms */
    NOTICE_DIRECT,        /* DIRECT: message, with recipient and state */
    NOTICE_DIRECT_READ,   /* DIRECT: message: id; who has read it, wall_ms */
    NOTICE_DIRECT_TYPING, /* DIRECT: who, is_on */
    NOTICE_COUNT
};

struct notice {
    enum notice_kind kind;
    enum dialect_id who_dialect; /* of the membership of who */
    struct span room;
    struct identity who; /* a username that is empty is written as the user id */
    struct span sent_at; /* of the command; empty: wall_ms counts */
    int64_t wall_ms;     /* now, since the Epoch */
    struct span status;  /* online, away, offline */
    struct span service_id;
    bool is_on;
    const struct message *messages;
    size_t message_count;
    const struct identity *people;
    size_t people_count;
};

/* Appends the argument of the event (one JSON value) to *out and returns the event's name; appends
 * nothing and returns an empty name if members of that dialect are not told of such things.
 *
 * A message of the same dialect that carries raw goes out as that. A time is the one that the
 * sender gave (CHATROOM, SCALABLE: as he wrote it; to others if it is an ISO time), else ours. */
struct rookery_str dialect_write(enum dialect_id dialect, const struct notice *n,
                                 struct bytes *out);

/* What the sender of c is told when c fails and he asked for no acknowledgement: the event's name
 * and its argument as above; an empty name: nothing (SCALABLE, GROUPS). CHATROOM has {message},
 * the others {code, message}; where the clients of a dialect know a sentence, it is that. */
struct rookery_str dialect_write_refusal(const struct command *c, const struct refusal *why,
                                         struct bytes *out);

/* One message as REST and the answers of history and search show it. */
enum dialect_view {
    VIEW_CHATROOM, /* {userId, message, timestamp} */
    VIEW_SCALABLE, /* {_id, roomId, userId, username, text, timestamp, __v} */
    VIEW_NATIVE,   /* {id, roomId, userId, username, content, type, timestamp, offset, ...} */
};

void dialect_write_view(enum dialect_view view, const struct message *m, struct bytes *out);

#endif
