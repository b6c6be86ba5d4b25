// SPDX-License-Identifier: MIT
#include "protocol/base64.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Any bytes survive being text, with padding and without. */
static void check_round_trip(struct span bytes)
{
    struct bytes text = {0}, back = {0};

    base64_encode(bytes, &text);
    assert(text.len == BASE64_ENCODED_LEN(bytes.len));
    assert(base64_decode(bytes_span(&text), &back) == 0);
    assert(span_eq(bytes_span(&back), bytes));

    bytes_clear(&back);
    assert(base64_decode(span_of(text.data, BASE64URL_ENCODED_LEN(bytes.len)), &back) == 0);
    assert(span_eq(bytes_span(&back), bytes));

    bytes_clear(&back);
    base64url_encode(bytes, bytes_reserve(&back, BASE64URL_ENCODED_LEN(bytes.len)));
    for (size_t i = 0; i < BASE64URL_ENCODED_LEN(bytes.len); i++) {
        uint8_t c = back.data[i];
        assert((c == '-' ? '+' : c == '_' ? '/' : c) == text.data[i]);
    }
    bytes_finish(&text);
    bytes_finish(&back);
}

/* The text without white space and in the standard alphabet. */
static void normalise(struct span text, struct bytes *out)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c != ' ' && (c < '\t' || c > '\r')) {
            bytes_add_byte(out, c == '-' ? '+' : c == '_' ? '/' : c);
        }
    }
}

/* What decodes, encodes to the same text again but for its last character and padding. */
static void check_decode(struct span text)
{
    struct bytes bytes = {0}, again = {0}, normal = {0};

    bytes_add_byte(&bytes, '<');
    if (base64_decode(text, &bytes) < 0) {
        assert(span_eq(bytes_span(&bytes), SPAN("<")));
    } else {
        struct span decoded = span_skip(bytes_span(&bytes), 1);
        base64_encode(decoded, &again);
        assert(decoded.len <= BASE64_DECODED_MAX(text.len));
        normalise(text, &normal);
        assert(normal.len == again.len || normal.len == BASE64URL_ENCODED_LEN(decoded.len));
        size_t sure = decoded.len * 8 / 6;
        assert(span_eq(span_of(normal.data, sure), span_of(again.data, sure)));
    }
    bytes_finish(&normal);
    bytes_finish(&bytes);
    bytes_finish(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    check_round_trip(span_of(data, len));
    check_decode(span_of(data, len));
    return 0;
}
