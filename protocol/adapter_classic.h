/* The wire of @socket.io/redis-adapter 8.x (createAdapter), its channels and payloads.
 *
 *   broadcasts  P#<nsp>#  or, for exactly one room,  P#<nsp>#<room>#    msgpack [uid, packet, opts]
 *   requests    P-request#<nsp>#       JSON, or msgpack if binary or a broadcast with answers
 *   answers     P-response#<nsp>#      or  P-response#<nsp>#<uid>#  of who asked; likewise
 *
 * What we send is what Node sends, byte for byte, but for our own members of the flags. Decoding is
 * by key, in any order; what would make a Node peer throw is an error here.
 *
 * See adapter_message.h for ownership. Pure; any thread. */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_ADAPTER_CLASSIC_H
#define PROTOCOL_ADAPTER_CLASSIC_H

#include "protocol/adapter_message.h"

enum classic_channel { CLASSIC_BROADCAST, CLASSIC_REQUEST, CLASSIC_RESPONSE };

/* Appends the name of a channel. name: the room, or the uid of who asked; empty: neither. */
void classic_channel_write(struct bytes *out, enum classic_channel which, struct span prefix,
                           struct span nsp, struct span name);

/* The room that a message for this target is published under, or an empty span: the bare channel.
 */
struct span classic_room_of(const struct adapter_message *m);

/* Appends the payload. CATCH_UP goes on the request channel. Kinds that this wire does not have are
 * a mistake of the caller's. */
void classic_encode(struct bytes *out, const struct adapter_message *m);

/* Decodes what came on such a channel; nsp is that of the channel (a BROADCAST for another
 * namespace is IGNORED). Returns 0 and fills *out, or an enum adapter_error. A response that holds
 * a broadcast (an array) is one that is sent again, see ADAPTER_CATCH_UP. */
MUST_USE int classic_decode(struct adapter_decoder *d, enum classic_channel which, struct span nsp,
                            struct span payload, struct adapter_message *out);

/* The uid of a broadcast, without decoding the rest; empty if there is none. */
struct span classic_peek_uid(struct span payload);

#endif
