// SPDX-License-Identifier: MIT
#include "src/base/networks.h"

#include <arpa/inet.h>

enum { MAPPED_BYTES = 12, V4_BITS = 32, V6_BITS = 128 };

static const uint8_t mapped[MAPPED_BYTES] = {[10] = 0xff, [11] = 0xff};

static bool is_v4(const struct address *a)
{
    return memcmp(a->bytes, mapped, sizeof mapped) == 0;
}

bool address_read(struct span text, struct address *out)
{
    char copy[ADDRESS_TEXT_BYTES];

    if (text.len == 0 || text.len >= sizeof copy || memchr(text.data, '\0', text.len) != NULL) {
        return false;
    }
    memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    memcpy(out->bytes, mapped, sizeof mapped);
    return inet_pton(AF_INET, copy, out->bytes + MAPPED_BYTES) == 1 ||
           inet_pton(AF_INET6, copy, out->bytes) == 1;
}

void address_write(const struct address *a, char out[ADDRESS_TEXT_BYTES])
{
    bool v4 = is_v4(a);

    (void)inet_ntop(v4 ? AF_INET : AF_INET6, a->bytes + (v4 ? MAPPED_BYTES : 0), out,
                    ADDRESS_TEXT_BYTES);
}

/* The text up to the first such byte; *rest is what is behind it, without data if there is none. */
static struct span take_until(struct span text, char end, struct span *rest)
{
    const uint8_t *at = text.len == 0 ? NULL : memchr(text.data, end, text.len);
    size_t len = at == NULL ? text.len : (size_t)(at - text.data);

    *rest = at == NULL ? (struct span){0} : span_skip(text, len + 1);
    return span_of(text.data, len);
}

static struct span without_spaces(struct span s)
{
    while (s.len > 0 && s.data[0] == ' ') {
        s = span_skip(s, 1);
    }
    while (s.len > 0 && s.data[s.len - 1] == ' ') {
        s.len--;
    }
    return s;
}

static bool read_network(struct span text, struct network *out)
{
    struct span bits;
    struct span address = take_until(text, '/', &bits);
    bool has_colon = address.len > 0 && memchr(address.data, ':', address.len) != NULL;
    unsigned most = has_colon ? V6_BITS : V4_BITS;
    uint64_t n = most;

    if (!address_read(address, &out->first) ||
        (bits.data != NULL && span_to_u64(bits, most, &n) < 0)) {
        return false;
    }
    out->bits = (unsigned)n + V6_BITS - most;
    return true;
}

int networks_read(struct span list, struct networks *out)
{
    *out = (struct networks){0};
    do {
        struct span one = without_spaces(take_until(list, ',', &list));
        if (out->count == NETWORKS_MAX || !read_network(one, &out->list[out->count])) {
            return -1;
        }
        out->count++;
    } while (list.data != NULL);
    return 0;
}

static bool is_in(const struct network *n, const struct address *a)
{
    size_t whole = n->bits / 8;
    unsigned rest = n->bits % 8;

    return memcmp(n->first.bytes, a->bytes, whole) == 0 &&
           (rest == 0 || (n->first.bytes[whole] ^ a->bytes[whole]) >> (8 - rest) == 0);
}

bool networks_have(const struct networks *networks, const struct address *a)
{
    for (unsigned i = 0; i < networks->count; i++) {
        if (is_in(&networks->list[i], a)) {
            return true;
        }
    }
    return false;
}
