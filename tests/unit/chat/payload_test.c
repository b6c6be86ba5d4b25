// SPDX-License-Identifier: MIT
#include "src/chat/payload.h"

#include "tests/support/tap.h"

static bool is(struct json v, const char *text)
{
    return span_eq(v.text, span_cstr(text));
}

static void finds_what_the_chat_knows_and_nothing_else(void)
{
    struct payload p;
    check(payload_read(ROOKERY_STR("{\"x\":{\"userId\":\"no\"}, \"userId\" : \"u\",\"token\":7}"),
                       &p));
    check(is(p.user_id, "\"u\"") && p.user_id.type == JSON_STRING);
    check(is(p.token, "7") && p.token.type == JSON_NUMBER);
    check(!payload_has(p.username));
}

static void takes_null_for_absent(void)
{
    struct payload p;
    check(payload_read(ROOKERY_STR("{\"userId\":null}"), &p) && !payload_has(p.user_id));
    check(payload_read(ROOKERY_STR("{\"userId\":\"a\",\"userId\":null}"), &p));
    check(!payload_has(p.user_id));
}

static void reads_keys_with_escapes_and_the_last_of_several(void)
{
    struct payload p;
    check(payload_read(ROOKERY_STR("{\"user\\u0049d\":\"a\"}"), &p) && is(p.user_id, "\"a\""));
    check(payload_read(ROOKERY_STR("{\"username\":\"a\",\"username\":\"b\"}"), &p));
    check(is(p.username, "\"b\""));
}

static void refuses_what_is_no_object(void)
{
    struct payload p;
    check(!payload_read(ROOKERY_STR(""), &p));
    check(!payload_read(ROOKERY_STR("null"), &p));
    check(!payload_read(ROOKERY_STR("[{}]"), &p));
    check(!payload_read(ROOKERY_STR("\"userId\""), &p));
    check(payload_read(ROOKERY_STR("{}"), &p) && !payload_has(p.user_id));
}

int main(void)
{
    RUN(finds_what_the_chat_knows_and_nothing_else);
    RUN(takes_null_for_absent);
    RUN(reads_keys_with_escapes_and_the_last_of_several);
    RUN(refuses_what_is_no_object);
    return tap_done();
}
