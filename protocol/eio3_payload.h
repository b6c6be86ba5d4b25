/* Engine.IO 3 on the wire, where it differs from revision 4 (eio_packet.h, eio_payload.h): the type
 * digit stands before binary messages too, and payloads say how long their packets are.
 *
 *   message                       text     4hello
 *                                 base64   b4AQID
 *                                 binary   04 01 02 03          a WebSocket message, or in a
 * payload
 *
 *   payload   text      units ':' packet ...                  6:4hello6:b4AQID
 *             binary    kind digit... ff packet ...           00 06 ff "4hello"  01 04 ff 04 01 02
 * 03
 *
 * In the text form a length is what JavaScript calls it, UTF-16 units, and binary messages are in
 * base64. In the binary form it is bytes, a digit (0..9, not '0'..'9') in each; kind is 0 for text
 * and 1 for a binary message. A payload of text alone goes in the text form to anybody.
 *
 *     struct eio3_payload_reader r;
 *     struct eio3_packet p;
 *     int rc;
 *     eio3_payload_begin(&r, body, is_binary);
 *     while ((rc = eio3_payload_next(&r, &p)) > 0) { ... }
 *     if (rc < 0) { ... what came before has been handled; the session ends ... }
 *
 * Ownership: packets borrow what they were decoded from. Pure: no I/O, no allocation but in the
 * caller's buffer, no global state; any thread may call anything here.
 * Specification: engine.io-protocol v3; engine.io-parser 2.2. */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_EIO3_PAYLOAD_H
#define PROTOCOL_EIO3_PAYLOAD_H

#include "protocol/eio_packet.h"

enum eio3_error {
    EIO3_EEMPTY = -1, /* nothing, where a packet or a payload should be */
    EIO3_ETYPE = -2,  /* no such packet */
    EIO3_ELENGTH =
        -3,          /* a length that is none, or goes beyond the payload or through a character */
    EIO3_ETEXT = -4, /* text that is not UTF-8 */
};

/* As eio_packet_decode; of base64, payload is what follows the type. */
MUST_USE int eio3_packet_decode(struct span text, struct eio_packet *out);

/* Takes the type off a binary message: 0, or EIO3_EEMPTY or EIO3_ETYPE. */
MUST_USE int eio3_message_decode(struct span message, struct span *out);

struct eio3_packet {
    bool is_binary; /* a message, whose payload is the very bytes */
    struct eio_packet packet;
};

struct eio3_payload_reader {
    struct span rest;
    bool binary;
    bool begun;
};

/* binary: the body is in that form. */
void eio3_payload_begin(struct eio3_payload_reader *r, struct span body, bool binary);

/* Returns 1 and fills *out with the next packet, 0 after the last one, or an enum eio3_error, which
 * ends the payload. Packets without a byte are passed over. */
MUST_USE int eio3_payload_next(struct eio3_payload_reader *r, struct eio3_packet *out);

struct eio3_payload_writer {
    struct bytes *out;
    size_t begin;     /* what out holds before that stays */
    unsigned packets; /* written so far */
    bool base64_only; /* the peer takes no binary payloads */
    bool binary;      /* so far it is one */
};

void eio3_payload_open(struct eio3_payload_writer *w, struct bytes *out, bool base64_only);

/* Appends a packet that is in text form, type digit included. It is UTF-8. */
void eio3_payload_add_text(struct eio3_payload_writer *w, struct span packet);

/* Appends a binary message. What has been written as text is written anew, unless base64_only. */
void eio3_payload_add_binary(struct eio3_payload_writer *w, struct span message);

/* As eio_payload_add_frames. */
size_t eio3_payload_add_frames(struct eio3_payload_writer *w, struct span frames,
                               unsigned packets_max);

/* Appends the frames once more, as they go to a WebSocket of this revision. */
void eio3_frames_encode(struct bytes *out, struct span frames);

/* Is there a binary message among them, which eio3_frames_encode would change? */
bool eio3_frames_differ(struct span frames);

#endif
