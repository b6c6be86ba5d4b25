/* Engine.IO 4 packets, text form: one type digit, then the payload.
 *
 *   bytes        meaning                      example
 *   '0' JSON     open      server -> client   0{"sid":"...","pingInterval":25000,...}
 *   '1'          close                        1
 *   '2' text     ping      server -> client   2, 2probe
 *   '3' text     pong                         3, 3probe
 *   '4' text     message                      42["hello"]
 *   '5'          upgrade   client -> server   5
 *   '6'          noop                         6
 *   'b' base64   binary message               bAQIDBA==
 *
 * The last form is for transports that carry text only; where the transport has binary messages of
 * its own (WebSocket), such a message is the bytes themselves and never comes here.
 *
 * Ownership: a decoded packet borrows the text it was decoded from. Pure: no I/O, no allocation but
 * in the caller's buffer, no global state; any thread may call anything here.
 * Specification: engine.io-protocol v4, "Packet encoding" and "Handshake". */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_EIO_PACKET_H
#define PROTOCOL_EIO_PACKET_H

#include "protocol/bytes.h"

enum eio_type {
    EIO_OPEN,
    EIO_CLOSE,
    EIO_PING,
    EIO_PONG,
    EIO_MESSAGE,
    EIO_UPGRADE,
    EIO_NOOP,
};

/* Errors are negative so that a length and an error fit one return value. */
enum eio_error {
    EIO_EEMPTY = -1, /* zero bytes: not even a type */
    EIO_ETYPE = -2,  /* first byte is neither '0'..'6' nor 'b' */
};

struct eio_packet {
    enum eio_type type;
    bool base64;         /* a binary message (type EIO_MESSAGE), payload is its base64 text */
    struct span payload; /* what follows the first byte */
};

/* Decodes the single packet that text is. Fills *out and returns 0, or returns an enum eio_error
 * and leaves *out alone. The base64 text is not looked at. */
MUST_USE int eio_packet_decode(struct span text, struct eio_packet *out);

static inline uint8_t eio_type_digit(enum eio_type type)
{
    return (uint8_t)('0' + (unsigned)type);
}

/* The first packet of a session, which tells the client what was agreed. */
struct eio_open {
    struct span sid; /* letters, digits, '-' and '_': written as it is */
    bool upgrades;   /* whether a WebSocket may take over from this transport */
    unsigned ping_interval_ms;
    unsigned ping_timeout_ms;
    uint64_t payload_bytes_max; /* of one message or polling request */
};

/* Appends the packet, type digit included, with the keys in the order of the reference:
 * 0{"sid":"...","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000} */
void eio_open_encode(struct bytes *out, const struct eio_open *open);

#endif
