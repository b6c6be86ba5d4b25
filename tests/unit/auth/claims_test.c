// SPDX-License-Identifier: MIT
#include "src/auth/claims.h"

#include "tests/support/tap.h"

#define NOW_MS INT64_C(1700000000000)

static struct auth_claims claims;

static int read_with(const char *json, struct claims_rules rules)
{
    memset(&claims, 0xa5, sizeof claims);
    return claims_read(span_cstr(json), &rules, NOW_MS, &claims);
}

static int read_any(const char *json)
{
    return read_with(json, (struct claims_rules){0});
}

static bool is(const struct auth_text *text, const char *want)
{
    return span_eq(auth_text_span(text), span_cstr(want));
}

static bool user_is(const char *json, const char *want)
{
    return read_any(json) == 0 && is(&claims.user_id, want);
}

static bool name_is(const char *json, const char *want)
{
    return read_any(json) == 0 && is(&claims.username, want);
}

static void reads_all_that_is_there(void)
{
    check(read_any("{\"userId\":\"u1\",\"username\":\"Ada\",\"email\":\"ada@example.com\","
                   "\"iat\":1699999000,\"exp\":1700003600}") == 0);
    check(is(&claims.user_id, "u1"));
    check(is(&claims.username, "Ada"));
    check(is(&claims.email, "ada@example.com"));
    check(claims.expires_ms == INT64_C(1700003600000));
}

static void finds_the_user_under_its_four_names_in_order(void)
{
    check(user_is("{\"id\":\"d\",\"sub\":\"c\",\"user_id\":\"b\",\"userId\":\"a\"}", "a"));
    check(user_is("{\"id\":\"d\",\"sub\":\"c\",\"user_id\":\"b\"}", "b"));
    check(user_is("{\"id\":\"d\",\"sub\":\"c\"}", "c"));
    check(user_is("{\"id\":\"d\",\"sub\":null}", "d"));
    check(user_is("{\"userId\":\"\\u00e9\\n\"}", "\xc3\xa9\n"));
}

static void takes_a_whole_number_for_its_digits(void)
{
    check(user_is("{\"id\":42}", "42"));
    check(user_is("{\"id\":9007199254740991}", "9007199254740991"));
    check(read_any("{\"id\":9007199254740992}") == TOKEN_EUSER);
    check(read_any("{\"id\":1.5}") == TOKEN_EUSER);
    check(read_any("{\"id\":-1}") == TOKEN_EUSER);
}

static void refuses_who_cannot_be_a_user(void)
{
    char json[400], id[AUTH_TEXT_MAX + 2];

    check(read_any("{}") == TOKEN_EUSER);
    check(read_any("{\"userId\":\"\",\"sub\":\"c\"}") == TOKEN_EUSER);
    check(read_any("{\"userId\":{},\"sub\":\"c\"}") == TOKEN_EUSER);
    check(read_any("{\"userId\":true}") == TOKEN_EUSER);
    memset(id, 'x', sizeof id);
    id[AUTH_TEXT_MAX] = 0;
    (void)snprintf(json, sizeof json, "{\"sub\":\"%s\"}", id);
    check(user_is(json, id));
    id[AUTH_TEXT_MAX] = 'x';
    id[AUTH_TEXT_MAX + 1] = 0;
    (void)snprintf(json, sizeof json, "{\"userId\":\"%s\",\"sub\":\"c\"}", id);
    check(read_any(json) == TOKEN_EUSER);
}

static void finds_a_name_or_takes_it_from_the_address(void)
{
    check(name_is("{\"id\":\"u\",\"name\":\"N\",\"username\":\"U\"}", "U"));
    check(name_is("{\"id\":\"u\",\"preferred_username\":\"P\",\"name\":\"N\"}", "N"));
    check(name_is("{\"id\":\"u\",\"preferred_username\":\"P\",\"name\":7}", "P"));
    check(name_is("{\"id\":\"u\",\"email\":\"ada@example.com\"}", "ada"));
    check(name_is("{\"id\":\"u\",\"email\":\"ada\"}", ""));
    check(name_is("{\"id\":\"u\",\"email\":[\"a@b\"]}", ""));
    check(name_is("{\"id\":\"u\"}", ""));
    check(is(&claims.email, ""));
}

static void expires_at_the_millisecond(void)
{
    check(read_any("{\"id\":\"u\",\"exp\":1700000000}") == TOKEN_EEXPIRED);
    check(read_any("{\"id\":\"u\",\"exp\":1700000000.001}") == 0);
    check(claims.expires_ms == NOW_MS + 1);
    check(read_any("{\"id\":\"u\",\"exp\":0}") == TOKEN_EEXPIRED);
    check(read_any("{\"id\":\"u\",\"exp\":-1e300}") == TOKEN_EEXPIRED);
    check(read_any("{\"id\":\"u\",\"exp\":1e300}") == 0);
    check(claims.expires_ms > NOW_MS);
    check(read_any("{\"id\":\"u\"}") == 0);
    check(claims.expires_ms == 0);
}

static void is_not_valid_before_its_time(void)
{
    check(read_any("{\"id\":\"u\",\"nbf\":1700000000}") == 0);
    check(read_any("{\"id\":\"u\",\"nbf\":1700000000.001}") == TOKEN_EEARLY);
    check(read_any("{\"id\":\"u\",\"nbf\":1e300}") == TOKEN_EEARLY);
}

static void gives_clocks_their_leeway(void)
{
    struct claims_rules rules = {.leeway_ms = 5000};

    check(read_with("{\"id\":\"u\",\"exp\":1699999996}", rules) == 0);
    check(claims.expires_ms == NOW_MS + 1000);
    check(read_with("{\"id\":\"u\",\"exp\":1699999995}", rules) == TOKEN_EEXPIRED);
    check(read_with("{\"id\":\"u\",\"nbf\":1700000005}", rules) == 0);
    check(read_with("{\"id\":\"u\",\"nbf\":1700000006}", rules) == TOKEN_EEARLY);
}

static void wants_numbers_for_times(void)
{
    check(read_any("{\"id\":\"u\",\"exp\":\"1700003600\"}") == TOKEN_EMALFORMED);
    check(read_any("{\"id\":\"u\",\"exp\":null}") == TOKEN_EMALFORMED);
    check(read_any("{\"id\":\"u\",\"nbf\":true}") == TOKEN_EMALFORMED);
}

static void wants_the_issuer_it_is_told_to_want(void)
{
    struct claims_rules rules = {.issuer = "https://id.example.com"};

    check(read_with("{\"id\":\"u\",\"iss\":\"https://id.example.com\"}", rules) == 0);
    check(read_with("{\"id\":\"u\",\"iss\":\"https://id.example.com/\"}", rules) == TOKEN_EISSUER);
    check(read_with("{\"id\":\"u\",\"iss\":[\"https://id.example.com\"]}", rules) == TOKEN_EISSUER);
    check(read_with("{\"id\":\"u\"}", rules) == TOKEN_EISSUER);
}

static void wants_the_audience_it_is_told_to_want(void)
{
    struct claims_rules rules = {.audience = "chat"};

    check(read_with("{\"id\":\"u\",\"aud\":\"chat\"}", rules) == 0);
    check(read_with("{\"id\":\"u\",\"aud\":[\"mail\",\"chat\"]}", rules) == 0);
    check(read_with("{\"id\":\"u\",\"aud\":[\"mail\",[\"chat\"]]}", rules) == TOKEN_EAUDIENCE);
    check(read_with("{\"id\":\"u\",\"aud\":[]}", rules) == TOKEN_EAUDIENCE);
    check(read_with("{\"id\":\"u\",\"aud\":{\"chat\":1}}", rules) == TOKEN_EAUDIENCE);
    check(read_with("{\"id\":\"u\"}", rules) == TOKEN_EAUDIENCE);
}

static void refuses_what_is_no_object(void)
{
    check(read_any("") == TOKEN_EMALFORMED);
    check(read_any("[]") == TOKEN_EMALFORMED);
    check(read_any("\"u\"") == TOKEN_EMALFORMED);
    check(read_any("{\"id\":\"u\"} x") == TOKEN_EMALFORMED);
    check(read_any("{\"id\":\"\xff\"}") == TOKEN_EMALFORMED);
}

static void writes_what_it_reads(void)
{
    const struct claims_rules any = {0}, picky = {.issuer = "us", .audience = "chat"};
    struct auth_claims some = {0};
    struct bytes json = {0};

    check(auth_text_set(&some.user_id, SPAN("u\"1")));
    claims_write(&some, &any, 10, 20, &json);
    check(span_eq(bytes_span(&json), SPAN("{\"userId\":\"u\\\"1\",\"iat\":10,\"exp\":20}")));
    bytes_clear(&json);
    check(auth_text_set(&some.username, SPAN("Ada")));
    check(auth_text_set(&some.email, SPAN("a@b.c")));
    claims_write(&some, &any, 10, 1700003600, &json);
    check(claims_read(bytes_span(&json), &any, NOW_MS, &claims) == 0);
    check(is(&claims.user_id, "u\"1") && is(&claims.username, "Ada"));
    check(is(&claims.email, "a@b.c") && claims.expires_ms == INT64_C(1700003600000));
    bytes_clear(&json);
    claims_write(&some, &picky, 10, 1700003600, &json);
    check(claims_read(bytes_span(&json), &picky, NOW_MS, &claims) == 0);
    bytes_finish(&json);
}

static void has_a_sentence_for_each_error(void)
{
    for (int error = TOKEN_EUSER; error < 0; error++) {
        check(strstr(token_strerror(error), "token") != NULL);
    }
}

int main(void)
{
    RUN(reads_all_that_is_there);
    RUN(finds_the_user_under_its_four_names_in_order);
    RUN(takes_a_whole_number_for_its_digits);
    RUN(refuses_who_cannot_be_a_user);
    RUN(finds_a_name_or_takes_it_from_the_address);
    RUN(expires_at_the_millisecond);
    RUN(is_not_valid_before_its_time);
    RUN(gives_clocks_their_leeway);
    RUN(wants_numbers_for_times);
    RUN(wants_the_issuer_it_is_told_to_want);
    RUN(wants_the_audience_it_is_told_to_want);
    RUN(refuses_what_is_no_object);
    RUN(writes_what_it_reads);
    RUN(has_a_sentence_for_each_error);
    return tap_done();
}
