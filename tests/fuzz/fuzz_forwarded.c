// SPDX-License-Identifier: MIT
#include <assert.h>

#include "src/net/forwarded.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A list of networks, an end of line, and a head. Whatever is found is an address, and none of a
 * peer that is not trusted is changed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const struct http_head_limits limits = {4096, 1024, HTTP_HEADERS_MAX};
    const struct sockaddr_in peer = {.sin_family = AF_INET, .sin_addr.s_addr = 0x0100000a};
    const uint8_t *end = len == 0 ? NULL : memchr(data, '\n', len);
    size_t list_len = end == NULL ? len : (size_t)(end - data);
    struct networks networks;
    struct http_head head;
    struct address own, found;
    char out[ADDRESS_TEXT_BYTES];

    int error = networks_read(span_of(data, list_len), &networks);
    assert(error < 0 || (networks.count >= 1 && networks.count <= NETWORKS_MAX));
    if (error < 0 || end == NULL ||
        http_head_parse(end + 1, len - list_len - 1, 0, &limits, &head) <= 0) {
        return 0;
    }
    forwarded_address(&networks, (const struct sockaddr *)(const void *)&peer, &head, out);
    bool is_address = address_read(SPAN("10.0.0.1"), &own) && address_read(span_cstr(out), &found);
    assert(is_address);
    assert(networks_have(&networks, &own) || strcmp(out, "10.0.0.1") == 0);
    bool changed =
        !forwarded_secure(&networks, (const struct sockaddr *)(const void *)&peer, &head, true);
    assert(networks_have(&networks, &own) || !changed);
    return 0;
}
