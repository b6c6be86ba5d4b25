/* endpoint_client.h - a client of an Engine.IO endpoint at /e/, by hand: requests as text, frames
 * as bytes. */
// SPDX-License-Identifier: MIT
#ifndef TESTS_SUPPORT_ENDPOINT_CLIENT_H
#define TESTS_SUPPORT_ENDPOINT_CLIENT_H

#include "tests/support/tap.h"
#include "tests/support/tcp_client.h"

/* Asks for what the text says after "METHOD /e/?EIO=4&transport=". */
static inline void ask(struct tcp_client *c, const char *method, const char *transport,
                       const char *sid, const char *rest)
{
    char text[512];

    (void)snprintf(text, sizeof text, "%s /e/?EIO=4&transport=%s%s%s HTTP/1.1\r\nHost: x\r\n%s",
                   method, transport, *sid == '\0' ? "" : "&sid=", sid, rest);
    check(tcp_say(c, text));
}

static inline bool answered(struct tcp_client *c, const char *status, const char *end)
{
    char *answer = tcp_answer(c, false);
    size_t len = strlen(answer), end_len = strlen(end);
    bool ok = strstr(answer, status) != NULL && len >= end_len &&
              strcmp(answer + len - end_len, end) == 0;

    if (!ok) {
        printf("# got: %s\n", answer);
    }
    free(answer);
    return ok;
}

static const char upgrade[] = "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                              "Sec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

static inline void say_frame(struct tcp_client *c, const char *text)
{
    char frame[64] = {(char)0x81, (char)(0x80 | strlen(text))}; /* a mask of zeros */

    memcpy(frame + 6, text, strlen(text));
    check(tcp_send(c, frame, 6 + strlen(text)));
}

static inline bool hears_frame(struct tcp_client *c, const char *text)
{
    size_t len = strlen(text);

    while (c->len < len + 2 && tcp_receive(c, TCP_PATIENCE_MS)) {
    }
    bool ok = c->len >= len + 2 && (uint8_t)c->in[0] == 0x81 && c->in[1] == (char)len &&
              memcmp(c->in + 2, text, len) == 0;
    if (ok) {
        tcp_take(c, len + 2);
    }
    return ok;
}

#endif
