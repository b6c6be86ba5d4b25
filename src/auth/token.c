// SPDX-License-Identifier: MIT
#include "src/auth/token.h"

#include <assert.h>
#include <cjose/cjose.h>
#include <openssl/err.h>
#include <sodium.h>

#include "protocol/base64.h"

enum { HEADER_DEPTH_MAX = 8, ES256_SIGNATURE_BYTES = 64 };

int token_issue(const struct token_rules *rules, const struct auth_claims *claims, int64_t issued_s,
                int64_t expires_s, struct bytes *out)
{
    struct bytes payload = {0};
    cjose_jws_t *jws = NULL;
    const char *text;
    cjose_err err;
    int result = -1;

    assert(rules->secret->algorithm == TOKEN_HS256);
    cjose_header_t *header = cjose_header_new(&err);
    claims_write(claims, &rules->claims, issued_s, expires_s, &payload);
    if (header != NULL && cjose_header_set(header, CJOSE_HDR_ALG, CJOSE_HDR_ALG_HS256, &err) &&
        cjose_header_set(header, "typ", "JWT", &err)) {
        jws = cjose_jws_sign(rules->secret->jwk, header, payload.data, payload.len, &err);
    }
    if (jws != NULL && cjose_jws_export(jws, &text, &err)) {
        bytes_add_cstr(out, text);
        result = 0;
    }
    cjose_jws_release(jws);
    cjose_header_release(header);
    bytes_finish(&payload);
    return result;
}

struct parts {
    struct span header, payload; /* in Base64url */
    struct span signature;       /* likewise; may be empty */
};

static bool is_base64url(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

/* Takes a part of at least a character, up to what cannot be in one. */
static bool take_part(struct span *rest, struct span *part)
{
    size_t len = 0;

    while (len < rest->len && is_base64url(rest->data[len])) {
        len++;
    }
    *part = span_of(rest->data, len);
    *rest = span_skip(*rest, len);
    return len > 0;
}

static bool take_dot(struct span *rest)
{
    if (rest->len == 0 || rest->data[0] != '.') {
        return false;
    }
    *rest = span_skip(*rest, 1);
    return true;
}

/* cjose would take padding and, in the signature, dots, or end the process over them. The signature
 * may be missing: that is how "none" looks, and it is the algorithm that is wrong about it. */
static bool split(struct span token, struct parts *out)
{
    out->signature = SPAN("");
    if (!take_part(&token, &out->header) || !take_dot(&token) ||
        !take_part(&token, &out->payload) || !take_dot(&token)) {
        return false;
    }
    return token.len == 0 || (take_part(&token, &out->signature) && token.len == 0);
}

/* Finds the key that a header asks for, among those that fit its algorithm. */
static int choose_key(const struct token_rules *rules, struct json header,
                      const struct token_key **out)
{
    struct json value;
    struct bytes kid = {0};
    enum token_algorithm algorithm;

    if (!json_object_find(header, SPAN("alg"), &value)) {
        return TOKEN_EMALFORMED;
    }
    if (!token_algorithm_find(value, &algorithm) ||
        json_object_find(header, SPAN("crit"), &value)) {
        return TOKEN_EALGORITHM;
    }
    if (algorithm == TOKEN_HS256) {
        *out = rules->secret;
        return rules->secret != NULL ? 0 : TOKEN_EALGORITHM;
    }
    if (rules->keys == NULL) {
        return TOKEN_EALGORITHM;
    }
    if (json_object_find(header, SPAN("kid"), &value)) {
        if (value.type != JSON_STRING) {
            return TOKEN_EMALFORMED;
        }
        json_string_decode(value, &kid);
    }
    *out = key_set_find(rules->keys, algorithm, bytes_span(&kid));
    bytes_finish(&kid);
    return *out != NULL ? 0 : TOKEN_EKEY;
}

static int read_header(const struct token_rules *rules, struct span part,
                       const struct token_key **out)
{
    uint8_t text[BASE64_DECODED_MAX(TOKEN_BYTES_MAX)];
    struct json header;
    size_t len;

    if (sodium_base642bin(text, sizeof text, (const char *)part.data, part.len, NULL, &len, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        json_parse(span_of(text, len), HEADER_DEPTH_MAX, &header) != 0 ||
        header.type != JSON_OBJECT) {
        return TOKEN_EMALFORMED;
    }
    return choose_key(rules, header, out);
}

/* cjose splits an ES256 signature in the middle, however long it is. */
static bool fits_algorithm(struct span signature, enum token_algorithm algorithm)
{
    return algorithm != TOKEN_ES256 ||
           signature.len == BASE64URL_ENCODED_LEN(ES256_SIGNATURE_BYTES);
}

static bool verify(cjose_jws_t *jws, const struct token_key *key)
{
    cjose_err err;
    bool good = cjose_jws_verify(jws, key->jwk, &err);

    if (!good) {
        ERR_clear_error(); /* what is left there would be taken for a failure of a TLS connection */
    }
    return good;
}

int token_check(const struct token_rules *rules, struct span token, int64_t wall_ms,
                struct auth_claims *out)
{
    const struct token_key *key = NULL;
    struct parts parts;
    uint8_t *payload;
    size_t payload_len;
    cjose_err err;

    if (token.len > TOKEN_BYTES_MAX) {
        return TOKEN_ETOOLONG;
    }
    if (!split(token, &parts)) {
        return TOKEN_EMALFORMED;
    }
    int result = read_header(rules, parts.header, &key);
    if (result != 0) {
        return result;
    }
    if (!fits_algorithm(parts.signature, key->algorithm)) {
        return TOKEN_ESIGNATURE;
    }
    cjose_jws_t *jws = cjose_jws_import((const char *)token.data, token.len, &err);
    if (jws == NULL) {
        return TOKEN_EMALFORMED;
    }
    if (!verify(jws, key)) {
        result = TOKEN_ESIGNATURE;
    } else if (!cjose_jws_get_plaintext(jws, &payload, &payload_len, &err)) {
        result = TOKEN_EMALFORMED;
    } else {
        result = claims_read(span_of(payload, payload_len), &rules->claims, wall_ms, out);
    }
    cjose_jws_release(jws);
    return result;
}
