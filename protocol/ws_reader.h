/* WebSocket messages out of a byte stream that the network cuts anywhere (RFC 6455 5.4, 5.5, 8.1):
 * fragments are joined, masks removed, text is checked as UTF-8 as it arrives, and control frames
 * come out between the fragments of a message.
 *
 *               data frame, FIN                          control frames, anywhere: an event,
 *              .--------------> event                    and the state stays
 *   [no message]
 *       |   ^
 *       |   `----- continuation, FIN: event
 *       v
 *   [in a message] --- continuation: joined to it
 *
 * Use, once the bytes [p, p+n) have been read from the connection:
 *
 *   for (;;) {
 *       struct ws_event event;
 *       int used = ws_reader_next(&reader, p, n, &event);
 *       if (used < 0) { ... close with ws_error_close_code(used), read no more ... }
 *       p += used, n -= (size_t)used;
 *       if (event.type == WS_EVENT_NONE) break;
 *       ... handle it ...
 *   }
 *
 * Memory: a message that lies whole in [p, p+n) in one frame, the common case, is delivered from
 * there without a copy. Of others the reader keeps what has come so far, in a buffer that it
 * allocates when it needs it and frees in the call after the one that delivered the message; after
 * WS_EVENT_NONE a connection between two messages holds none. The buffer grows with what arrived,
 * not with what was announced, to at most twice message_bytes_max.
 *
 * Embedded in the connection, used on its thread only. */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_WS_READER_H
#define PROTOCOL_WS_READER_H

#include <assert.h>

#include "protocol/utf8.h"
#include "protocol/ws_close.h"
#include "protocol/ws_frame.h"

enum ws_event_type {
    WS_EVENT_NONE, /* all input was taken; no message is complete */
    WS_EVENT_TEXT,
    WS_EVENT_BINARY,
    WS_EVENT_PING,
    WS_EVENT_PONG,
    WS_EVENT_CLOSE,
};

struct ws_event {
    enum ws_event_type type;
    bool compressed;     /* TEXT, BINARY: to be inflated; such a TEXT is not checked as UTF-8 */
    uint16_t close_code; /* CLOSE: WS_CODE_NONE if it had none */

    /* The message, the payload of a ping or pong, or the reason of a Close. Borrowed from the input
     * or from the reader: good until the next call, or until the input goes. */
    struct span payload;
};

enum ws_reader_option {
    WS_READER_CLIENT = 1,  /* reads what a server sends: frames must not be masked, else must be */
    WS_READER_DEFLATE = 2, /* permessage-deflate was agreed: messages may be compressed */
};

struct ws_reader {
    struct bytes partial; /* the message so far, then the tail */
    uint32_t message_bytes_max;
    uint32_t payload_left; /* bytes of the current frame's payload that have not come yet */
    uint8_t mask[WS_MASK_BYTES];
    struct utf8_state text;
    uint8_t phase;    /* where in the mask the next byte of the payload is */
    uint8_t tail_len; /* bytes of a head, or of a control frame's payload, cut by the input's end */
    uint8_t opcode;   /* of the current frame */
    uint8_t message_opcode; /* of the message under way; WS_CONTINUATION: there is none */
    uint8_t options;
    bool in_payload : 1; /* the head of the current frame has been read */
    bool fin : 1;        /* of the current frame */
    bool compressed : 1; /* the message under way */
    bool delivered : 1;  /* the last event's payload is in `partial` */
};

static_assert(sizeof(struct ws_reader) <= 48, "every connection has one");

/* options: of enum ws_reader_option. message_bytes_max is the limit of a whole message, as it is on
 * the wire. */
void ws_reader_init(struct ws_reader *r, uint32_t message_bytes_max, unsigned options);

/* Takes bytes from [p, p+n), n <= INT_MAX, up to the end of the next message or control frame, and
 * unmasks them where they are. Returns how many it took, all n if event->type is WS_EVENT_NONE; or
 * an enum ws_error, after which only ws_reader_finish may follow. */
MUST_USE int ws_reader_next(struct ws_reader *r, uint8_t *p, size_t n, struct ws_event *event);

/* Frees what is left of an incomplete message. */
void ws_reader_finish(struct ws_reader *r);

#endif
