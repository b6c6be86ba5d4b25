// SPDX-License-Identifier: MIT
#include <assert.h>

#include "protocol/http_query.h"
#include "protocol/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

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
    return 0;
}
