// SPDX-License-Identifier: MIT
#include "src/socket/eio3.h"

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
