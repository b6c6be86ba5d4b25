// SPDX-License-Identifier: MIT
#include "src/net/ws_accept.h"

#include <assert.h>
#include <openssl/sha.h>

#include "protocol/ws_extensions.h"
#include "protocol/ws_handshake.h"

static_assert(WS_DIGEST_LEN == SHA_DIGEST_LENGTH, "the digest is a SHA-1");

enum { RESPONSE_CAP = 256 };

static const char *reason_of(int status)
{
    switch (status) {
    case 403:
        return "Forbidden";
    case 426:
        return "Upgrade Required";
    case 503:
        return "Service Unavailable";
    default:
        return "Bad Request";
    }
}

void ws_refuse(struct http_upgrade *u, int status, struct span message, const char *fields,
               _Atomic unsigned *connections)
{
    struct bytes text = {0};

    bytes_add_cstr(&text, "HTTP/1.1 ");
    bytes_add_u64(&text, (uint64_t)status);
    bytes_add_byte(&text, ' ');
    bytes_add_cstr(&text, reason_of(status));
    bytes_add_cstr(&text, "\r\nConnection: close\r\nContent-Type: text/html\r\nContent-Length: ");
    bytes_add_u64(&text, message.len);
    bytes_add_cstr(&text, "\r\n");
    bytes_add_cstr(&text, fields);
    bytes_add_cstr(&text, "\r\n");
    bytes_add_span(&text, message);
    /* The first bytes on a fresh connection: the kernel has room for them. */
    http_upgrade_end(u, bytes_span(&text));
    bytes_finish(&text);
    if (connections != NULL) {
        http_connection_closed(connections);
    }
}

int ws_accept_check(struct http_upgrade *u, struct http_head *head, _Atomic unsigned *connections)
{
    /* The gate has held it to the configured limits already. */
    const struct http_head_limits limits = {
        .head_bytes_max = u->head.len,
        .request_line_bytes_max = u->head.len,
        .headers_max = HTTP_HEADERS_MAX,
    };
    int n = http_head_parse(u->head.data, u->head.len, 0, &limits, head);

    assert(n > 0);
    int error = ws_handshake_check(head);
    if (error == 0) {
        return 0;
    }
    const struct ws_refusal *refusal = ws_handshake_refusal(error);
    ws_refuse(u, refusal->status, span_cstr(refusal->message), refusal->fields, connections);
    return -1;
}

static struct frame *make_response(const struct http_head *head, struct span fields)
{
    uint8_t challenge[WS_CHALLENGE_LEN], digest[WS_DIGEST_LEN];
    struct bytes text = {0};

    ws_handshake_challenge(http_head_get(head, SPAN("Sec-WebSocket-Key")), challenge);
    SHA1(challenge, sizeof challenge, digest);
    (void)bytes_reserve(&text, RESPONSE_CAP + fields.len);
    ws_handshake_response(digest, fields, &text);
    struct frame *f = frame_copy(bytes_span(&text));
    f->no_compress = true; /* it is no message */
    bytes_finish(&text);
    return f;
}

static void add_subprotocol(const struct http_head *head, struct bytes *fields)
{
    struct span chosen = ws_handshake_subprotocol(head);

    if (chosen.len > 0) {
        bytes_add_cstr(fields, "Sec-WebSocket-Protocol: ");
        bytes_add_span(fields, chosen);
        bytes_add_cstr(fields, "\r\n");
    }
}

int ws_accept_answer(const struct http_head *head, struct span fields, bool deflate,
                     struct ws_answer *out)
{
    struct ws_deflate_terms terms = {0};
    struct bytes all = {0};

    if (deflate && ws_extensions_choose(head, &terms) < 0) {
        return -1;
    }
    bytes_add_span(&all, fields);
    add_subprotocol(head, &all);
    ws_extensions_answer(&terms, &all);
    *out = (struct ws_answer){make_response(head, bytes_span(&all)), terms.window_bits};
    bytes_finish(&all);
    return 0;
}
