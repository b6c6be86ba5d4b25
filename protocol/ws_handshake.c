// SPDX-License-Identifier: MIT
#include "protocol/ws_handshake.h"

#include <assert.h>

#include "protocol/base64.h"

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

enum { STATUS_SWITCHING_PROTOCOLS = 101, KEY_DIGITS = WS_KEY_LEN - 2 /* then "==" */ };

static_assert(WS_CHALLENGE_LEN == WS_KEY_LEN + sizeof(GUID) - 1, "key and GUID");

/* The value of a field that is there once, else an empty span. */
static struct span only_value(const struct http_head *head, struct span name)
{
    struct span value = {0};
    unsigned count = 0;

    for (unsigned i = 0; i < head->header_count; i++) {
        if (span_eq_nocase(head->headers[i].name, name)) {
            value = head->headers[i].value;
            count++;
        }
    }
    return count == 1 ? value : (struct span){0};
}

static bool is_base64_digit(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
}

static bool key_valid(struct span key)
{
    if (key.len != WS_KEY_LEN || key.data[KEY_DIGITS] != '=' || key.data[KEY_DIGITS + 1] != '=') {
        return false;
    }
    for (size_t i = 0; i < KEY_DIGITS; i++) {
        if (!is_base64_digit(key.data[i])) {
            return false;
        }
    }
    return true;
}

static bool names_websocket(const struct http_head *head)
{
    return head->upgrade && http_list_has(http_head_get(head, SPAN("Upgrade")), SPAN("websocket"));
}

int ws_handshake_check(const struct http_head *request)
{
    if (!span_eq(request->method, SPAN("GET")) || request->minor == 0) {
        return WS_HANDSHAKE_EMETHOD;
    }
    if (!names_websocket(request)) {
        return WS_HANDSHAKE_EUPGRADE;
    }
    if (!span_eq(only_value(request, SPAN("Sec-WebSocket-Version")), SPAN("13"))) {
        return WS_HANDSHAKE_EVERSION;
    }
    if (!key_valid(only_value(request, SPAN("Sec-WebSocket-Key")))) {
        return WS_HANDSHAKE_EKEY;
    }
    return 0;
}

const struct ws_refusal *ws_handshake_refusal(int error)
{
    /* A 426 has to say what to upgrade to (RFC 9110 15.5.22). */
    static const struct ws_refusal refusals[] = {
        [-WS_HANDSHAKE_EMETHOD] = {400, "WebSocket handshakes are GET in HTTP/1.1", ""},
        [-WS_HANDSHAKE_EUPGRADE] = {400, "not a WebSocket handshake", ""},
        [-WS_HANDSHAKE_EVERSION] = {426, "missing or unsupported Sec-WebSocket-Version",
                                    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"},
        [-WS_HANDSHAKE_EKEY] = {400, "missing or invalid Sec-WebSocket-Key", ""},
    };

    assert(error < 0 && error >= WS_HANDSHAKE_EKEY);
    return &refusals[-error];
}

void ws_handshake_challenge(struct span key, uint8_t out[WS_CHALLENGE_LEN])
{
    assert(key.len == WS_KEY_LEN);

    memcpy(out, key.data, WS_KEY_LEN);
    memcpy(out + WS_KEY_LEN, GUID, sizeof(GUID) - 1);
}

struct span ws_handshake_subprotocol(const struct http_head *request)
{
    struct span list = http_head_get(request, SPAN("Sec-WebSocket-Protocol"));

    while (list.len > 0 && (list.data[0] == ' ' || list.data[0] == '\t' || list.data[0] == ',')) {
        list = span_skip(list, 1);
    }
    return span_of(list.data, http_token_len(list));
}

void ws_handshake_response(const uint8_t digest[WS_DIGEST_LEN], struct span fields,
                           struct bytes *out)
{
    bytes_add_cstr(out, "HTTP/1.1 101 Switching Protocols\r\n"
                        "Upgrade: websocket\r\n"
                        "Connection: Upgrade\r\n"
                        "Sec-WebSocket-Accept: ");
    base64_encode(span_of(digest, WS_DIGEST_LEN), out);
    bytes_add_cstr(out, "\r\n");
    bytes_add_span(out, fields);
    bytes_add_cstr(out, "\r\n");
}

void ws_handshake_request(struct span host, struct span target, struct span key, struct span fields,
                          struct bytes *out)
{
    assert(key.len == WS_KEY_LEN);

    bytes_add_cstr(out, "GET ");
    bytes_add_span(out, target);
    bytes_add_cstr(out, " HTTP/1.1\r\nHost: ");
    bytes_add_span(out, host);
    bytes_add_cstr(out, "\r\nUpgrade: websocket\r\n"
                        "Connection: Upgrade\r\n"
                        "Sec-WebSocket-Version: 13\r\n"
                        "Sec-WebSocket-Key: ");
    bytes_add_span(out, key);
    bytes_add_cstr(out, "\r\n");
    bytes_add_span(out, fields);
    bytes_add_cstr(out, "\r\n");
}

int ws_handshake_check_response(const struct http_head *response,
                                const uint8_t digest[WS_DIGEST_LEN])
{
    struct bytes accept = {0};

    if (response->status != STATUS_SWITCHING_PROTOCOLS || !names_websocket(response)) {
        return WS_HANDSHAKE_EUPGRADE;
    }
    base64_encode(span_of(digest, WS_DIGEST_LEN), &accept);
    bool same = span_eq(only_value(response, SPAN("Sec-WebSocket-Accept")), bytes_span(&accept));
    bytes_finish(&accept);
    return same ? 0 : WS_HANDSHAKE_EACCEPT;
}
