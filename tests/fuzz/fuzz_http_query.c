// SPDX-License-Identifier: MIT
#include <assert.h>

#include "protocol/http_query.h"
#include "protocol/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* As a careful client writes it: every byte that could mean something else is escaped. */
static void encode(struct span text, struct bytes *out)
{
    static const char digits[] = "0123456789abcDEF";

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == ' ') {
            bytes_add_byte(out, '+');
        } else if (c < 0x80 && c != '%' && c != '+' && c != '&' && c != '=') {
            bytes_add_byte(out, c);
        } else {
            bytes_add_byte(out, '%');
            bytes_add_byte(out, (uint8_t)digits[c >> 4]);
            bytes_add_byte(out, (uint8_t)digits[c & 15]);
        }
    }
}

/* Any text comes back out of a query that it was put into. */
static void check_round_trip(struct span text)
{
    struct bytes query = {0}, decoded = {0};
    struct span rest, key, value;

    bytes_add_cstr(&query, "a=1&key=");
    encode(text, &query);
    bytes_add_cstr(&query, "&key=2");
    rest = bytes_span(&query);
    assert(http_query_next(&rest, &key, &value) && http_query_next(&rest, &key, &value));
    assert(span_eq(key, SPAN("key")));
    assert(span_eq(http_query_get(bytes_span(&query), SPAN("key")), value));
    http_query_decode(value, &decoded);
    assert(span_eq(bytes_span(&decoded), text));
    bytes_finish(&query);
    bytes_finish(&decoded);
}

/* Pairs lie in the query one behind the other, and what is decoded is text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct span rest = {data, len}, key, value;
    const uint8_t *end_of_last = data;
    struct bytes text = {0};

    while (http_query_next(&rest, &key, &value)) {
        assert(key.data >= end_of_last && value.data >= key.data + key.len);
        assert(value.data + value.len <= data + len);
        end_of_last = value.data + value.len;
        bytes_clear(&text);
        http_query_decode(value, &text);
        assert(utf8_valid(bytes_span(&text)) && text.len <= 3 * value.len);
    }
    bytes_finish(&text);
    if (utf8_valid(span_of(data, len))) {
        check_round_trip(span_of(data, len));
    }
    return 0;
}
