/* Encoder: makes Socket.IO packets as they are queued, in WebSocket framing: a text frame with the
 * packet behind Engine.IO's '4', then a binary frame for each attachment.
 *
 *   81 len '4' 2["hello",1]          81 len '4' 51-["file",{...}]   82 len bytes
 *
 * or in MessagePack (protocol/sio_msgpack.h), all of it in one binary frame:
 *
 *   82 len {type: 2, data: ["file", bytes], nsp: "/"}
 *
 * Each function writes into the encoder's own buffer and hands out what is in it; it is good until
 * the next call on the same encoder.
 *
 * Arguments of the application are checked (one pass over them) before they go out, unless they are
 * the very ones that a client's packet has brought: the caller says by `trusted` which those are
 * while it hands them to the application.
 *
 * It keeps the memory of its last packet. One thread. */
// SPDX-License-Identifier: MIT
#ifndef SOCKET_ENCODER_H
#define SOCKET_ENCODER_H

#include "protocol/bytes.h"
#include "protocol/sio_packet.h"
#include "src/api/rookery.h"

enum {
    ENCODER_BYTES_MAX = 1 << 29,  /* of a packet with its attachments */
    ENCODER_ATTACHMENTS_MAX = 256 /* of a packet */
};

struct encoder {
    bool msgpack; /* never changes */
    struct bytes out;
    struct bytes args;   /* with attachments: the arguments renumbered */
    struct span trusted; /* arguments that are valid JSON for sure */
};

void encoder_finish(struct encoder *e);

/* An event. head is that of an EVENT without attachments. Returns 0 with *frames set, or
 * ROOKERY_ERESERVED, ROOKERY_EINVAL or ROOKERY_ELIMIT. args may be NULL. */
MUST_USE int encoder_event(struct encoder *e, struct sio_head head, struct rookery_str name,
                           const struct rookery_args *args, struct span *frames);

/* The same, with an offset (see adapter.h; JSON needs no escapes in it) as its last argument. */
MUST_USE int encoder_event_at(struct encoder *e, struct sio_head head, struct rookery_str name,
                              const struct rookery_args *args, struct span offset,
                              struct span *frames);

/* An answer. head is that of an ACK without attachments. As encoder_event. */
MUST_USE int encoder_ack(struct encoder *e, struct sio_head head, const struct rookery_args *args,
                         struct span *frames);

/* What encoder_event would say about it. */
MUST_USE int encoder_check(struct rookery_str name, const struct rookery_args *args);

/* pid: empty if there is none. */
struct span encoder_connect(struct encoder *e, struct span nsp, struct span sid, struct span pid);
/* data: JSON, or empty. */
struct span encoder_connect_error(struct encoder *e, struct span nsp, struct span message,
                                  struct span data);
struct span encoder_disconnect(struct encoder *e, struct span nsp);
/* CONNECT and its refusal for clients of Engine.IO 3 (see eio3.h). */
struct span encoder_connect_eio3(struct encoder *e, struct span nsp);
struct span encoder_connect_error_eio3(struct encoder *e, struct span nsp, struct span message,
                                       struct span data);

#endif
