// SPDX-License-Identifier: MIT
#include "protocol/ws_close.h"

#include <assert.h>

#include "protocol/utf8.h"

enum { CODE_BYTES = 2 };

bool ws_close_code_valid(unsigned code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

int ws_close_decode(struct span payload, struct ws_close *out)
{
    if (payload.len == 0) {
        *out = (struct ws_close){.code = WS_CODE_NONE};
        return 0;
    }
    if (payload.len < CODE_BYTES || !ws_close_code_valid(load_be16(payload.data))) {
        return WS_ECLOSE;
    }
    struct span reason = span_skip(payload, CODE_BYTES);
    if (!utf8_valid(reason)) {
        return WS_EUTF8;
    }
    *out = (struct ws_close){.code = load_be16(payload.data), .reason = reason};
    return 0;
}

size_t ws_close_encode(uint8_t out[WS_CONTROL_MAX], unsigned code, struct span reason)
{
    if (code == WS_CODE_NONE) {
        return 0;
    }
    assert(ws_close_code_valid(code));
    assert(reason.len <= WS_CLOSE_REASON_MAX);

    store_be16(out, (uint16_t)code);
    if (reason.len != 0) {
        memcpy(out + CODE_BYTES, reason.data, reason.len);
    }
    return CODE_BYTES + reason.len;
}

unsigned ws_error_close_code(int error)
{
    switch (error) {
    case WS_EUTF8:
    case WS_EDEFLATE: /* as the reference answers it */
        return WS_CODE_BAD_DATA;
    case WS_ETOOBIG:
        return WS_CODE_TOO_BIG;
    default:
        return WS_CODE_PROTOCOL_ERROR;
    }
}
