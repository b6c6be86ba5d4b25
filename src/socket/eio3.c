// SPDX-License-Identifier: MIT
#include "src/socket/eio3.h"

#include "protocol/http_query.h"
#include "protocol/json.h"

struct span eio3_namespace(struct span nsp, struct span *query)
{
    const uint8_t *hash = memchr(nsp.data, '#', nsp.len);
    struct span path = span_of(nsp.data, hash == NULL ? nsp.len : (size_t)(hash - nsp.data));
    const uint8_t *question = memchr(path.data, '?', path.len);

    *query = span_of(NULL, 0);
    if (question == NULL) {
        return path;
    }
    size_t len = (size_t)(question - path.data);
    *query = span_skip(path, len + 1);
    return span_of(path.data, len);
}

void eio3_auth_write(struct bytes *out, struct span query)
{
    struct bytes text = {0};
    struct span key, value;

    bytes_add_byte(out, '{');
    while (http_query_next(&query, &key, &value)) {
        bytes_clear(&text);
        http_query_decode(key, &text);
        json_write_key(out, bytes_span(&text));
        bytes_clear(&text);
        http_query_decode(value, &text);
        json_write_string(out, bytes_span(&text));
    }
    bytes_add_byte(out, '}');
    bytes_finish(&text);
}

static bool counts(struct span data)
{
    struct json value;
    double number;

    if (data.len == 0 || json_parse(data, JSON_DEPTH_MAX, &value) < 0) {
        return false;
    }
    switch (value.type) {
    case JSON_NULL:
        return false;
    case JSON_BOOL:
        return json_is_true(value);
    case JSON_NUMBER:
        return json_to_double(value, &number) < 0 || number != 0;
    case JSON_STRING:
        return value.text.len > strlen("\"\"");
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return true;
}

void eio3_refusal_write(struct bytes *out, struct span message, struct span data)
{
    if (counts(data)) {
        bytes_add_span(out, data);
    } else {
        json_write_string(out, message);
    }
}
