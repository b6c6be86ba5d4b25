/* Claims: what a token says about its bearer (RFC 7519, section 4), and whether it says so now.
 *
 *     {"userId":"u1","username":"Ada","email":"ada@example.com","iat":...,"exp":...}
 *
 *     user id     the first of userId, user_id, sub, id that is there: a text of 1 to AUTH_TEXT_MAX
 *                 bytes, or a whole number, which is taken for its digits
 *     user name   the first of username, name, preferred_username that is such a text; else what
 *                 stands before the '@' of the e-mail address; else empty
 *     exp, nbf    seconds since the Epoch, fractions allowed
 *     iss, aud    looked at only if the rules ask for them
 *
 * Pure: the time is an argument; any thread. Whether the claims can be believed is token.h's. */
// SPDX-License-Identifier: MIT
#ifndef AUTH_CLAIMS_H
#define AUTH_CLAIMS_H

#include <stdint.h>

#include "protocol/bytes.h"

enum token_error {
    TOKEN_ETOOLONG = -1,
    TOKEN_EMALFORMED =
        -2, /* not three parts of Base64url, or not the JSON that belongs into them */
    TOKEN_EALGORITHM = -3, /* an algorithm or an extension that is not accepted here */
    TOKEN_EKEY = -4,       /* no key fits: perhaps one that is not known yet */
    TOKEN_ESIGNATURE = -5,
    TOKEN_EEXPIRED = -6,
    TOKEN_EEARLY = -7,    /* not valid yet */
    TOKEN_EISSUER = -8,   /* made by somebody else */
    TOKEN_EAUDIENCE = -9, /* made for somebody else */
    TOKEN_EUSER = -10,    /* names no user, or one that cannot be */
};

/* A sentence about it. */
const char *token_strerror(int error);

enum { AUTH_TEXT_MAX = 255 };

/* A text that its struct owns. */
struct auth_text {
    uint8_t len; /* bytes */
    char data[AUTH_TEXT_MAX];
};

static inline struct span auth_text_span(const struct auth_text *text)
{
    return span_of(text->data, text->len);
}

/* Copies s; false and an empty text if it is longer than AUTH_TEXT_MAX. */
bool auth_text_set(struct auth_text *text, struct span s);

struct auth_claims {
    struct auth_text user_id;
    struct auth_text username; /* may be empty */
    struct auth_text email;    /* may be empty */
    int64_t expires_ms;        /* since the Epoch; 0: never */
};

struct claims_rules {
    const char *issuer;   /* NULL: any or none */
    const char *audience; /* NULL: any or none; else it must be that, or a list with that in it */
    int64_t leeway_ms;    /* by which the clock of the issuer may be off */
};

/* Reads the JSON of a token's middle part. Returns 0 and fills *out; its expires_ms is when the
 * token stops being taken (the leeway is in it), which lies after wall_ms. Otherwise an enum
 * token_error, and *out is undefined. */
MUST_USE int claims_read(struct span json, const struct claims_rules *rules, int64_t wall_ms,
                         struct auth_claims *out);

/* Appends the JSON that claims_read reads by the same rules: userId, then email and username unless
 * they are empty, iat, exp, then iss and aud if the rules have them. Both times in seconds since
 * the Epoch. */
void claims_write(const struct auth_claims *claims, const struct claims_rules *rules,
                  int64_t issued_s, int64_t expires_s, struct bytes *out);

#endif
