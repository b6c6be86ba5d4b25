/* WebSocket Close frames (RFC 6455 5.5.1, 7.4): nothing, or two bytes of code and then a reason in
 * UTF-8.
 *
 *   1000..1003, 1007..1014   defined, may be sent
 *   3000..4999               libraries' and applications' own, may be sent
 *   1005                     stands for "a Close frame without a code"; never on the wire
 *   all others               never on the wire: 1004, 1006, 1015 and what is not defined
 *
 * Pure: no allocation, no global state. */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_WS_CLOSE_H
#define PROTOCOL_WS_CLOSE_H

#include "protocol/ws_frame.h"

enum {
    WS_CODE_NORMAL = 1000,
    WS_CODE_GOING_AWAY = 1001,
    WS_CODE_PROTOCOL_ERROR = 1002,
    WS_CODE_NONE = 1005,
    WS_CODE_BAD_DATA = 1007,
    WS_CODE_TOO_BIG = 1009,
};

enum { WS_CLOSE_REASON_MAX = WS_CONTROL_MAX - 2 }; /* bytes */

/* True for the codes that may be on the wire. */
bool ws_close_code_valid(unsigned code);

struct ws_close {
    unsigned code; /* WS_CODE_NONE if the frame has none */
    struct span reason;
};

/* Reads the payload of a Close frame, from which the reason is borrowed. 0, WS_ECLOSE or
 * WS_EUTF8. */
MUST_USE int ws_close_decode(struct span payload, struct ws_close *out);

/* Writes the payload of a Close frame and returns its bytes. A code of WS_CODE_NONE leaves it
 * empty. The code is valid and the reason, UTF-8 of at most WS_CLOSE_REASON_MAX bytes, ours or
 * checked. */
size_t ws_close_encode(uint8_t out[WS_CONTROL_MAX], unsigned code, struct span reason);

/* The code that answers an enum ws_error: 1002, 1007 or 1009. */
unsigned ws_error_close_code(int error);

#endif
