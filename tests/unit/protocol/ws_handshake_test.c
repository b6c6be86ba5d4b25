// SPDX-License-Identifier: MIT
#include "protocol/ws_handshake.h"
#include "tests/support/tap.h"

static const struct http_head_limits limits = {
    .head_bytes_max = 4096, .request_line_bytes_max = 1000, .headers_max = HTTP_HEADERS_MAX};

/* The example of RFC 6455 1.3, and its digest. */
#define KEY "dGhlIHNhbXBsZSBub25jZQ=="
static const uint8_t digest[WS_DIGEST_LEN] = {0xb3, 0x7a, 0x4f, 0x2c, 0xc0, 0x62, 0x4f,
                                              0x16, 0x90, 0xf6, 0x46, 0x06, 0xcf, 0x38,
                                              0x59, 0x45, 0xb2, 0xbe, 0xc4, 0xea};

static struct http_head head;

static int check_request(struct span s)
{
    if (http_head_parse(s.data, s.len, 0, &limits, &head) != (int)s.len) {
        return 1;
    }
    return ws_handshake_check(&head);
}

#define UPGRADE         "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
#define VERSION         "Sec-WebSocket-Version: 13\r\n"
#define KEY_FIELD       "Sec-WebSocket-Key: " KEY "\r\n"
#define REQUEST(fields) SPAN("GET / HTTP/1.1\r\nHost: a\r\n" fields "\r\n")

static void accepts_the_handshake_of_a_browser(void)
{
    check(check_request(REQUEST(UPGRADE VERSION KEY_FIELD)) == 0);
    check(check_request(REQUEST(
              "connection: upgrade\r\nupgrade: foo, WebSocket\r\n" VERSION KEY_FIELD)) == 0);
}

static bool chooses(struct span request, const char *want)
{
    return check_request(request) == 0 && span_eq(ws_handshake_subprotocol(&head), span_cstr(want));
}

static void chooses_the_first_subprotocol_that_is_offered(void)
{
#define OFFER(list) REQUEST(UPGRADE VERSION KEY_FIELD list)
    check(chooses(OFFER("Sec-WebSocket-Protocol: chat\r\n"), "chat"));
    check(chooses(OFFER("sec-websocket-protocol: a.b-1, chat\r\n"), "a.b-1"));
    check(chooses(OFFER("Sec-WebSocket-Protocol: ,\t b;c\r\n"), "b"));
    check(chooses(OFFER("Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\n"), "a"));
    check(chooses(OFFER("Sec-WebSocket-Protocol: \r\n"), ""));
    check(chooses(OFFER("Sec-WebSocket-Protocol: \"a\"\r\n"), ""));
    check(chooses(OFFER(""), ""));
}

static void refuses_other_methods_and_versions_of_http(void)
{
    check(check_request(SPAN("POST / HTTP/1.1\r\nHost: a\r\n" UPGRADE VERSION KEY_FIELD "\r\n")) ==
          WS_HANDSHAKE_EMETHOD);
    check(check_request(SPAN("GET / HTTP/1.0\r\n" UPGRADE VERSION KEY_FIELD "\r\n")) ==
          WS_HANDSHAKE_EMETHOD);
}

static void refuses_requests_for_something_else(void)
{
    check(check_request(REQUEST(VERSION KEY_FIELD)) == WS_HANDSHAKE_EUPGRADE);
    check(check_request(REQUEST("Upgrade: websocket\r\n" VERSION KEY_FIELD)) ==
          WS_HANDSHAKE_EUPGRADE);
    check(check_request(REQUEST("Connection: Upgrade\r\n" VERSION KEY_FIELD)) ==
          WS_HANDSHAKE_EUPGRADE);
    check(check_request(REQUEST("Connection: Upgrade\r\nUpgrade: h2c\r\n" VERSION KEY_FIELD)) ==
          WS_HANDSHAKE_EUPGRADE);
}

static void refuses_other_versions_of_websocket(void)
{
    check(check_request(REQUEST(UPGRADE KEY_FIELD)) == WS_HANDSHAKE_EVERSION);
    check(check_request(REQUEST(UPGRADE KEY_FIELD "Sec-WebSocket-Version: 8\r\n")) ==
          WS_HANDSHAKE_EVERSION);
    check(check_request(REQUEST(UPGRADE KEY_FIELD "Sec-WebSocket-Version: 130\r\n")) ==
          WS_HANDSHAKE_EVERSION);
    check(check_request(REQUEST(UPGRADE KEY_FIELD VERSION VERSION)) == WS_HANDSHAKE_EVERSION);
}

static void refuses_a_key_that_is_not_of_16_bytes(void)
{
    check(check_request(REQUEST(UPGRADE VERSION)) == WS_HANDSHAKE_EKEY);
    check(check_request(REQUEST(UPGRADE VERSION "Sec-WebSocket-Key:\r\n")) == WS_HANDSHAKE_EKEY);
    check(check_request(REQUEST(UPGRADE VERSION "Sec-WebSocket-Key: c2hvcnQ=\r\n")) ==
          WS_HANDSHAKE_EKEY);
    check(
        check_request(REQUEST(UPGRADE VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZSEh\r\n")) ==
        WS_HANDSHAKE_EKEY);
    check(
        check_request(REQUEST(UPGRADE VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZ*==\r\n")) ==
        WS_HANDSHAKE_EKEY);
    check(
        check_request(REQUEST(UPGRADE VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=a\r\n")) ==
        WS_HANDSHAKE_EKEY);
    check(
        check_request(REQUEST(UPGRADE VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQa=\r\n")) ==
        WS_HANDSHAKE_EKEY);
    check(check_request(REQUEST(UPGRADE VERSION KEY_FIELD KEY_FIELD)) == WS_HANDSHAKE_EKEY);
}

static void names_its_version_when_it_refuses_another(void)
{
    for (int error = WS_HANDSHAKE_EMETHOD; error >= WS_HANDSHAKE_EKEY; error--) {
        const struct ws_refusal *r = ws_handshake_refusal(error);
        bool version = error == WS_HANDSHAKE_EVERSION;
        check(r->status == (version ? 426 : 400) && r->message[0] != '\0');
        check((strstr(r->fields, "Sec-WebSocket-Version: 13\r\n") != NULL) == version);
    }
}

static void writes_the_answer_of_the_specification(void)
{
    uint8_t challenge[WS_CHALLENGE_LEN];
    struct bytes out = {0};

    ws_handshake_challenge(SPAN(KEY), challenge);
    check_mem(challenge, sizeof challenge, KEY "258EAFA5-E914-47DA-95CA-C5AB0DC85B11", 60);
    ws_handshake_response(digest, SPAN("Vary: Origin\r\n"), &out);
    check(span_eq(bytes_span(&out), SPAN("HTTP/1.1 101 Switching Protocols\r\n"
                                         "Upgrade: websocket\r\n"
                                         "Connection: Upgrade\r\n"
                                         "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                                         "Vary: Origin\r\n"
                                         "\r\n")));
    bytes_finish(&out);
}

static void accepts_its_own_requests(void)
{
    struct bytes out = {0};

    ws_handshake_request(SPAN("a:1"), SPAN("/p?q=1"), SPAN(KEY), SPAN("Origin: b\r\n"), &out);
    check(check_request(bytes_span(&out)) == 0);
    check(span_eq(head.target, SPAN("/p?q=1")));
    check(span_eq(http_head_get(&head, SPAN("Sec-WebSocket-Key")), SPAN(KEY)));
    check(span_eq(http_head_get(&head, SPAN("Origin")), SPAN("b")));
    bytes_finish(&out);
}

static int check_response(struct span s)
{
    if (http_head_parse_response(s.data, s.len, 0, &limits, &head) != (int)s.len) {
        return 1;
    }
    return ws_handshake_check_response(&head, digest);
}

static void holds_the_server_to_the_key(void)
{
    struct bytes out = {0};

    ws_handshake_response(digest, SPAN(""), &out);
    check(check_response(bytes_span(&out)) == 0);
    bytes_finish(&out);
    check(check_response(SPAN("HTTP/1.1 101 x\r\n" UPGRADE "\r\n")) == WS_HANDSHAKE_EACCEPT);
    check(check_response(SPAN("HTTP/1.1 101 x\r\n" UPGRADE
                              "Sec-WebSocket-Accept: t3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")) ==
          WS_HANDSHAKE_EACCEPT);
    check(check_response(SPAN("HTTP/1.1 200 x\r\n" UPGRADE "\r\n")) == WS_HANDSHAKE_EUPGRADE);
    check(check_response(SPAN("HTTP/1.1 101 x\r\nUpgrade: websocket\r\n\r\n")) ==
          WS_HANDSHAKE_EUPGRADE);
}

int main(void)
{
    RUN(accepts_the_handshake_of_a_browser);
    RUN(chooses_the_first_subprotocol_that_is_offered);
    RUN(refuses_other_methods_and_versions_of_http);
    RUN(refuses_requests_for_something_else);
    RUN(refuses_other_versions_of_websocket);
    RUN(refuses_a_key_that_is_not_of_16_bytes);
    RUN(names_its_version_when_it_refuses_another);
    RUN(writes_the_answer_of_the_specification);
    RUN(accepts_its_own_requests);
    RUN(holds_the_server_to_the_key);
    return tap_done();
}
