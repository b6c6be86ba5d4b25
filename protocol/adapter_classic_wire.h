/* What the halves of the classic codec share; nobody else includes it. */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_ADAPTER_CLASSIC_WIRE_H
#define PROTOCOL_ADAPTER_CLASSIC_WIRE_H

#include "protocol/adapter_classic.h"

/* `type` of requests, and of answers where they have one. */
enum classic_type {
    CLASSIC_SOCKETS = 0,
    CLASSIC_ALL_ROOMS = 1,
    CLASSIC_REMOTE_JOIN = 2,
    CLASSIC_REMOTE_LEAVE = 3,
    CLASSIC_REMOTE_DISCONNECT = 4,
    CLASSIC_REMOTE_FETCH = 5,
    CLASSIC_SERVER_SIDE_EMIT = 6, /* and its answer */
    CLASSIC_BROADCAST_ASKING = 7,
    CLASSIC_CLIENT_COUNT = 8,
    CLASSIC_BROADCAST_ACK = 9,
    CLASSIC_CATCH_UP = 100, /* ours; Node lets pass what it does not know */
};

/* `type` of a packet: an event; BINARY_EVENT came from adapters for Socket.IO 2. */
enum { CLASSIC_PACKET_EVENT = 2, CLASSIC_PACKET_BINARY_EVENT = 5 };

#endif
