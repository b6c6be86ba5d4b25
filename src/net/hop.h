/* Hop: the field that a request carries which one node has passed on to another. It says whose
 * request it is, so that the other can take that as if it had come from there itself.
 *
 *   Rookery-Hop: <seconds> <nonce> <s or -> <address> <mac>
 *
 *   mac = base64url(HMAC-SHA256(key, "rookery-hop-1" LF method LF target LF
 *                               <seconds> <nonce> <s or -> <address>))
 *
 * Seconds are of the Epoch: clocks of nodes may differ by HOP_WINDOW_S. The key comes from the
 * secret of the cluster. Whoever reads the nodes' traffic can repeat a request within the window,
 * as he could repeat the client's own; nobody can make one up.
 *
 * A field that does not hold counts as if it was not there, but that a request with any such field
 * goes to no other node again: nodes that differ in secret or clock must not pass it round.
 *
 * Pure, any thread. Source: RFC 2104. */
// SPDX-License-Identifier: MIT
#ifndef NET_HOP_H
#define NET_HOP_H

#include "protocol/http_head.h"
#include "src/base/executor.h"
#include "src/base/networks.h"

enum { HOP_KEY_BYTES = 32, HOP_WINDOW_S = 60 };

struct hop_key {
    uint8_t bytes[HOP_KEY_BYTES];
};

struct hop {
    char address[ADDRESS_TEXT_BYTES]; /* of the client */
    bool secure;
    bool passed_on; /* the reader's */
};

enum hop_verdict {
    HOP_NONE,
    HOP_VALID,
    HOP_FORGED, /* or too old */
};

void hop_key_make(struct hop_key *key, struct span secret);

/* Appends the field, with its CRLF. The executor gives time and nonce. */
void hop_write(const struct hop_key *key, struct span method, struct span target,
               const struct hop *hop, struct executor *ex, struct bytes *out);

/* HOP_VALID: *hop is what the field says; else it is undefined. */
enum hop_verdict hop_read(const struct hop_key *key, const struct http_head *head,
                          const struct executor *ex, struct hop *hop);

/* The field's name, without case. */
bool hop_is_field(struct span name);

#endif
