// SPDX-License-Identifier: MIT
#include <assert.h>

#include "protocol/ws_handshake.h"

static const struct http_head_limits limits = {
    .head_bytes_max = 4096, .request_line_bytes_max = 4096, .headers_max = HTTP_HEADERS_MAX};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* The request that an accepted one comes down to is accepted as well, and with the same key. */
static void check_request_again(const struct http_head *request, struct span key)
{
    struct bytes again = {0};
    struct http_head h;

    ws_handshake_request(SPAN("a"), request->target, key, SPAN(""), &again);
    assert(http_head_parse(again.data, again.len, 0, &limits, &h) == (int)again.len);
    assert(ws_handshake_check(&h) == 0);
    assert(span_eq(h.target, request->target));
    assert(span_eq(http_head_get(&h, SPAN("Sec-WebSocket-Key")), key));
    bytes_finish(&again);
}

/* The answer satisfies the client who knows the digest, and nobody with another one. */
static void check_answer(struct span key)
{
    uint8_t challenge[WS_CHALLENGE_LEN], digest[WS_DIGEST_LEN];
    struct bytes answer = {0};
    struct http_head h;

    ws_handshake_challenge(key, challenge);
    memcpy(digest, challenge, sizeof digest);
    ws_handshake_response(digest, SPAN("Vary: Origin\r\n"), &answer);
    assert(http_head_parse_response(answer.data, answer.len, 0, &limits, &h) == (int)answer.len);
    assert(ws_handshake_check_response(&h, digest) == 0);
    digest[0] ^= 1;
    assert(ws_handshake_check_response(&h, digest) == WS_HANDSHAKE_EACCEPT);
    bytes_finish(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const uint8_t digest[WS_DIGEST_LEN];
    struct http_head h;

    if (http_head_parse_response(data, len, 0, &limits, &h) > 0) {
        (void)!ws_handshake_check_response(&h, digest);
    }
    if (http_head_parse(data, len, 0, &limits, &h) <= 0) {
        return 0;
    }
    int error = ws_handshake_check(&h);
    if (error < 0) {
        assert(ws_handshake_refusal(error)->status >= 400);
        return 0;
    }
    struct span key = http_head_get(&h, SPAN("Sec-WebSocket-Key"));
    check_request_again(&h, key);
    check_answer(key);
    return 0;
}
