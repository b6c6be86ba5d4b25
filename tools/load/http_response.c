// SPDX-License-Identifier: MIT
#include "tools/load/http_response.h"

#include "protocol/http_chunked.h"

enum { HEAD_BYTES_MAX = 65536, BODY_BYTES_MAX = INT32_MAX };

ssize_t http_response_head(struct span in, struct http_head *head)
{
    static const struct http_head_limits limits = {.head_bytes_max = HEAD_BYTES_MAX,
                                                   .headers_max = HTTP_HEADERS_MAX};
    int n = http_head_parse_response(in.data, in.len, 0, &limits, head);

    return n < 0 ? -1 : n;
}

static ssize_t take_chunks(struct span in, struct bytes *body)
{
    struct http_chunked chunked = {0};

    bytes_clear(body);
    int n = http_chunked_feed(&chunked, in.data, in.len, body, BODY_BYTES_MAX);
    return n < 0 ? -1 : http_chunked_done(&chunked) ? n : 0;
}

ssize_t http_response_take(struct span in, struct http_head *head, struct bytes *scratch,
                           struct span *body)
{
    ssize_t n = http_response_head(in, head);

    if (n <= 0) {
        return n;
    }
    struct span rest = span_skip(in, (size_t)n);
    if (head->chunked) {
        ssize_t chunks = take_chunks(rest, scratch);
        *body = bytes_span(scratch);
        return chunks > 0 ? n + chunks : chunks;
    }
    size_t length = head->content_length > 0 ? (size_t)head->content_length : 0;
    if (rest.len < length) {
        return 0;
    }
    *body = span_of(rest.data, length);
    return n + (ssize_t)length;
}
