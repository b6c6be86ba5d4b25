/* The rookery_request_... functions: a handshake request is kept as the head that came, and read
 * again whenever somebody asks (see src/engine/request.h). */
// SPDX-License-Identifier: MIT
#include "src/socket/handshake.h"

#include <assert.h>
#include <limits.h>

#include "protocol/http_query.h"
#include "src/socket/text.h"

/* It has been parsed before, under limits of its own. */
void handshake_parse(const struct rookery_request *request, struct http_head *head)
{
    const struct http_head_limits limits = {INT_MAX, INT_MAX, HTTP_HEADERS_MAX};
    int len = http_head_parse(request->head, request->head_len, 0, &limits, head);

    assert(len > 0);
}

struct rookery_str rookery_request_url(const struct rookery_request *request)
{
    struct http_head head;

    handshake_parse(request, &head);
    return str_of_span(head.target);
}

struct rookery_str rookery_request_header(const struct rookery_request *request, const char *name)
{
    struct http_head head;

    handshake_parse(request, &head);
    return str_of_span(http_head_get(&head, span_cstr(name)));
}

void rookery_request_headers(const struct rookery_request *request, rookery_pair_fn fn, void *arg)
{
    struct http_head head;

    handshake_parse(request, &head);
    for (unsigned i = 0; i < head.header_count; i++) {
        fn(str_of_span(head.headers[i].name), str_of_span(head.headers[i].value), arg);
    }
}

void rookery_request_query(const struct rookery_request *request, rookery_pair_fn fn, void *arg)
{
    struct bytes text = {0};
    struct span key, value;
    struct http_head head;

    handshake_parse(request, &head);
    while (http_query_next(&head.query, &key, &value)) {
        bytes_clear(&text);
        http_query_decode(key, &text);
        size_t key_len = text.len;
        http_query_decode(value, &text);
        struct span pair = bytes_span(&text);
        fn(str_of_span(span_of(pair.data, key_len)),
           str_of_span(span_of(pair.data + key_len, pair.len - key_len)), arg);
    }
    bytes_finish(&text);
}

const char *rookery_request_address(const struct rookery_request *request)
{
    return request->address;
}

bool rookery_request_secure(const struct rookery_request *request)
{
    return request->secure;
}

int64_t rookery_request_time_ms(const struct rookery_request *request)
{
    return request->wall_ms;
}
