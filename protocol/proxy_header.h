/* The PROXY protocol's header (HAProxy's proxy-protocol.txt, versions 1 and 2): what a proxy that
 * passes a connection on says of it, before its first byte.
 *
 *   1   "PROXY TCP4 203.0.113.9 198.51.100.4 56324 443" CRLF      or TCP6; or "PROXY UNKNOWN" ...
 *   2   signature (12) | version, command | family | length (16 bits) | addresses | TLVs
 *
 * The proxy speaks for itself (health checks) with LOCAL or UNKNOWN; what is no TCP over IP, such
 * as a Unix socket, says nothing of an address either. Of the TLVs only PP2_TYPE_SSL is looked at:
 * whether the client came over TLS.
 *
 * Pure. */
// SPDX-License-Identifier: MIT
#ifndef PROTOCOL_PROXY_HEADER_H
#define PROTOCOL_PROXY_HEADER_H

#include "protocol/bytes.h"

enum { PROXY_HEADER_BYTES_MAX = 4096 };

enum proxy_header_error {
    PROXY_HEADER_ESYNTAX = -1, /* no such header, or one of another version */
    PROXY_HEADER_ETOOBIG = -2, /* above PROXY_HEADER_BYTES_MAX */
};

enum proxy_family {
    PROXY_NONE, /* nothing is said of an address: the connection is the proxy's own */
    PROXY_IPV4,
    PROXY_IPV6,
};

struct proxy_header {
    enum proxy_family family;
    struct span text;  /* the client's address as version 1 writes it, not checked; or empty, and */
    struct span bytes; /* as version 2 does: 4 or 16 bytes. Both borrowed */
    uint16_t port;     /* the client's */
    bool secure;       /* the client's connection to the proxy is TLS; version 2 only */
};

/* Reads a header at the beginning of [p, p+n). Returns its length with *out filled, 0 if n bytes
 * are not all of it, or an enum proxy_header_error. */
MUST_USE int proxy_header_parse(const uint8_t *p, size_t n, struct proxy_header *out);

#endif
