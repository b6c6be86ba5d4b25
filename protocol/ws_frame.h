/* WebSocket frames (RFC 6455 5.2): the head before each payload, and the mask over it.
 *
 *   byte 0      FIN RSV1 RSV2 RSV3 | opcode (4 bits)
 *   byte 1      MASK | length (7 bits): 0..125, or
 *                 126: 2 more bytes of length, big-endian
 *                 127: 8 more bytes of length, the top bit clear
 *   4 bytes     masking key, if MASK: every frame of a client, no frame of a server
 *   length      payload, of a masked frame XORed with the key over and over
 *
 * A head is decoded by itself, whatever came before it; which frames may follow each other is for
 * ws_reader.h, what a Close frame holds for ws_close.h. A length need not be in its shortest form:
 * the reference does not ask for that either.
 *
 * Pure: no allocation, no global state. */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_WS_FRAME_H
#define PROTOCOL_WS_FRAME_H

#include "protocol/bytes.h"

enum ws_opcode {
    WS_CONTINUATION = 0x0,
    WS_TEXT = 0x1,
    WS_BINARY = 0x2,
    WS_CLOSE = 0x8,
    WS_PING = 0x9,
    WS_PONG = 0xA,
};

/* What can be wrong with frames; those after WS_ELENGTH are found by ws_reader and ws_close, the
 * last by whoever inflates. */
enum ws_error {
    WS_EOPCODE = -1,   /* a reserved opcode */
    WS_ECONTROL = -2,  /* a control frame in fragments, or of more than WS_CONTROL_MAX bytes */
    WS_ELENGTH = -3,   /* a 64-bit length with the top bit set */
    WS_ERSV = -4,      /* a reserved bit that no extension gives a meaning */
    WS_EMASK = -5,     /* a client that does not mask, or a server that does */
    WS_EFRAGMENT = -6, /* a continuation of nothing, or a new message inside another */
    WS_ECLOSE = -7,    /* a Close payload of one byte, or with a code nobody may send */
    WS_EUTF8 = -8,     /* text that is not UTF-8 */
    WS_ETOOBIG = -9,   /* a message above its limit */
    WS_EDEFLATE = -10, /* a compressed message that is none */
};

/* A few words on the error, for logs. */
const char *ws_strerror(int error);

enum {
    WS_HEAD_MAX = 14,     /* bytes of the longest head */
    WS_CONTROL_MAX = 125, /* bytes of payload in a control frame */
    WS_MASK_BYTES = 4,
};

/* Bits of ws_frame_head.rsv. */
enum {
    WS_RSV1 = 4, /* permessage-deflate (RFC 7692): the message is compressed */
    WS_RSV2 = 2,
    WS_RSV3 = 1,
};

struct ws_frame_head {
    enum ws_opcode opcode;
    uint8_t rsv; /* bits WS_RSV1..3 */
    bool fin;    /* the last frame of its message */
    bool masked;
    uint8_t mask[WS_MASK_BYTES]; /* the key, if masked */
    uint64_t payload_len;        /* bytes */
};

static inline bool ws_opcode_is_control(enum ws_opcode opcode)
{
    return opcode >= WS_CLOSE;
}

/* Decodes the head that begins at p. Returns its bytes (2..WS_HEAD_MAX) with *out filled, 0 if n
 * bytes are not all of it, or an enum ws_error: WS_EOPCODE, WS_ECONTROL or WS_ELENGTH. */
MUST_USE int ws_frame_decode_head(const uint8_t *p, size_t n, struct ws_frame_head *out);

/* Writes the head of any frame, the length in its shortest form, and returns its bytes. */
size_t ws_frame_encode(uint8_t out[WS_HEAD_MAX], const struct ws_frame_head *head);

/* The same for a frame without mask and reserved bits, as servers send them. */
size_t ws_frame_encode_head(uint8_t out[WS_HEAD_MAX], enum ws_opcode opcode, bool fin,
                            uint64_t payload_len);

/* Takes the first message off a run of whole frames as a server queues them: unmasked,
 * uncompressed, one text or binary message in each. The frames are our own: that they are as said
 * is asserted. */
struct span ws_frames_take(struct span *frames, bool *is_binary);

/* Masks or unmasks, which is the same, n bytes of a payload in place. phase is where in the payload
 * they begin. */
void ws_mask(uint8_t *p, size_t n, const uint8_t mask[WS_MASK_BYTES], size_t phase);

#endif
