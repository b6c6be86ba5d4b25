// SPDX-License-Identifier: MIT
#include "src/auth/key_set.h"

#include "tests/support/tap.h"
#include "tests/unit/auth/tokens.h"

static struct key_set *parse(const char *json)
{
    struct bytes why = {0};
    struct key_set *set = key_set_parse(span_cstr(json), &why);
    check((set == NULL) == (why.len > 0));
    bytes_finish(&why);
    return set;
}

static void keeps_the_keys_that_it_can_use(void)
{
    struct key_set *set = parse(TOKENS_KEYS);

    check(set->count == 2);
    const struct token_key *rsa = key_set_find(set, TOKEN_RS256, SPAN("r1"));
    const struct token_key *ec = key_set_find(set, TOKEN_ES256, SPAN("e1"));
    check(rsa != NULL && rsa->algorithm == TOKEN_RS256);
    check(ec != NULL && ec->algorithm == TOKEN_ES256);
    check(key_set_find(set, TOKEN_RS256, SPAN("e1")) == NULL);
    check(key_set_find(set, TOKEN_RS256, SPAN("enc")) == NULL);
    check(key_set_find(set, TOKEN_HS256, SPAN("shared")) == NULL);
    check(key_set_find(set, TOKEN_HS256, SPAN("")) == NULL);
    key_set_release(set);
}

static void gives_a_key_without_a_name_to_whoever_can_mean_no_other(void)
{
    struct key_set *set = parse(TOKENS_KEYS_WITHOUT_NAMES);
    check(key_set_find(set, TOKEN_RS256, SPAN("any")) != NULL);
    check(key_set_find(set, TOKEN_ES256, SPAN("")) != NULL);
    key_set_release(set);

    set = parse(TOKENS_KEYS_OF_TWO);
    check(key_set_find(set, TOKEN_RS256, SPAN("")) == NULL);
    check(key_set_find(set, TOKEN_RS256, SPAN("r3")) == NULL);
    check(key_set_find(set, TOKEN_RS256, SPAN("r1")) != key_set_find(set, TOKEN_RS256, SPAN("r2")));
    key_set_release(set);
}

static void says_what_is_wrong_with_a_set(void)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"keys\":{}}",
        "{\"keys\":[]}",
        "{\"keys\":[{}]}",
        "<html>",
        "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AAAA\"}]}",
        "{\"keys\":[{\"kty\":\"RSA\",\"e\":\"AQAB\"}]}",
        "{\"keys\":[{\"kty\":\"RSA\",\"n\":7,\"e\":\"AQAB\"}]}",
        "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"\",\"e\":\"\"}]}",
        "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}]}",
        "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"A===\",\"e\":\"A=\"}]}",
        "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"" TOKENS_R1_N "\",\"e\":\"AQ=B\"}]}",
        TOKENS_KEY_FOR_RS512};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        check(parse(bad[i]) == NULL);
    }
}

static void keeps_no_more_keys_than_its_bound(void)
{
    struct bytes json = {0};

    bytes_add_cstr(&json, "{\"keys\":[");
    for (int i = 0; i < KEY_SET_MAX + 1; i++) {
        bytes_add_cstr(&json, i > 0 ? "," : "");
        bytes_add_cstr(&json, "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"" TOKENS_R1_N "\"}");
    }
    bytes_add_cstr(&json, "]}");
    bytes_add_byte(&json, 0);
    struct key_set *set = parse((const char *)json.data);
    check(set->count == KEY_SET_MAX);
    key_set_release(set);
    bytes_finish(&json);
}

static void lives_as_long_as_somebody_holds_it(void)
{
    struct key_set *set = parse(TOKENS_KEYS), *mine = key_set_hold(set);

    key_set_release(set);
    check(key_set_find(mine, TOKEN_RS256, SPAN("r1")) != NULL);
    key_set_release(mine);

    set = key_set_create_empty();
    check(key_set_find(set, TOKEN_RS256, SPAN("")) == NULL);
    key_set_release(set);
}

int main(void)
{
    RUN(keeps_the_keys_that_it_can_use);
    RUN(gives_a_key_without_a_name_to_whoever_can_mean_no_other);
    RUN(says_what_is_wrong_with_a_set);
    RUN(keeps_no_more_keys_than_its_bound);
    RUN(lives_as_long_as_somebody_holds_it);
    return tap_done();
}
