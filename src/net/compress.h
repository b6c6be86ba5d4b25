/* HTTP content codings for poll answers, by zlib (RFC 9110, section 8.4.1). */
// SPDX-License-Identifier: MIT
#ifndef NET_COMPRESS_H
#define NET_COMPRESS_H

#include "protocol/bytes.h"

/* The coding to use for a client that sent this Accept-Encoding: "gzip", "deflate" or NULL for
 * none. The client's weights count; gzip wins a tie. */
const char *compress_choose(struct span accept_encoding);

/* Appends the compressed body. 0, or -1 if zlib could not. */
MUST_USE int compress_body(const char *coding, struct span body, struct bytes *out);

#endif
