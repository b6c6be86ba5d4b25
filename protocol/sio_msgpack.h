/* Socket.IO 5 packets in MessagePack, as socket.io-msgpack-parser has them: one binary message
 * each, with whatever is binary inside.
 *
 *     {type: 2, data: ["hello", 1, <bytes>], id: 17, nsp: "/admin"}
 *
 *   type  an integer, 0 .. 4 as in sio_packet.h: there are no BINARY_ types
 *   nsp   a string, never left out
 *   id    an integer; left out: none
 *   data  CONNECT an object, or left out; DISCONNECT nothing; CONNECT_ERROR a string or an object;
 *         EVENT and ACK an array
 *
 * Members come in any order, the last of a name counts, others are passed over (the clients send
 * "options"). JavaScript's undefined (ext 0 of one byte) is as good as left out.
 *
 * Everybody above this sees packets as their text would have been: decoding makes JSON of data,
 * with placeholders for what is binary, and encoding goes the other way (msgpack_json.h says how
 * values correspond).
 *
 * Accepted is what the reference (socket.io-msgpack-parser 3.0) accepts, but for what is refused in
 * text as well: an EVENT without a name, or with a reserved one. So are ids below 0, and
 * namespaces that are not UTF-8 or do not begin with '/'.
 *
 * Version 2 of socket.io-msgpack-parser, that of clients of Engine.IO 3, says BINARY_EVENT and
 * BINARY_ACK where there are binaries, with no other meaning; and CONNECT and DISCONNECT it writes
 * as JSON, in a text message:
 *
 *     {"type":0,"nsp":"/admin?token=x"}
 *
 * What is written for it is as for version 3, but that the data of a CONNECT_ERROR is a string, for
 * it throws at anything else. The reference (4.8) takes neither, and has it throw.
 *
 * Ownership: a decoded packet borrows the message and a struct sio_msgpack. Pure: no I/O, no global
 * state; up to 30 KB of stack. Any thread.
 * Source: socket.io-msgpack-parser 3.0.2 and 2.2.1, index.js. */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_SIO_MSGPACK_H
#define PROTOCOL_SIO_MSGPACK_H

#include "protocol/sio_packet.h"

/* --- decoding -------------------------------------------------------------------------------- */

/* What decoding writes, kept for its memory. A zeroed struct is an empty one. */
struct sio_msgpack {
    struct bytes json;
    struct bytes bins;
    bool version_2; /* what is decoded next is of that */
};

void sio_msgpack_finish(struct sio_msgpack *in);

/* The binaries that the placeholders of the packet decoded last stand for: packet.attachments of
 * them, pointing into the message. */
static inline const struct span *sio_msgpack_bins(const struct sio_msgpack *in)
{
    return (const struct span *)(const void *)in->bins.data;
}

/* Decodes one packet, as sio_packet_decode does: the type is that of the text, so BINARY_ if there
 * are binaries. attachments_max is for these; in depth a binary counts as an object. */
MUST_USE int sio_msgpack_decode(struct span message, const struct sio_limits *limits,
                                struct sio_msgpack *in, struct sio_packet *out);

/* Decodes what version 2 writes as JSON: a CONNECT or DISCONNECT. */
MUST_USE int sio_msgpack_decode_text(struct span message, const struct sio_limits *limits,
                                     struct sio_msgpack *in, struct sio_packet *out);

/* --- encoding --------------------------------------------------------------------------------
 * Everything appends to out and writes the bytes that the reference writes. Of a head type, nsp and
 * id count. */

struct sio_msgpack_args {
    struct span json; /* as in struct sio_packet: JSON values between commas, maybe none */
    const struct span *bins;
    size_t bin_count;
    struct span offset; /* one more argument, a string; empty: none */
};

/* name is plain text. */
void sio_msgpack_event_encode(struct bytes *out, const struct sio_head *head, struct span name,
                              const struct sio_msgpack_args *args);
void sio_msgpack_ack_encode(struct bytes *out, const struct sio_head *head,
                            const struct sio_msgpack_args *args);

/* As sio_connect_encode and sio_connect_error_encode. */
void sio_msgpack_connect_encode(struct bytes *out, struct span nsp, struct span sid,
                                struct span pid);
void sio_msgpack_connect_error_encode(struct bytes *out, struct span nsp, struct span message,
                                      struct span data);

/* A packet of any type with that payload, which is JSON; empty: without one. */
void sio_msgpack_bare_encode(struct bytes *out, enum sio_type type, struct span nsp,
                             struct span data);

#endif
