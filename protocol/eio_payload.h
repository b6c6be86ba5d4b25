/* Engine.IO 4 payloads: the body of a polling request or answer, one packet or several.
 *
 *     packet [0x1e packet]...        4hello <0x1e> 2 <0x1e> bAQID
 *
 * Each is a packet in text form (eio_packet.h); a binary message is 'b' and its base64. JSON has no
 * raw control characters in it, so text never holds the separator. There is no empty payload: where
 * nothing stands between separators, or in the whole body, a packet is missing.
 *
 *     struct eio_payload_reader r;
 *     struct eio_packet packet;
 *     int rc;
 *     eio_payload_begin(&r, body);
 *     while ((rc = eio_payload_next(&r, &packet)) > 0) { ... }
 *     if (rc < 0) { ... what came before has been handled; the session ends ... }
 *
 * Ownership: packets borrow the body. Pure: no I/O, no allocation but in the caller's buffer, no
 * global state; any thread may call anything here.
 * Specification: engine.io-protocol v4, "Payload encoding". */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_EIO_PAYLOAD_H
#define PROTOCOL_EIO_PAYLOAD_H

#include "protocol/eio_packet.h"

enum { EIO_SEPARATOR = 0x1e };

struct eio_payload_reader {
    struct span rest;
    bool more; /* rest is a packet, or begins with one */
};

void eio_payload_begin(struct eio_payload_reader *r, struct span body);

/* Returns 1 and fills *out with the next packet, 0 after the last one, or an enum eio_error, which
 * ends the payload. */
MUST_USE int eio_payload_next(struct eio_payload_reader *r, struct eio_packet *out);

/* Where a payload is being written: begin with {.out = ...}. What out holds already stays before
 * it. */
struct eio_payload_writer {
    struct bytes *out;
    unsigned packets; /* written so far */
};

/* Appends a packet that is in text form, type digit included. */
void eio_payload_add_text(struct eio_payload_writer *w, struct span packet);

/* Appends a binary message. */
void eio_payload_add_binary(struct eio_payload_writer *w, struct span message);

/* Appends packets out of a queue that is kept for WebSocket: a run of whole frames as
 * ws_frame_encode_head begins them, unmasked and uncompressed, one text or binary message in each.
 * Stops when the payload has packets_max packets. Returns the bytes of frames that are in the
 * payload now. The frames are our own: that they are as said is asserted. */
size_t eio_payload_add_frames(struct eio_payload_writer *w, struct span frames,
                              unsigned packets_max);

#endif
