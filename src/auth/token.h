/* Token: a JSON Web Token (RFC 7519) in the compact form of a signed one (RFC 7515).
 *
 *     eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9 . eyJ1c2VySWQiOiJ1MSIs... . dBjftJeZ4CVP...
 *     {"alg":"HS256","typ":"JWT"}            claims (claims.h)         signature over both
 *
 * Issued with HS256 and our secret; checked with that, or with RS256 or ES256 and the keys of an
 * issuer elsewhere. What the header names only selects among the keys that are configured, each of
 * which does one algorithm (RFC 8725): "none", an HS256 token signed with a public key, and
 * extensions that must be understood ("crit") get nowhere.
 *
 * No state but the keys, the time is an argument: any number of threads at once. The cryptography
 * is cjose's. */
// SPDX-License-Identifier: MIT
#ifndef AUTH_TOKEN_H
#define AUTH_TOKEN_H

#include "src/auth/claims.h"
#include "src/auth/key_set.h"

enum { TOKEN_BYTES_MAX = 8192 };

struct token_rules {
    const struct token_key *secret; /* for HS256; NULL: no such token is taken */
    const struct key_set *keys;     /* for RS256 and ES256; NULL: likewise */
    struct claims_rules claims;
};

/* Appends a token by these rules, whose secret must be there. Returns 0, or -1 when cjose has no
 * memory. */
MUST_USE int token_issue(const struct token_rules *rules, const struct auth_claims *claims,
                         int64_t issued_s, int64_t expires_s, struct bytes *out);

/* Returns 0 and fills *out, or an enum token_error and leaves *out undefined. */
MUST_USE int token_check(const struct token_rules *rules, struct span token, int64_t wall_ms,
                         struct auth_claims *out);

#endif
