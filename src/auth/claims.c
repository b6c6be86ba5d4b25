// SPDX-License-Identifier: MIT
#include "src/auth/claims.h"

#include "protocol/json.h"

enum { DEPTH_MAX = 32 };

#define SAFE_INTEGER_MAX ((UINT64_C(1) << 53) - 1)
#define SECONDS_MAX      8.64e12 /* the last moment of a JavaScript Date */

const char *token_strerror(int error)
{
    switch ((enum token_error)error) {
    case TOKEN_ETOOLONG:
        return "the token is too long";
    case TOKEN_EMALFORMED:
        return "the token is malformed";
    case TOKEN_EALGORITHM:
        return "the token's algorithm is not accepted";
    case TOKEN_EKEY:
        return "the token's key is not known";
    case TOKEN_ESIGNATURE:
        return "the token's signature is wrong";
    case TOKEN_EEXPIRED:
        return "the token has expired";
    case TOKEN_EEARLY:
        return "the token is not valid yet";
    case TOKEN_EISSUER:
        return "the token is from another issuer";
    case TOKEN_EAUDIENCE:
        return "the token is for another audience";
    case TOKEN_EUSER:
        return "the token names no user";
    }
    return "unknown error";
}

bool auth_text_set(struct auth_text *text, struct span s)
{
    text->len = 0;
    if (s.len > AUTH_TEXT_MAX) {
        return false;
    }
    if (s.len > 0) {
        memcpy(text->data, s.data, s.len);
    }
    text->len = (uint8_t)s.len;
    return true;
}

/* A string of 1 to AUTH_TEXT_MAX bytes. */
static bool read_text(struct json value, struct auth_text *out)
{
    struct bytes decoded = {0};
    struct span plain;

    out->len = 0;
    if (value.type != JSON_STRING) {
        return false;
    }
    if (!json_string_plain(value, &plain)) {
        json_string_decode(value, &decoded);
        plain = bytes_span(&decoded);
    }
    bool fits = auth_text_set(out, plain) && out->len > 0;
    bytes_finish(&decoded);
    return fits;
}

static bool read_user_id(struct json value, struct auth_text *out)
{
    uint64_t n;

    if (json_to_u64(value, SAFE_INTEGER_MAX, &n) != 0) {
        return read_text(value, out);
    }
    struct bytes digits = {0};
    bytes_add_u64(&digits, n);
    bool fits = auth_text_set(out, bytes_span(&digits));
    bytes_finish(&digits);
    return fits;
}

/* The first name that is there decides; falling through to the next would make another user of
 * somebody whose id is too long. */
static int find_user(struct json claims, struct auth_text *out)
{
    static const char *const names[] = {"userId", "user_id", "sub", "id"};
    struct json value;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (json_object_find(claims, span_cstr(names[i]), &value) && value.type != JSON_NULL) {
            return read_user_id(value, out) ? 0 : TOKEN_EUSER;
        }
    }
    return TOKEN_EUSER;
}

static void find_name(struct json claims, struct auth_claims *out)
{
    static const char *const names[] = {"username", "name", "preferred_username"};
    struct json value;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (json_object_find(claims, span_cstr(names[i]), &value) &&
            read_text(value, &out->username)) {
            return;
        }
    }
    const char *at = memchr(out->email.data, '@', out->email.len);
    size_t len = at != NULL ? (size_t)(at - out->email.data) : 0;
    (void)auth_text_set(&out->username, span_of(out->email.data, len));
}

/* Returns 1 and sets *out_ms, 0 if the claim is not there, or TOKEN_EMALFORMED. */
static int find_time(struct json claims, struct span name, int64_t *out_ms)
{
    struct json value;
    double seconds;

    if (!json_object_find(claims, name, &value)) {
        return 0;
    }
    if (json_to_double(value, &seconds) != 0) {
        return TOKEN_EMALFORMED;
    }
    seconds = seconds < 0 ? 0 : seconds > SECONDS_MAX ? SECONDS_MAX : seconds;
    *out_ms = (int64_t)(seconds * 1000);
    return 1;
}

static int check_times(struct json claims, int64_t leeway_ms, int64_t wall_ms,
                       int64_t *out_expires_ms)
{
    int64_t exp_ms = 0, nbf_ms = 0;
    int exp = find_time(claims, SPAN("exp"), &exp_ms);
    int nbf = find_time(claims, SPAN("nbf"), &nbf_ms);

    if (exp < 0 || nbf < 0) {
        return TOKEN_EMALFORMED;
    }
    if (exp > 0 && wall_ms >= exp_ms + leeway_ms) {
        return TOKEN_EEXPIRED;
    }
    if (nbf > 0 && wall_ms < nbf_ms - leeway_ms) {
        return TOKEN_EEARLY;
    }
    *out_expires_ms = exp > 0 ? exp_ms + leeway_ms : 0;
    return 0;
}

static bool is_for(struct json aud, struct span audience)
{
    struct json_iter it;
    struct json item;

    if (aud.type != JSON_ARRAY) {
        return json_string_eq(aud, audience);
    }
    json_array_begin(&it, aud);
    while (json_array_next(&it, &item)) {
        if (json_string_eq(item, audience)) {
            return true;
        }
    }
    return false;
}

static int check_parties(struct json claims, const struct claims_rules *rules)
{
    struct json value;

    if (rules->issuer != NULL && (!json_object_find(claims, SPAN("iss"), &value) ||
                                  !json_string_eq(value, span_cstr(rules->issuer)))) {
        return TOKEN_EISSUER;
    }
    if (rules->audience != NULL && (!json_object_find(claims, SPAN("aud"), &value) ||
                                    !is_for(value, span_cstr(rules->audience)))) {
        return TOKEN_EAUDIENCE;
    }
    return 0;
}

int claims_read(struct span json, const struct claims_rules *rules, int64_t wall_ms,
                struct auth_claims *out)
{
    struct json claims, email;

    if (json_parse(json, DEPTH_MAX, &claims) != 0 || claims.type != JSON_OBJECT) {
        return TOKEN_EMALFORMED;
    }
    int result = check_times(claims, rules->leeway_ms, wall_ms, &out->expires_ms);
    if (result == 0) {
        result = check_parties(claims, rules);
    }
    if (result == 0) {
        result = find_user(claims, &out->user_id);
    }
    if (result == 0) {
        out->email.len = 0;
        if (json_object_find(claims, SPAN("email"), &email)) {
            (void)read_text(email, &out->email);
        }
        find_name(claims, out);
    }
    return result;
}

void claims_write(const struct auth_claims *claims, const struct claims_rules *rules,
                  int64_t issued_s, int64_t expires_s, struct bytes *out)
{
    bytes_add_byte(out, '{');
    json_member_string(out, SPAN("userId"), auth_text_span(&claims->user_id));
    if (claims->email.len > 0) {
        json_member_string(out, SPAN("email"), auth_text_span(&claims->email));
    }
    if (claims->username.len > 0) {
        json_member_string(out, SPAN("username"), auth_text_span(&claims->username));
    }
    json_write_key(out, SPAN("iat"));
    json_write_i64(out, issued_s);
    json_write_key(out, SPAN("exp"));
    json_write_i64(out, expires_s);
    if (rules->issuer != NULL) {
        json_member_string(out, SPAN("iss"), span_cstr(rules->issuer));
    }
    if (rules->audience != NULL) {
        json_member_string(out, SPAN("aud"), span_cstr(rules->audience));
    }
    bytes_add_byte(out, '}');
}
