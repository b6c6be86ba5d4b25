/* ClusterAdapter messages, {type, data, uid, nsp}: the wires of createShardedAdapter and of
 * redis-streams-adapter 0.3, and what the latter keeps of a session.
 *
 *   sharded   channels  P#<nsp>#  P#<nsp>#<room>#  P#<nsp>#<uid>#   JSON; notepack if it has binary
 *   streams   entries   {uid, nsp, type, data}: data is JSON, or Base64 of msgpack if binary
 *             channels as sharded, for what is asked and answered: always msgpack
 *
 * See adapter_message.h for ownership. Pure; any thread. */
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

/* The room that a message is published under in that mode, or an empty span: the common channel. */
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
    struct span sid, pid;
    struct adapter_names rooms;
    struct span data; /* JSON */
};

/* Base64 of msgpack, as the value of the key. */
void cluster_session_encode(struct bytes *out, const struct cluster_session *session);
MUST_USE int cluster_session_decode(struct adapter_decoder *d, struct span value,
                                    struct cluster_session *out);

#endif
