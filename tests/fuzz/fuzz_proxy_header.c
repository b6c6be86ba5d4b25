// SPDX-License-Identifier: MIT
#include <assert.h>

#include "protocol/proxy_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check_inside(struct span s, const uint8_t *data, int header_len)
{
    assert(s.len == 0 || (s.data >= data && s.data + s.len <= data + header_len));
}

/* However it is cut: what is whole is not whole one byte before, and what is broken stays so. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct proxy_header header, again;
    int n = proxy_header_parse(data, len, &header);

    assert(n <= (int)len && n <= PROXY_HEADER_BYTES_MAX);
    for (size_t cut = 0; cut < len; cut++) {
        int early = proxy_header_parse(data, cut, &again);
        assert(early == 0 || early == n);
        assert(early <= 0 || n <= (int)cut);
    }
    if (n > 0) {
        assert(proxy_header_parse(data, (size_t)n - 1, &again) == 0);
        assert((header.family == PROXY_NONE) == (header.text.len == 0 && header.bytes.len == 0));
        check_inside(header.text, data, n);
        check_inside(header.bytes, data, n);
    }
    return 0;
}
