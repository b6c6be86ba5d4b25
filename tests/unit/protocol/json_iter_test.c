// SPDX-License-Identifier: MIT
#include "protocol/json.h"
#include "tests/support/tap.h"

static struct json parsed(const char *text)
{
    struct json v = {0};

    check(json_parse(span_cstr(text), JSON_DEPTH_MAX, &v) == 0);
    return v;
}

static bool is(struct json v, enum json_type type, const char *text)
{
    return v.type == type && span_eq(v.text, span_cstr(text));
}

static void cuts_an_array_into_its_items(void)
{
    struct json_iter it;
    struct json v;

    json_array_begin(&it, parsed("[ \"a,]\\\"b\" ,12,{\"k\":[1,\"}\"]} , [ [ ] ],true,null ]"));
    check(json_array_next(&it, &v) && is(v, JSON_STRING, "\"a,]\\\"b\""));
    check(json_array_next(&it, &v) && is(v, JSON_NUMBER, "12"));
    check(json_array_next(&it, &v) && is(v, JSON_OBJECT, "{\"k\":[1,\"}\"]}"));
    check(json_array_next(&it, &v) && is(v, JSON_ARRAY, "[ [ ] ]"));
    check(json_array_next(&it, &v) && is(v, JSON_BOOL, "true"));
    check(json_array_next(&it, &v) && is(v, JSON_NULL, "null"));
    check(!json_array_next(&it, &v));
    check(!json_array_next(&it, &v));
}

static void cuts_an_object_into_its_members(void)
{
    struct json_iter it;
    struct json k, v;

    json_object_begin(
        &it, parsed("{\"a\":1, \"b:\\\\\" : {\"x\":{}} ,\"\":\"long enough for a word\"}"));
    check(json_object_next(&it, &k, &v) && is(k, JSON_STRING, "\"a\"") && is(v, JSON_NUMBER, "1"));
    check(json_object_next(&it, &k, &v) && is(k, JSON_STRING, "\"b:\\\\\""));
    check(is(v, JSON_OBJECT, "{\"x\":{}}"));
    check(json_object_next(&it, &k, &v) && is(k, JSON_STRING, "\"\""));
    check(is(v, JSON_STRING, "\"long enough for a word\""));
    check(!json_object_next(&it, &k, &v));
}

static void finds_nothing_in_empty_containers(void)
{
    struct json_iter it;
    struct json k, v;

    json_array_begin(&it, parsed("[ ]"));
    check(!json_array_next(&it, &v));
    json_object_begin(&it, parsed("{}"));
    check(!json_object_next(&it, &k, &v));
    check(!json_object_find(parsed("{}"), SPAN(""), &v));
}

static void finds_members_by_their_decoded_key_and_takes_the_last(void)
{
    struct json object =
        parsed("{\"id\":1,\"\\u0069\\u0064\":2,\"x\":{\"id\":3},\"caf\\u00e9\":4}");
    struct json v = {SPAN("kept"), JSON_NULL};

    check(json_object_find(object, SPAN("id"), &v) && is(v, JSON_NUMBER, "2"));
    check(json_object_find(object, SPAN("caf\xc3\xa9"), &v) && is(v, JSON_NUMBER, "4"));
    check(!json_object_find(object, SPAN("i"), &v));
    check(!json_object_find(object, SPAN("idx"), &v));
    check(is(v, JSON_NUMBER, "4"));
}

static void walks_through_every_token_in_order(void)
{
    static const struct {
        enum json_step step;
        enum json_type type;
        unsigned depth;
        const char *text;
    } want[] = {
        {JSON_STEP_OPEN, JSON_ARRAY, 1, "["},        {JSON_STEP_SCALAR, JSON_STRING, 1, "\"a:\""},
        {JSON_STEP_OPEN, JSON_OBJECT, 2, "{"},       {JSON_STEP_KEY, JSON_STRING, 2, "\"k\""},
        {JSON_STEP_SCALAR, JSON_STRING, 2, "\"v\""}, {JSON_STEP_KEY, JSON_STRING, 2, "\"l\""},
        {JSON_STEP_OPEN, JSON_ARRAY, 3, "["},        {JSON_STEP_CLOSE, JSON_ARRAY, 2, "]"},
        {JSON_STEP_CLOSE, JSON_OBJECT, 1, "}"},      {JSON_STEP_SCALAR, JSON_NUMBER, 1, "-1e3"},
        {JSON_STEP_CLOSE, JSON_ARRAY, 0, "]"},
    };
    struct json_walk w;
    struct json token;

    json_walk_begin(&w, parsed("[\"a:\", {\"k\" : \"v\",\"l\":[]} ,-1e3]"));
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++) {
        check(json_walk_next(&w, &token) == want[i].step);
        check(is(token, want[i].type, want[i].text));
        check(w.depth == want[i].depth);
    }
    check(json_walk_next(&w, &token) == JSON_STEP_END);
    json_walk_begin(&w, parsed(" false "));
    check(json_walk_next(&w, &token) == JSON_STEP_SCALAR && is(token, JSON_BOOL, "false"));
    check(json_walk_next(&w, &token) == JSON_STEP_END);
}

int main(void)
{
    RUN(cuts_an_array_into_its_items);
    RUN(cuts_an_object_into_its_members);
    RUN(finds_nothing_in_empty_containers);
    RUN(finds_members_by_their_decoded_key_and_takes_the_last);
    RUN(walks_through_every_token_in_order);
    return tap_done();
}
