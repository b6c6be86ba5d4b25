// SPDX-License-Identifier: MIT
#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

#include "protocol/base64.h"
#include "src/auth/token.h"
#include "tests/unit/auth/tokens.h"

#define NOW_MS INT64_C(1700000000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct token_key secret;
static struct key_set *keys;

static void prepare(void)
{
    struct bytes why = {0};

    if (keys == NULL) {
        keys = key_set_parse(SPAN(TOKENS_KEYS), &why);
        assert(keys != NULL && sodium_init() >= 0);
        assert(token_key_from_secret(&secret, SPAN("devsecret")) == 0);
        bytes_finish(&why);
    }
}

static void check_claims(const struct auth_claims *claims)
{
    assert(claims->user_id.len > 0);
    assert(claims->expires_ms == 0 || claims->expires_ms > NOW_MS);
}

/* As it is: what is taken was signed with a key that we know. */
static void check_token(struct span text)
{
    struct token_rules rules = {.secret = &secret, .keys = keys};
    struct auth_claims claims;

    if (token_check(&rules, text, NOW_MS, &claims) == 0) {
        check_claims(&claims);
        assert(text.len <= TOKEN_BYTES_MAX);
    }
}

static void add_base64url(struct bytes *out, struct span s)
{
    base64url_encode(s, bytes_reserve(out, BASE64URL_ENCODED_LEN(s.len)));
    out->len += BASE64URL_ENCODED_LEN(s.len);
}

/* As header and claims, split at the first line end, that somebody signed who has the secret. */
static void check_signed(struct span text)
{
    const uint8_t *end = text.len > 0 ? memchr(text.data, '\n', text.len) : NULL;
    size_t header_len = end != NULL ? (size_t)(end - text.data) : 0;
    crypto_auth_hmacsha256_state state;
    uint8_t mac[crypto_auth_hmacsha256_BYTES];
    struct bytes token = {0};

    add_base64url(&token,
                  header_len > 0 ? span_of(text.data, header_len) : SPAN("{\"alg\":\"HS256\"}"));
    bytes_add_byte(&token, '.');
    add_base64url(&token, end != NULL ? span_skip(text, header_len + 1) : text);
    (void)crypto_auth_hmacsha256_init(&state, (const uint8_t *)"devsecret", 9);
    (void)crypto_auth_hmacsha256_update(&state, token.data, token.len);
    (void)crypto_auth_hmacsha256_final(&state, mac);
    bytes_add_byte(&token, '.');
    add_base64url(&token, span_of(mac, sizeof mac));
    check_token(bytes_span(&token));
    bytes_finish(&token);
}

/* What we issue we take, and it says the same again. */
static void check_round_trip(struct span json)
{
    static const struct claims_rules any = {0};
    struct token_rules rules = {.secret = &secret};
    struct auth_claims claims, again;
    struct bytes token = {0};

    if (claims_read(json, &any, NOW_MS, &claims) != 0) {
        return;
    }
    check_claims(&claims);
    assert(token_issue(&rules, &claims, NOW_MS / 1000, NOW_MS / 1000 + 60, &token) == 0);
    assert(token_check(&rules, bytes_span(&token), NOW_MS, &again) == 0);
    assert(span_eq(auth_text_span(&claims.user_id), auth_text_span(&again.user_id)));
    assert(span_eq(auth_text_span(&claims.username), auth_text_span(&again.username)));
    assert(span_eq(auth_text_span(&claims.email), auth_text_span(&again.email)));
    assert(again.expires_ms == NOW_MS + 60000);
    bytes_finish(&token);
}

static void check_key_set(struct span json)
{
    struct bytes why = {0};
    struct key_set *set = key_set_parse(json, &why);

    assert((set == NULL) == (why.len > 0));
    if (set != NULL) {
        assert(set->count > 0 && set->count <= KEY_SET_MAX);
        key_set_release(set);
    }
    bytes_finish(&why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    prepare();
    check_token(span_of(data, len));
    check_signed(span_of(data, len));
    check_round_trip(span_of(data, len));
    check_key_set(span_of(data, len));
    return 0;
}
