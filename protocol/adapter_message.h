/* Adapter messages: what Socket.IO servers of one cluster tell each other, whichever of the wires
 * carries it:
 *
 *   adapter_classic.h   @socket.io/redis-adapter 8.x (createAdapter), and redis-emitter
 *   adapter_cluster.h   the ClusterAdapter messages of its createShardedAdapter and of
 *                       redis-streams-adapter 0.3
 *
 * Events and answers are JSON as everywhere here: `args` are comma-separated JSON values, in which
 * {"_placeholder":true,"num":N} stands for bins[N]; the codecs turn that into what the wire has.
 *
 * Ownership: an encoder borrows what the message points to. A decoded message points into the
 * payload and into the decoder that it was decoded with, until that decodes the next.
 * Source: the packages named, and socket.io-adapter 2.5. */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_ADAPTER_MESSAGE_H
#define PROTOCOL_ADAPTER_MESSAGE_H

#include "protocol/bytes.h"

enum adapter_kind {
    ADAPTER_BROADCAST,  /* an event for sockets; with a request id their answers are wanted */
    ADAPTER_JOIN,       /* the target's sockets join the operands */
    ADAPTER_LEAVE,      /* or leave them */
    ADAPTER_DISCONNECT, /* the target's sockets leave the namespace, or (close) the server */
    ADAPTER_FETCH,      /* describe the target's sockets */
    ADAPTER_ROOMS,      /* classic: name all rooms */
    ADAPTER_IDS,        /* classic: name the ids of all sockets in the target's rooms */
    ADAPTER_EMIT,       /* serverSideEmit: an event for the servers themselves */
    ADAPTER_CATCH_UP,   /* ours: send again what came after what I have; or (done): that was it */
    /* answers, with the request's id */
    ADAPTER_COUNT,       /* so many sockets here are asked (BROADCAST) */
    ADAPTER_ACK,         /* one of them has answered with args, one value or none */
    ADAPTER_SOCKETS,     /* to FETCH */
    ADAPTER_ROOM_NAMES,  /* to ROOMS: `operands` */
    ADAPTER_ID_NAMES,    /* to IDS: `operands` */
    ADAPTER_EMIT_ANSWER, /* args, one value */
    ADAPTER_DONE,        /* classic, to old forms of JOIN, LEAVE, DISCONNECT */
    ADAPTER_IGNORED,     /* well-formed and nothing to do: heartbeats, ADAPTER_CLOSE, unknown */
};

/* A list of names. */
struct adapter_names {
    const struct span *items;
    size_t count;
};

struct adapter_args {
    struct span json; /* comma-separated values; empty: none */
    const struct span *bins;
    size_t bin_count;
};

struct adapter_socket {
    struct span id;
    struct span handshake; /* JSON object, as the next */
    struct span data;
    struct adapter_names rooms;
};

/* An answer to a CATCH_UP is sent to who has asked, and to nobody else: a beginning, the broadcasts
 * again as they were, an end. It begins late when some that were missed are not kept any more. */
enum adapter_phase { ADAPTER_ASKS, ADAPTER_BEGINS, ADAPTER_BEGINS_LATE, ADAPTER_ENDS };

/* How far somebody has come with what another has sent. */
struct adapter_seen {
    struct span uid;
    uint64_t seq;
};

struct adapter_message {
    enum adapter_kind kind;
    struct span uid;        /* of the sender; empty: not said (redis-emitter) */
    struct span request_id; /* empty: none */
    struct span nsp;

    /* Whom it is for: everybody in any of the rooms (none: all), without those in `except`. */
    struct adapter_names rooms, except;

    /* BROADCAST, EMIT: plain text of the event's name (of a number, its digits). */
    struct span event;
    struct adapter_args args;
    bool is_volatile, no_compress;
    uint64_t timeout_ms; /* BROADCAST with a request id; 0: not said */

    /* Ours, in the flags of a BROADCAST, where Node leaves them alone: a number that grows with
     * each one of that uid (0: none), and text for servers of our kind (empty: none). */
    uint64_t seq;
    struct span note;

    struct adapter_names operands;
    bool close;
    bool wants_done; /* an old form: answer with DONE */
    uint64_t count;
    const struct adapter_socket *sockets;
    size_t socket_count;
    /* CATCH_UP; also seq: that of the sender's last, or (BEGINS...) of the one before what comes.
     */
    const struct adapter_seen *seen;
    size_t seen_count;
    uint64_t lately_ms; /* only what was said within that time */
    uint64_t ask;       /* the asker's number of the question; of an answer, of that */
    enum adapter_phase phase;
};

/* Must a message of that kind (BROADCAST, EMIT) not be about that event? It would make clients, or
 * servers in Node, fail: decoders refuse it, and to encode it is the caller's mistake. */
bool adapter_event_reserved(enum adapter_kind kind, struct span event);

enum adapter_error {
    ADAPTER_ESYNTAX = -1, /* not the format of the wire */
    ADAPTER_ESHAPE = -2,  /* a member is missing or of the wrong kind */
    ADAPTER_ELIMIT = -3,  /* too deep, or too many names, sockets or binaries */
};

const char *adapter_strerror(int error);

enum {
    ADAPTER_DEPTH_MAX = 256,    /* containers inside each other */
    ADAPTER_NAMES_MAX = 100000, /* of one list */
    ADAPTER_SOCKETS_MAX = 100000,
    ADAPTER_BINS_MAX = 256,
};

/* Where decoded messages keep what is not in the payload as it is. A zeroed one is ready. One
 * thread at a time. */
struct adapter_decoder {
    struct bytes text;  /* JSON that was msgpack, names that were escaped, bytes that were Base64 */
    struct bytes spans; /* arrays of struct span, and of the structs above */
};

void adapter_decoder_finish(struct adapter_decoder *d);

#endif
