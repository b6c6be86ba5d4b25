/* ClusterAdapter messages, {type, data, uid, nsp}: the wires of createShardedAdapter and of
 * redis-streams-adapter 0.3, and what the latter keeps of a session.
 *
 *   sharded   channels  P#<nsp>#  P#<nsp>#<room>#  P#<nsp>#<uid>#   JSON; notepack if it has binary
 *   streams   entries   {uid, nsp, type, data}: data is JSON, or Base64 of msgpack if binary
 *             channels as sharded, for what is asked and answered: always msgpack
 *
 *    3 BROADCAST   4 JOIN       5 LEAVE   6 DISCONNECT    7 FETCH      8 SOCKETS
 *    9 EMIT       10 EMIT_ANSWER         11 COUNT        12 ACK      100 CATCH_UP (ours)
 *
 * All other types are IGNORED, as Node ignores ours; kinds that are not above are a mistake of the
 * caller's. What we send is what Node sends, byte for byte, but for our own members of the flags.
 * Decoding is by key, in any order. What would make a Node peer throw, or read an entry again for
 * ever, is an error here, and a reader of a stream goes on behind it.
 *
 * Within sockets and sessions, which are JSON, a binary becomes what JSON.stringify makes of a
 * Buffer: {"type":"Buffer","data":[1,2,3]}.
 *
 * See adapter_message.h for ownership. Pure; any thread.
 * Sources: redis-adapter 8.3, redis-streams-adapter 0.3, socket.io-adapter 2.5. */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_ADAPTER_CLUSTER_H
#define PROTOCOL_ADAPTER_CLUSTER_H

#include "protocol/adapter_message.h"

enum cluster_format {
    CLUSTER_SHARDED, /* JSON, or notepack */
    CLUSTER_MSGPACK, /* as @msgpack/msgpack writes it */
};

/* Appends P#<nsp>#, or P#<nsp>#<name># if name is not empty. */
void cluster_channel_write(struct bytes *out, struct span prefix, struct span nsp,
                           struct span name);

enum cluster_mode { CLUSTER_STATIC, CLUSTER_DYNAMIC, CLUSTER_DYNAMIC_PRIVATE };

/* The room that a message is published under in that mode, or an empty span: the common channel. In
 * dynamic mode that includes rooms whose names are as long as the id of a socket, 20 of
 * JavaScript's characters; who listens for such a room hears nothing there and everything on the
 * common one. */
struct span cluster_room_of(const struct adapter_message *m, enum cluster_mode mode);

/* Would a node in that mode listen on a channel for this room? room_is_own_id: it is the id of one
 * of its sockets. */
bool cluster_room_has_channel(struct span room, bool room_is_own_id, enum cluster_mode mode);

/* Appends the payload for a channel. */
void cluster_encode(struct bytes *out, enum cluster_format format, const struct adapter_message *m);
/* Either format. */
MUST_USE int cluster_decode(struct adapter_decoder *d, struct span payload,
                            struct adapter_message *out);

/* An entry of a stream. */
struct cluster_entry {
    struct span uid, nsp, type, data;
};

/* The type (decimal text) goes to type[4], the data is appended to out. */
void cluster_entry_encode(struct bytes *out, char type[4], const struct adapter_message *m);
MUST_USE int cluster_entry_decode(struct adapter_decoder *d, const struct cluster_entry *entry,
                                  struct adapter_message *out);

/* The stream of a namespace where there are `streams` of them (1: base itself). */
void cluster_stream_name(struct bytes *out, struct span base, unsigned streams, struct span nsp);

/* Is it an id of a stream's entry, "1795237380711-0"? */
bool cluster_entry_id_valid(struct span id);

/* A session that may be recovered: sio:session:<pid>. */
struct cluster_session {
    struct span sid, pid; /* decoded: letters, digits, '-' and '_' only */
    struct adapter_names rooms;
    struct span data; /* JSON object; empty: {} */
};

/* Base64 of msgpack, as the value of the key. */
void cluster_session_encode(struct bytes *out, const struct cluster_session *session);
MUST_USE int cluster_session_decode(struct adapter_decoder *d, struct span value,
                                    struct cluster_session *out);

#endif
