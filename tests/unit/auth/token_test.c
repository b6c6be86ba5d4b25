// SPDX-License-Identifier: MIT
#include "src/auth/token.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>

#include "tests/support/tap.h"
#include "tests/unit/auth/tokens.h"

#define NOW_MS INT64_C(1700000000000)

enum { THREADS = 4, ROUNDS = 200 };

static const char hs256[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";
static const char u1[] = "{\"userId\":\"u1\"}";

static struct auth_claims claims;
static struct token_key devsecret;

static struct key_set *keys_of(const char *json)
{
    struct bytes why = {0};
    struct key_set *set = key_set_parse(span_cstr(json), &why);
    check(set != NULL);
    bytes_finish(&why);
    return set;
}

static int check_by(const struct token_key *secret, const struct key_set *keys, struct span token)
{
    struct token_rules rules = {.secret = secret, .keys = keys};
    memset(&claims, 0xa5, sizeof claims);
    return token_check(&rules, token, NOW_MS, &claims);
}

/* With keys from that JWK Set, and our secret as well. */
static int check_keys(const char *json, const char *token)
{
    struct key_set *set = keys_of(json);
    int result = check_by(&devsecret, set, span_cstr(token));
    key_set_release(set);
    return result;
}

static void add_base64url(struct bytes *out, const void *data, size_t len)
{
    uint8_t *to = bytes_reserve(out, len * 2 + 4);
    (void)sodium_bin2base64((char *)to, len * 2 + 4, data, len,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    out->len += strlen((char *)to);
}

/* An HS256 token of any content, by libsodium's HMAC: free() it. */
static char *signed_with(const char *header, const char *payload, const void *secret, size_t len)
{
    crypto_auth_hmacsha256_state state;
    uint8_t mac[crypto_auth_hmacsha256_BYTES];
    struct bytes token = {0};

    add_base64url(&token, header, strlen(header));
    bytes_add_byte(&token, '.');
    add_base64url(&token, payload, strlen(payload));
    (void)crypto_auth_hmacsha256_init(&state, secret, len);
    (void)crypto_auth_hmacsha256_update(&state, token.data, token.len);
    (void)crypto_auth_hmacsha256_final(&state, mac);
    bytes_add_byte(&token, '.');
    add_base64url(&token, mac, sizeof mac);
    bytes_add_byte(&token, 0);
    return (char *)token.data;
}

static int check_signed(const char *header, const char *payload)
{
    char *token = signed_with(header, payload, "devsecret", 9);
    int result = check_by(&devsecret, NULL, span_cstr(token));
    free(token);
    return result;
}

static void issues_the_compact_form_that_others_make(void)
{
    struct auth_claims some = {0};
    struct bytes token = {0};

    check(auth_text_set(&some.user_id, SPAN("u1")));
    check(auth_text_set(&some.email, SPAN("ada@example.com")));
    check(token_issue(&(struct token_rules){.secret = &devsecret}, &some, 1699999000, 1700003600,
                      &token) == 0);
    char *want = signed_with(hs256,
                             "{\"userId\":\"u1\",\"email\":\"ada@example.com\","
                             "\"iat\":1699999000,\"exp\":1700003600}",
                             "devsecret", 9);
    check(span_eq(bytes_span(&token), span_cstr(want)));
    check(check_by(&devsecret, NULL, bytes_span(&token)) == 0);
    check(claims.expires_ms == INT64_C(1700003600000));
    check(span_eq(auth_text_span(&claims.username), SPAN("ada")));
    free(want);
    bytes_finish(&token);
}

/* RFC 7515, appendix A.1 to A.3: the signatures hold, though the claims name nobody. */
#define RFC_PAYLOAD                                                                              \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cn" \
    "VlfQ"

static void verifies_the_examples_of_the_standard(void)
{
    static const char a1[] = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." RFC_PAYLOAD
                             ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    static const char a2[] =
        "eyJhbGciOiJSUzI1NiJ9." RFC_PAYLOAD
        ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
        "O8W2F"
        "p5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_"
        "nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBM"
        "Hlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-"
        "eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2"
        "w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    static const char a3[] = "eyJhbGciOiJFUzI1NiJ9." RFC_PAYLOAD
                             ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQ"
                             "xfKTUJqPP3-Kg6NU1Q";
    static const char jwks[] = "{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":"
                               "\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbj"
                               "i9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-"
                               "pCgNMsD1W_YpRPEwOWvG6b326"
                               "90r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-"
                               "KXBdQOS-UTo7WTBEMa2R2CapHg665"
                               "xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-"
                               "DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91k"
                               "zk2PAcDTW9gb54h4FRWyuXpoQ\"},{\"kty\":\"EC\",\"crv\":\"P-256\","
                               "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                               "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";
    static const char k[] =
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    const char *const tokens[] = {a1, a2, a3};
    struct token_key key;
    uint8_t secret[64];
    size_t len;

    check(sodium_base642bin(secret, sizeof secret, k, strlen(k), NULL, &len, NULL,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0);
    check(token_key_from_secret(&key, span_of(secret, len)) == 0);
    struct key_set *set = keys_of(jwks);
    for (int i = 0; i < 3; i++) {
        struct token_rules rules = {.secret = &key, .keys = set};
        struct span token = span_cstr(tokens[i]);
        check(token_check(&rules, token, INT64_C(1300819379999), &claims) == TOKEN_EUSER);
        check(token_check(&rules, token, INT64_C(1300819380000), &claims) == TOKEN_EEXPIRED);
    }
    key_set_release(set);
    token_key_finish(&key);
}

static void verifies_tokens_of_another_implementation(void)
{
    check(check_keys(TOKENS_KEYS, TOKENS_RS256_R1) == 0);
    check(span_eq(auth_text_span(&claims.user_id), SPAN("u1")));
    check(span_eq(auth_text_span(&claims.username), SPAN("Ada")));
    check(claims.expires_ms == INT64_C(2000000000000));
    check(check_keys(TOKENS_KEYS, TOKENS_ES256_E1) == 0);
    check(check_keys(TOKENS_KEY_PRIVATE, TOKENS_RS256_R1) == 0);
}

static void chooses_the_key_by_name_or_the_only_one_that_fits(void)
{
    check(check_keys(TOKENS_KEYS, TOKENS_RS256_WITHOUT_KID) == 0);
    check(check_keys(TOKENS_KEYS, TOKENS_ES256_WITHOUT_KID) == 0);
    check(check_keys(TOKENS_KEYS_WITHOUT_NAMES, TOKENS_RS256_R1) == 0);
    check(check_keys(TOKENS_KEYS_OF_TWO, TOKENS_RS256_R2) == 0);
    check(check_keys(TOKENS_KEYS_OF_TWO, TOKENS_RS256_WITHOUT_KID) == TOKEN_EKEY);
    check(check_keys(TOKENS_KEYS, TOKENS_RS256_R2) == TOKEN_EKEY);
    check(check_keys(TOKENS_KEYS_OF_TWO, TOKENS_ES256_E1) == TOKEN_EKEY);
}

static void refuses_a_signature_by_another_key(void)
{
    check(check_keys(TOKENS_KEYS, TOKENS_RS256_R2_SAYS_R1) == TOKEN_ESIGNATURE);
    check(check_keys(TOKENS_KEYS_WITHOUT_NAMES, TOKENS_RS256_R2) == TOKEN_ESIGNATURE);
}

static void uses_no_key_for_another_purpose_or_algorithm(void)
{
    check(check_keys(TOKENS_KEYS, TOKENS_RS256_KID_ENC) == TOKEN_EKEY);
    check(check_keys(TOKENS_KEYS, TOKENS_RS256_SMALL) == TOKEN_EKEY);
    check(check_keys(TOKENS_KEYS, TOKENS_ES256_WITH_P384) == TOKEN_EKEY);
    check(check_keys(TOKENS_KEYS, TOKENS_ES256_SAYS_R1) == TOKEN_EKEY);
}

static void refuses_algorithms_that_are_not_configured(void)
{
    check(check_keys(TOKENS_KEYS, TOKENS_RS512_R1) == TOKEN_EALGORITHM);
    check(check_keys(TOKENS_KEYS, TOKENS_PS256_R1) == TOKEN_EALGORITHM);
    check(check_keys(TOKENS_KEYS, TOKENS_ES384) == TOKEN_EALGORITHM);
    check(check_by(&devsecret, NULL, SPAN(TOKENS_RS256_R1)) == TOKEN_EALGORITHM);

    struct key_set *set = keys_of(TOKENS_KEYS);
    char *token = signed_with(hs256, u1, "devsecret", 9);
    check(check_by(NULL, set, span_cstr(token)) == TOKEN_EALGORITHM);
    check(check_by(&devsecret, set, span_cstr(token)) == 0);
    free(token);
    key_set_release(set);
}

static void refuses_a_public_key_for_a_secret(void)
{
    static const char *const publics[] = {TOKENS_R1_PEM, TOKENS_R1_N, TOKENS_KEYS,
                                          "a secret that everybody can read"};
    static const char *const headers[] = {hs256, "{\"alg\":\"HS256\",\"kid\":\"r1\"}",
                                          "{\"alg\":\"HS256\",\"kid\":\"shared\"}"};
    struct key_set *set = keys_of(TOKENS_KEYS);

    for (size_t i = 0; i < sizeof publics / sizeof publics[0]; i++) {
        for (size_t j = 0; j < sizeof headers / sizeof headers[0]; j++) {
            char *token = signed_with(headers[j], u1, publics[i], strlen(publics[i]));
            check(check_by(NULL, set, span_cstr(token)) == TOKEN_EALGORITHM);
            check(check_by(&devsecret, set, span_cstr(token)) == TOKEN_ESIGNATURE);
            free(token);
        }
    }
    key_set_release(set);
}

static void refuses_no_algorithm_in_any_case(void)
{
    static const char *const headers[] = {"{\"alg\":\"none\"}",    "{\"alg\":\"None\"}",
                                          "{\"alg\":\"hs256\"}",   "{\"alg\":null}",
                                          "{\"alg\":[\"HS256\"]}", "{\"alg\":\"HS256\\u0000\"}"};

    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        check(check_signed(headers[i], u1) == TOKEN_EALGORITHM);
    }
    check(check_signed("{\"alg\":\"HS256\",\"alg\":\"none\"}", u1) == TOKEN_EALGORITHM);
    check(check_signed("{\"typ\":\"JWT\"}", u1) == TOKEN_EMALFORMED);
    /* {"alg":"none"} . {"userId":"u1"} . nothing */
    check(check_by(&devsecret, NULL, SPAN("eyJhbGciOiJub25lIn0.eyJ1c2VySWQiOiJ1MSJ9.")) ==
          TOKEN_EALGORITHM);
}

static void refuses_extensions_that_it_does_not_know(void)
{
    check(check_keys(TOKENS_KEYS, TOKENS_RS256_CRIT) == TOKEN_EALGORITHM);
    check(check_signed("{\"alg\":\"HS256\",\"crit\":[\"exp\"],\"exp\":1}", u1) == TOKEN_EALGORITHM);
    check(check_signed("{\"alg\":\"HS256\",\"x\":[1,{\"y\":2}],\"typ\":\"at+jwt\"}", u1) == 0);
}

static void refuses_whatever_was_changed(void)
{
    char *good = signed_with(hs256, u1, "devsecret", 9);
    size_t len = strlen(good);

    check(check_by(&devsecret, NULL, span_of(good, len)) == 0);
    for (size_t i = 0; i < len; i++) {
        char was = good[i];
        good[i] = was == 'A' ? 'Q' : 'A';
        check(check_by(&devsecret, NULL, span_of(good, len)) < 0);
        good[i] = '.';
        check(was == '.' || check_by(&devsecret, NULL, span_of(good, len)) < 0);
        good[i] = was;
        check(check_by(&devsecret, NULL, span_of(good, i)) < 0);
    }
    check(check_by(&devsecret, NULL, span_of(good, len + 1)) == TOKEN_EMALFORMED); /* its NUL */
    free(good);
}

/* The same numbers, each with a zero in front: 66 bytes instead of 64. */
static void add_zeros(struct bytes *token)
{
    static const char good[] = TOKENS_ES256_E1;
    const char *end = strrchr(good, '.') + 1;
    uint8_t rs[64], wide[66] = {0};

    check(sodium_base642bin(rs, sizeof rs, end, strlen(end), NULL, NULL, NULL,
                            sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0);
    memcpy(wide + 1, rs, 32);
    memcpy(wide + 34, rs + 32, 32);
    bytes_add(token, good, (size_t)(end - good));
    add_base64url(token, wide, sizeof wide);
    bytes_add_byte(token, 0);
}

static void refuses_an_ES256_signature_in_another_form(void)
{
    struct bytes token = {0};

    add_zeros(&token);
    check(check_keys(TOKENS_KEYS, (const char *)token.data) == TOKEN_ESIGNATURE);
    bytes_finish(&token);
    check(check_keys(TOKENS_KEYS, TOKENS_ES256_DER) == TOKEN_ESIGNATURE);
    check(check_keys(TOKENS_KEYS, TOKENS_ES256_E1 "AA") == TOKEN_ESIGNATURE);
}

static void refuses_what_is_no_token(void)
{
    static const char *const bad[] = {"",
                                      ".",
                                      "..",
                                      "...",
                                      "a.b.c",
                                      "undefined",
                                      "eyJhbGciOiJIUzI1NiJ9",
                                      "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VySWQiOiJ1MSJ9",
                                      "eyJhbGciOiJIUzI1NiJ9..AAAA",
                                      ".eyJ1c2VySWQiOiJ1MSJ9.AAAA",
                                      "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VySWQiOiJ1MSJ9.AAAA.AAAA",
                                      "eyJhbGciOiJIUzI1NiJ9.eyJ1c2VySWQiOiJ1MSJ9=.AAAA",
                                      " eyJhbGciOiJIUzI1NiJ9.e30.AAAA",
                                      "IkhTMjU2Ig.e30.AAAA",
                                      "eyJhbGciOiJIUzI1NiJ9.AAAAA.AAAA",
                                      "eyJhbGciOiJIUzI1NiJ9.AAAA.AAAAA",
                                      "eyJhbGciOiJIUzI1NiJ9.AAAA.AAAA=",
                                      "eyJhbGciOiJIUzI1NiJ9.AA=.AA==",
                                      "W10.e30.AAAA"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        check(check_by(&devsecret, NULL, span_cstr(bad[i])) == TOKEN_EMALFORMED);
    }
    check(check_signed(hs256, "[]") == TOKEN_EMALFORMED);
    check(check_signed(hs256, "u1") == TOKEN_EMALFORMED);
}

static void bounds_the_length_of_a_token(void)
{
    static char payload[TOKEN_BYTES_MAX];
    size_t len = (TOKEN_BYTES_MAX - 36 - 1 - 1 - 43) / 4 * 3; /* what a whole token leaves to it */

    memset(payload, ' ', len);
    memcpy(payload, u1, sizeof u1 - 1);
    char *token = signed_with(hs256, payload, "devsecret", 9);
    check(strlen(token) <= TOKEN_BYTES_MAX && strlen(token) > TOKEN_BYTES_MAX - 4);
    check(check_by(&devsecret, NULL, span_cstr(token)) == 0);
    free(token);
    memset(payload + len, ' ', 3);
    token = signed_with(hs256, payload, "devsecret", 9);
    check(check_by(&devsecret, NULL, span_cstr(token)) == TOKEN_ETOOLONG);
    free(token);
}

static void looks_at_times_only_after_the_signature(void)
{
    char *token = signed_with(hs256, "{\"userId\":\"u1\",\"exp\":1}", "another", 7);

    check(check_by(&devsecret, NULL, span_cstr(token)) == TOKEN_ESIGNATURE);
    free(token);
    check(check_signed(hs256, "{\"userId\":\"u1\",\"exp\":1}") == TOKEN_EEXPIRED);
}

static struct token_rules shared_rules;

static void *check_many(void *arg)
{
    struct auth_claims mine;
    int *failed = arg;

    for (int i = 0; i < ROUNDS; i++) {
        *failed |= token_check(&shared_rules, SPAN(TOKENS_RS256_R1), NOW_MS, &mine) != 0;
        *failed |= token_check(&shared_rules, SPAN(TOKENS_ES256_E1), NOW_MS, &mine) != 0;
        *failed |= token_check(&shared_rules, SPAN(TOKENS_RS256_R2_SAYS_R1), NOW_MS, &mine) !=
                   TOKEN_ESIGNATURE;
        struct bytes token = {0};
        *failed |= token_issue(&shared_rules, &mine, 1699999000, 1700003600, &token) != 0;
        *failed |= token_check(&shared_rules, bytes_span(&token), NOW_MS, &mine) != 0;
        bytes_finish(&token);
    }
    return NULL;
}

static void serves_many_threads_with_the_same_keys(void)
{
    struct key_set *set = keys_of(TOKENS_KEYS);
    pthread_t threads[THREADS];
    int failed[THREADS] = {0};

    shared_rules = (struct token_rules){.secret = &devsecret, .keys = set};
    for (int i = 0; i < THREADS; i++) {
        check(pthread_create(&threads[i], NULL, check_many, &failed[i]) == 0);
    }
    for (int i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
        check(!failed[i]);
    }
    key_set_release(set);
}

int main(void)
{
    if (sodium_init() < 0 || token_key_from_secret(&devsecret, SPAN("devsecret")) != 0) {
        return 1;
    }
    RUN(issues_the_compact_form_that_others_make);
    RUN(verifies_the_examples_of_the_standard);
    RUN(verifies_tokens_of_another_implementation);
    RUN(chooses_the_key_by_name_or_the_only_one_that_fits);
    RUN(refuses_a_signature_by_another_key);
    RUN(uses_no_key_for_another_purpose_or_algorithm);
    RUN(refuses_algorithms_that_are_not_configured);
    RUN(refuses_a_public_key_for_a_secret);
    RUN(refuses_no_algorithm_in_any_case);
    RUN(refuses_extensions_that_it_does_not_know);
    RUN(refuses_whatever_was_changed);
    RUN(refuses_an_ES256_signature_in_another_form);
    RUN(refuses_what_is_no_token);
    RUN(bounds_the_length_of_a_token);
    RUN(looks_at_times_only_after_the_signature);
    RUN(serves_many_threads_with_the_same_keys);
    token_key_finish(&devsecret);
    return tap_done();
}
