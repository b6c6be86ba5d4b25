/* HTTP content codings, by zlib and brotli (RFC 9110, section 8.4.1; RFC 7932): of poll answers as
 * they go out, and of files once, at the start. */
// SPDX-License-Identifier: MIT
#ifndef NET_COMPRESS_H
#define NET_COMPRESS_H

#include "protocol/bytes.h"

/* The coding to use for a client that sent this Accept-Encoding: "gzip", "deflate" or NULL for
 * none. The client's weights count; gzip wins a tie. */
const char *compress_choose(struct span accept_encoding);

/* The same of any codings, the first of which wins a tie: its index, or count for none. */
size_t compress_choose_of(struct span accept_encoding, const char *const codings[], size_t count);

/* Appends the body compressed by "gzip", "deflate" or "br". 0, or -1 if the library could not. */
MUST_USE int compress_body(const char *coding, struct span body, struct bytes *out);

#endif
