/* Token key: what signs or checks tokens, tied to one algorithm for good (RFC 8725, section 3.1):
 * a public key can never be taken for the secret of an HS256 token.
 *
 *     HS256   a secret that both sides have     any bytes, of which 32 or more are safe
 *     RS256   an RSA public key, 2048 to 8192 bits
 *     ES256   a public key on P-256
 *
 * Public keys come as JWK (RFC 7517). Of a private one, which does not belong into a set of keys,
 * only the public half is taken.
 *
 * Threads: a key never changes, any number of threads use it at once. Uses cjose. */
// SPDX-License-Identifier: MIT
#ifndef AUTH_TOKEN_KEY_H
#define AUTH_TOKEN_KEY_H

#include "protocol/json.h"
#include "src/auth/claims.h"

enum token_algorithm {
    TOKEN_HS256,
    TOKEN_RS256,
    TOKEN_ES256,
};

/* The name as tokens have it; false if it is none of ours. */
bool token_algorithm_find(struct json name, enum token_algorithm *out);

struct token_key {
    enum token_algorithm algorithm;
    struct auth_text kid;       /* its name; empty: it has none */
    struct _cjose_jwk_int *jwk; /* cjose_jwk_t */
};

/* An HS256 key; secret must not be empty. Returns 0, or -1 when there is no memory for it. */
MUST_USE int token_key_from_secret(struct token_key *key, struct span secret);

/* A public key. Returns 0, or -1: not an object, of another algorithm or purpose, out of the bounds
 * above, or broken. */
MUST_USE int token_key_from_jwk(struct token_key *key, struct json jwk);

/* Frees what is in it. */
void token_key_finish(struct token_key *key);

#endif
