// SPDX-License-Identifier: MIT
#include <assert.h>

#include "protocol/ws_frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_same_head(const struct ws_frame_head *a, const struct ws_frame_head *b)
{
    assert(a->opcode == b->opcode);
    assert(a->rsv == b->rsv);
    assert(a->fin == b->fin);
    assert(a->masked == b->masked);
    assert(memcmp(a->mask, b->mask, sizeof a->mask) == 0);
    assert(a->payload_len == b->payload_len);
}

/* A head that is accepted survives encoding, needs every one of its bytes, and does not depend on
 * what follows it; encoding never makes it longer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct ws_frame_head head, again;
    uint8_t out[WS_HEAD_MAX];
    int n = ws_frame_decode_head(data, len, &head);

    if (n <= 0) {
        assert(n < 0 ? n >= WS_ELENGTH : len < WS_HEAD_MAX);
        return 0;
    }
    assert(ws_frame_decode_head(data, (size_t)n - 1, &again) == 0);
    assert(ws_frame_decode_head(data, (size_t)n, &again) == n);
    check_same_head(&head, &again);

    size_t encoded = ws_frame_encode(out, &head);
    assert(encoded <= (size_t)n);
    assert(ws_frame_decode_head(out, encoded, &again) == (int)encoded);
    check_same_head(&head, &again);
    return 0;
}
