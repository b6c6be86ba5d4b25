// SPDX-License-Identifier: MIT
#include "src/auth/token_key.h"

#include <cjose/cjose.h>
#include <sodium.h>

enum { RSA_BITS_MIN = 2048, RSA_BITS_MAX = 8192 };

static const struct {
    const char *name, *kty, *crv;
    const char *numbers[2]; /* what makes the public key, as JWK names it */
} algorithms[] = {
    [TOKEN_HS256] = {"HS256", "oct", NULL, {NULL, NULL}},
    [TOKEN_RS256] = {"RS256", "RSA", NULL, {"n", "e"}},
    [TOKEN_ES256] = {"ES256", "EC", "P-256", {"x", "y"}},
};

bool token_algorithm_find(struct json name, enum token_algorithm *out)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof algorithms[0]; i++) {
        if (json_string_eq(name, span_cstr(algorithms[i].name))) {
            *out = (enum token_algorithm)i;
            return true;
        }
    }
    return false;
}

int token_key_from_secret(struct token_key *key, struct span secret)
{
    cjose_err err;

    *key = (struct token_key){.algorithm = TOKEN_HS256};
    key->jwk = cjose_jwk_create_oct_spec(secret.data, secret.len, &err);
    return key->jwk != NULL ? 0 : -1;
}

/* The member is not there, or is this text. */
static bool is_or_missing(struct json jwk, struct span name, const char *text)
{
    struct json value;
    return !json_object_find(jwk, name, &value) || json_string_eq(value, span_cstr(text));
}

static bool may_verify(struct json jwk)
{
    struct json ops, item;
    struct json_iter it;

    if (!is_or_missing(jwk, SPAN("use"), "sig")) {
        return false;
    }
    if (!json_object_find(jwk, SPAN("key_ops"), &ops)) {
        return true;
    }
    if (ops.type != JSON_ARRAY) {
        return false;
    }
    json_array_begin(&it, ops);
    while (json_array_next(&it, &item)) {
        if (json_string_eq(item, SPAN("verify"))) {
            return true;
        }
    }
    return false;
}

static bool find_algorithm(struct json jwk, enum token_algorithm *out)
{
    struct json kty, crv;

    if (!json_object_find(jwk, SPAN("kty"), &kty)) {
        return false;
    }
    if (json_string_eq(kty, SPAN("RSA"))) {
        *out = TOKEN_RS256;
    } else if (json_string_eq(kty, SPAN("EC")) && json_object_find(jwk, SPAN("crv"), &crv) &&
               json_string_eq(crv, SPAN("P-256"))) {
        *out = TOKEN_ES256;
    } else {
        return false; /* "oct" too: a set of public keys holds no secret */
    }
    return is_or_missing(jwk, SPAN("alg"), algorithms[*out].name);
}

/* cjose ends the process over Base64 that it did not expect, so this must be strict. */
static bool is_number(struct json value)
{
    uint8_t number[RSA_BITS_MAX / 8 + 1]; /* a zero may be in front */
    struct span text;
    size_t len;

    return value.type == JSON_STRING && json_string_plain(value, &text) &&
           sodium_base642bin(number, sizeof number, (const char *)text.data, text.len, NULL, &len,
                             NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
           len > 0;
}

static int write_public_half(struct json jwk, enum token_algorithm algorithm, struct bytes *out)
{
    struct json value;

    bytes_add_byte(out, '{');
    json_member_string(out, SPAN("kty"), span_cstr(algorithms[algorithm].kty));
    if (algorithms[algorithm].crv != NULL) {
        json_member_string(out, SPAN("crv"), span_cstr(algorithms[algorithm].crv));
    }
    for (int i = 0; i < 2; i++) {
        struct span name = span_cstr(algorithms[algorithm].numbers[i]);
        if (!json_object_find(jwk, name, &value) || !is_number(value)) {
            return -1;
        }
        json_member_json(out, name, value.text);
    }
    bytes_add_byte(out, '}');
    return 0;
}

static bool big_enough(const struct token_key *key)
{
    cjose_err err;
    size_t bits = cjose_jwk_get_keysize(key->jwk, &err);
    return key->algorithm != TOKEN_RS256 || (bits >= RSA_BITS_MIN && bits <= RSA_BITS_MAX);
}

static int import(struct token_key *key, struct json jwk)
{
    struct bytes text = {0};
    cjose_err err;

    if (write_public_half(jwk, key->algorithm, &text) == 0) {
        key->jwk = cjose_jwk_import((const char *)text.data, text.len, &err);
    }
    bytes_finish(&text);
    if (key->jwk == NULL) {
        return -1;
    }
    if (!big_enough(key)) {
        token_key_finish(key);
        return -1;
    }
    return 0;
}

/* A kid that is too long to keep makes the key useless: tokens could not name it. */
static bool read_kid(struct json jwk, struct auth_text *out)
{
    struct bytes text = {0};
    struct json kid;

    out->len = 0;
    if (!json_object_find(jwk, SPAN("kid"), &kid)) {
        return true;
    }
    if (kid.type != JSON_STRING) {
        return false;
    }
    json_string_decode(kid, &text);
    bool fits = auth_text_set(out, bytes_span(&text));
    bytes_finish(&text);
    return fits;
}

int token_key_from_jwk(struct token_key *key, struct json jwk)
{
    *key = (struct token_key){0};
    if (jwk.type != JSON_OBJECT || !find_algorithm(jwk, &key->algorithm) || !may_verify(jwk) ||
        !read_kid(jwk, &key->kid)) {
        return -1;
    }
    return import(key, jwk);
}

void token_key_finish(struct token_key *key)
{
    (void)cjose_jwk_release(key->jwk);
    key->jwk = NULL;
}
