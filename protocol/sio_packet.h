/* Socket.IO 5 packets, text form: what an Engine.IO text message carries.
 *
 *     type [count '-'] [namespace ','] [id] [JSON]
 *
 *   type               count  JSON payload              example
 *   '0' CONNECT               none, or an object        0/admin,{"token":"x"}
 *   '1' DISCONNECT            none                      1/admin,
 *   '2' EVENT                 [name, arguments...]      2/admin,17["hello",1]
 *   '3' ACK                   [arguments...]            3/admin,17[1]
 *   '4' CONNECT_ERROR         a string or an object     4/admin,{"message":"no"}
 *   '5' BINARY_EVENT   yes    [name, arguments...]      51-["file",{"_placeholder":true,"num":0}]
 *   '6' BINARY_ACK     yes    [arguments...]            61-17[{"_placeholder":true,"num":0}]
 *
 * The namespace begins with '/' and reaches to the comma or, without one, to the end of the packet;
 * it is left out for "/". A packet that announces a count is followed by that many binary messages,
 * the attachments; sio_attach.h deals with the placeholders that stand for them.
 *
 * Accepted is what the reference (socket.io-parser 4.2.7) accepts, but for accidents of
 * JavaScript's Number(): there a blank passes for the digit 0, "1." for a count, and any id,
 * rounded, for an id. An EVENT without a payload, which it lets through to nobody's use, is refused
 * here.
 *
 * Whether a packet may come from that side, in that state, is the business of the socket layer.
 *
 * Ownership: a decoded packet borrows the text it was decoded from. Pure: no I/O, no allocation but
 * in the caller's buffer, no global state; any thread may call anything here.
 * Specification: socket.io-protocol v5, "Packet encoding". */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_SIO_PACKET_H
#define PROTOCOL_SIO_PACKET_H

#include "protocol/json.h"

enum sio_type {
    SIO_CONNECT,
    SIO_DISCONNECT,
    SIO_EVENT,
    SIO_ACK,
    SIO_CONNECT_ERROR,
    SIO_BINARY_EVENT,
    SIO_BINARY_ACK,
};

enum sio_error {
    SIO_ETYPE = -1,        /* empty, or the first byte is not '0'..'6' */
    SIO_EATTACHMENTS = -2, /* count of attachments missing, not a number, or zero */
    SIO_ETOOMANY = -3,     /* more attachments than the limit */
    SIO_EID = -4,          /* ack id above 2^64-1 */
    SIO_EJSON = -5,        /* payload is not JSON, not UTF-8, or too deep */
    SIO_EPAYLOAD = -6,     /* payload missing, or not of the kind the type wants */
    SIO_ERESERVED = -7,    /* event name that is kept for local events */
    SIO_ENAMESPACE = -8,   /* no namespace, or no name of one (other forms than text only) */
};

/* What went wrong, for a log line. */
const char *sio_strerror(enum sio_error error);

/* --- decoding -------------------------------------------------------------------------------- */

struct sio_limits {
    unsigned attachments_max; /* of one packet */
    unsigned depth_max;       /* containers inside each other, the payload's own array included */
};

struct sio_packet {
    enum sio_type type;
    unsigned attachments; /* binary messages that follow; not 0 for the BINARY_ types only */
    struct span nsp;      /* namespace, "/" if the packet names none */
    bool has_id;
    bool has_payload;
    uint64_t id;         /* of the ack asked for or given; if has_id */
    struct json payload; /* if has_payload */
    struct json event;   /* EVENTs: the name, a string or a number */
    struct span args;    /* EVENTs and ACKs: the arguments, as 1,"2",{"3":[true]}, just as the peer
                            wrote them (white space too); empty if there are none */
};

/* Decodes one packet. Returns 0 and fills *out, or returns an enum sio_error and leaves *out alone.
 * Placeholders are not looked at. */
MUST_USE int sio_packet_decode(struct span text, const struct sio_limits *limits,
                               struct sio_packet *out);

/* For other forms of a packet: fills in what follows from the payload, which is JSON here, in a
 * packet that has its type. Returns 0, or an enum sio_error. */
MUST_USE int sio_packet_read_payload(struct sio_packet *p, struct span json, unsigned depth_max);

/* --- encoding --------------------------------------------------------------------------------
 * Everything appends to out, without the digit of the Engine.IO packet in front, and writes the
 * bytes that the reference writes. */

/* What stands before the JSON: 2/admin,17 */
struct sio_head {
    enum sio_type type;
    unsigned attachments; /* for the BINARY_ types */
    struct span nsp;      /* "/" or empty for the root */
    bool has_id;
    uint64_t id;
};

/* For who writes the payload himself, and for DISCONNECT, which has none. */
void sio_head_encode(struct bytes *out, const struct sio_head *head);

/* Is that the name of an event that no peer may send, since the libraries emit it themselves? */
bool sio_name_reserved(struct span name);

/* EVENT and BINARY_EVENT. name is plain text and gets escaped here; args is as in struct sio_packet
 * and is copied. */
void sio_event_encode(struct bytes *out, const struct sio_head *head, struct span name,
                      struct span args);

/* ACK and BINARY_ACK. */
void sio_ack_encode(struct bytes *out, const struct sio_head *head, struct span args);

/* The server's answer to a CONNECT: 0/admin,{"sid":"..."}, with a "pid" if that is not empty (the
 * private id, by which a client may recover its session). Both are written as they are. */
void sio_connect_encode(struct bytes *out, struct span nsp, struct span sid, struct span pid);

/* 4/admin,{"message":"...","data":...}. message is plain text, data is JSON; an empty data is left
 * out. */
void sio_connect_error_encode(struct bytes *out, struct span nsp, struct span message,
                              struct span data);

#endif
