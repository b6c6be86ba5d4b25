/* JWKS source: gets the text of a JWK Set from where it is kept. Both calls block; any thread. */
// SPDX-License-Identifier: MIT
#ifndef AUTH_JWKS_SOURCE_H
#define AUTH_JWKS_SOURCE_H

#include <stdatomic.h>

#include "protocol/bytes.h"

enum {
    JWKS_BYTES_MAX = 1 << 20,
    JWKS_CONNECT_MS_MAX = 5000,
    JWKS_FETCH_MS_MAX = 10000, /* from the first look-up to the last byte */
    JWKS_REDIRECTS_MAX = 3,
};

/* Appends the content of a file. Returns 0, or -1 and the cause, appended to *why. */
MUST_USE int jwks_read_file(const char *path, struct bytes *out, struct bytes *why);

/* Appends the body of a 200 answer to GET. http and https only, redirects only within the scheme of
 * url; gives up early once *stopping is true. Returns as jwks_read_file does. */
MUST_USE int jwks_fetch_url(const char *url, const atomic_bool *stopping, struct bytes *out,
                            struct bytes *why);

#endif
