/* Key set: the public keys of whoever issues tokens, from a JWK Set (RFC 7517, section 5).
 *
 *     {"keys":[{"kty":"RSA","kid":"2024-11","use":"sig","n":"...","e":"AQAB"}, {"kty":"EC",...}]}
 *
 * Keys that we cannot use (encryption, other curves, too small) are passed over, as the RFC asks.
 *
 * Ownership: immutable and counted; a set stays good for who holds it while jwks.h puts another in
 * its place. Threads: any. */
// SPDX-License-Identifier: MIT
#ifndef AUTH_KEY_SET_H
#define AUTH_KEY_SET_H

#include <stdatomic.h>

#include "src/auth/token_key.h"

enum { KEY_SET_MAX = 64 }; /* usable keys */

struct key_set {
    atomic_uint refs;
    unsigned count;
    struct token_key keys[];
};

/* A set without keys, with one reference. */
struct key_set *key_set_create_empty(void);

/* Returns a set of at least one key with one reference, the caller's; or NULL and what is wrong
 * with the text, appended to *why. */
struct key_set *key_set_parse(struct span json, struct bytes *why);

struct key_set *key_set_hold(struct key_set *set);
void key_set_release(struct key_set *set);

/* The key for a token of that algorithm that names kid (empty: it names none): the one of that
 * name, else the only one that may be meant, which is one that has no name if the token gives one.
 * NULL if there is none or a choice. */
const struct token_key *key_set_find(const struct key_set *set, enum token_algorithm algorithm,
                                     struct span kid);

#endif
