// SPDX-License-Identifier: MIT
#include <assert.h>

#include "protocol/ws_extensions.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* The value of a field line of ours. */
static struct span value_of(struct span line)
{
    const uint8_t *colon = memchr(line.data, ':', line.len);

    assert(colon != NULL && line.len > 2);
    struct span value = span_skip(line, (size_t)(colon + 2 - line.data));
    value.len -= 2; /* CRLF */
    return value;
}

/* An answer holds what was agreed, and one who offered just that gets it. */
static void check_answer(const struct ws_deflate_terms *terms)
{
    struct bytes line = {0};
    struct http_head head = {.header_count = 1};
    struct ws_deflate_terms again;

    ws_extensions_answer(terms, &line);
    head.headers[0] =
        (struct http_header){SPAN("Sec-WebSocket-Extensions"), value_of(bytes_span(&line))};
    assert(ws_extensions_agreed(&head));
    assert(ws_extensions_choose(&head, &again) == 0);
    assert(again.window_bits == terms->window_bits && again.bits_asked == terms->bits_asked);
    bytes_finish(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct http_head head = {.header_count = 1};
    struct ws_deflate_terms terms;

    head.headers[0] = (struct http_header){SPAN("sec-websocket-extensions"), span_of(data, len)};
    if (ws_extensions_choose(&head, &terms) < 0) {
        assert(!ws_extensions_agreed(&head));
        return 0;
    }
    if (terms.window_bits != 0) {
        assert(terms.window_bits >= WS_WINDOW_BITS_MIN && terms.window_bits <= WS_WINDOW_BITS_MAX);
        assert(terms.bits_asked || terms.window_bits == WS_WINDOW_BITS_MAX);
        check_answer(&terms);
    }
    return 0;
}
