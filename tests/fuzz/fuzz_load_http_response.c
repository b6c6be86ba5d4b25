// SPDX-License-Identifier: MIT
#include <assert.h>

#include "tools/load/http_response.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* An accepted response lies within the input, and one byte less of it is not a whole one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct http_head head;
    struct bytes scratch = {0};
    struct span body;
    ssize_t n = http_response_take(span_of(data, len), &head, &scratch, &body);

    assert(n <= (ssize_t)len);
    if (n > 0) {
        assert(body.len < (size_t)n);
        assert(http_response_take(span_of(data, (size_t)n - 1), &head, &scratch, &body) == 0);
    }
    bytes_finish(&scratch);
    return 0;
}
