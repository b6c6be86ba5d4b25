/* Fact: what the nodes of a cluster tell each other of who is in their rooms, and of how far direct
 * messages have come. They travel in batches, as an event from server to server (gossip.h):
 *
 *   "rookery:chat", nodeId, [fact...]
 *
 *   ["joined", room, member, sentAt]       member: socketId, userId, username, dialect, away
 *   ["left", room, socketId, sentAt]       by a leave
 *   ["gone", room, socketId]               with its connection
 *   ["status", room, socketId, away]
 *   ["ask", room, nodeId, all]             who is there by that node, "": by each; all: the node
 *                                          answers though nobody is
 *                                          A room of a user: he has arrived there (direct.h)
 *   ["here", room, nodeId, part, [[member]...]]   an answer to that node; part: 1 the first,
 *                                          2 the last, 3 both
 *   ["anew"]                               this node may have missed things: ask it, too
 *   ["direct", room, messageId, recipientId, state, authorId, readerId, username, time]
 *
 * (members are written without brackets in "joined".) Facts that are not known are ignored; they
 * come from peers, and are checked as if clients had sent them.
 *
 * Pure. Threads: any. */
// SPDX-License-Identifier: MIT
#ifndef CHAT_FACT_H
#define CHAT_FACT_H

#include "src/base/message.h"
#include "src/chat/dialect.h"
#include "src/chat/tuple.h"

enum fact_kind {
    FACT_JOINED, /* room, member, sent_at? */
    FACT_LEFT,   /* room, member.socket_id, sent_at? */
    FACT_GONE,   /* room, member.socket_id */
    FACT_STATUS, /* room, member.socket_id, member.away */
    FACT_ASK,    /* room, node, all */
    FACT_HERE,   /* room, node, part; members */
    FACT_ANEW,
    FACT_DIRECT, /* room, message_id, recipient, state, author; of MESSAGE_READ reader, wall_ms */
    FACT_KINDS
};

enum {
    FACT_FIRST = 1, /* parts of an answer */
    FACT_LAST = 2,
    FACT_SOCKET_ID_LEN = 20,
    FACT_NODE_BYTES_MAX = 64,
};

struct fact_member {
    struct span socket_id;
    struct identity who;
    enum dialect_id dialect;
    bool away;
};

struct fact {
    enum fact_kind kind;
    struct span room;
    struct fact_member member;
    struct span sent_at; /* JSON text, or empty */
    struct span node;
    bool all;
    unsigned part;
    struct json members; /* read: for fact_next_member */
    struct span message_id, recipient, author;
    enum message_state state;
    struct identity reader;
    int64_t wall_ms;
};

/* Appends it; not of FACT_HERE. */
void fact_write(const struct fact *f, struct bytes *out);

/* An answer is written member by member. */
void fact_begin_here(const struct fact *f, struct bytes *out);
void fact_add_member(const struct fact_member *m, struct bytes *out);
void fact_end_here(struct bytes *out);

/* Returns false if it is unknown or malformed. Texts are borrowed from v and *texts, which is to
 * have room for what is decoded (tuple_reserve). */
MUST_USE bool fact_read(struct json v, struct bytes *texts, struct fact *out);

/* The members of FACT_HERE one after the other. false: there is none, or it is malformed (*ok). */
bool fact_next_member(struct json_iter *it, struct bytes *texts, struct fact_member *out, bool *ok);

#endif
