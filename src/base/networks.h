/* Networks: addresses of IPv4 and IPv6 as texts, and lists of networks that they may be in.
 *
 *     "127.0.0.1, 10.0.0.0/8, fd00::/8"
 *
 * An IPv4 address is the same as its mapped one (::ffff:127.0.0.1), which is what a socket on "::"
 * shows of it. Pure; any thread. */
// SPDX-License-Identifier: MIT
#ifndef BASE_NETWORKS_H
#define BASE_NETWORKS_H

#include <stdbool.h>

#include "protocol/bytes.h"

enum { NETWORKS_MAX = 32, ADDRESS_TEXT_BYTES = 46 };

struct address {
    uint8_t bytes[16]; /* IPv4: mapped */
};

struct networks {
    unsigned count;
    struct network {
        struct address first;
        unsigned bits; /* of the 128 that count */
    } list[NETWORKS_MAX];
};

bool address_read(struct span text, struct address *out);

/* As short as it goes, with a NUL; IPv4 in its own form. */
void address_write(const struct address *a, char out[ADDRESS_TEXT_BYTES]);

/* Reads a list, by commas: 1 to NETWORKS_MAX of them. Returns 0, or -1. */
MUST_USE int networks_read(struct span list, struct networks *out);

bool networks_have(const struct networks *networks, const struct address *a);

#endif
